"""The machine types that the package knows, from moto's copy of EC2's answers.

`python -m tests.aws.machines` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

import mlinfra.aws

PLACE = Path(mlinfra.aws.__file__).parent / "machines.json"
SOURCE = "EC2 DescribeInstanceTypes, as copied by moto 5.2.5 (read 2026-11-24)"


def document() -> str:
    """A row for each type, one a line."""
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row(INSTANCE_TYPES[name]))}" for name in sorted(INSTANCE_TYPES))
    return f'{{"source": {json.dumps(SOURCE)}, "types": {{\n{rows}\n}}}}\n'


def row(about: dict[str, Any]) -> list[Any]:
    """vCPUs, memory in MiB, architecture, GPUs, their name and memory in MiB, Neuron devices, EFA interfaces."""
    gpus = about.get("GpuInfo", {}).get("Gpus", [])
    architectures = about.get("ProcessorInfo", {}).get("SupportedArchitectures", ["x86_64"])
    return [
        about["VCpuInfo"]["DefaultVCpus"],
        about["MemoryInfo"]["SizeInMiB"],
        next((name for name in architectures if name in ("x86_64", "arm64")), architectures[0]),
        sum(gpu.get("Count", 0) for gpu in gpus),
        gpus[0].get("Name", "") if gpus else "",
        gpus[0].get("MemoryInfo", {}).get("SizeInMiB", 0) if gpus else 0,
        sum(device.get("Count", 0) for device in about.get("NeuronInfo", {}).get("NeuronDevices", [])),
        about.get("NetworkInfo", {}).get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
    ]


if __name__ == "__main__":
    PLACE.write_text(document(), encoding="utf-8")
