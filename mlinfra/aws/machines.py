"""The machine types that the package knows by itself, for those who may ask nobody: a diff without credentials.

Everyone else asks EC2 (`facts`). Newer types are taken to be what their names say.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from mlinfra.core.facts import InstanceType


def machine_type(name: str) -> InstanceType:
    """What is known of a type; else what its name says: of its family, architecture and accelerator."""
    row = _rows().get(name) or _guess(name)
    vcpus, memory, architecture, gpus, gpu_name, gpu_memory, neuron, efa = row
    return InstanceType(
        name=name,
        vcpus=vcpus,
        memory_mib=memory,
        architecture=architecture,
        gpus=gpus,
        gpu_name=gpu_name,
        gpu_memory_mib=gpu_memory,
        neuron_devices=neuron,
        efa_interfaces=efa,
    )


def is_known(name: str) -> bool:
    """Whether what is said of a type is known, and no guess."""
    return name in _rows()


def known_types() -> Collection[str]:
    """The names of all types that are known."""
    return _rows().keys()


@cache
def _rows() -> dict[str, list[Any]]:
    data = files("mlinfra.aws").joinpath("machines.json").read_bytes()
    rows: dict[str, list[Any]] = msgspec.json.decode(data)["types"]
    return rows


def _guess(name: str) -> list[Any]:
    """A type that came later. After the generation's digit, a `g` says Graviton (EC2 user guide, "Naming", 2026)."""
    family = name.partition(".")[0]
    kin = next((row for known, row in _rows().items() if known.startswith(f"{family}.")), None)
    if kin is not None:
        return kin
    series = family.rstrip("abcdefghijklmnopqrstuvwxyz-").rstrip("0123456789")
    architecture = "arm64" if "g" in family.removeprefix(series).lstrip("0123456789") else "x86_64"
    gpus = 1 if series in ("g", "p") else 0
    return [4, 16384, architecture, gpus, "", 0, 1 if series in ("inf", "trn") else 0, 0]
