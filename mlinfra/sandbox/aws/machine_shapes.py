"""What a node on an instance type is like: capacity, what EKS keeps back of it, labels, and a rough price.

From moto's copy of DescribeInstanceTypes. Called by `cluster_cloud`. It must not know of instances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from mlinfra.core.gpu_parts import DIVIDED, GPU, parts_of, resource_of
from mlinfra.sandbox.kubernetes.controllers.cloud import Offering, Shape
from mlinfra.sandbox.kubernetes.values import Object

_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_SPOT_SHARE = 0.35
_SHARED = re.compile(r"(?:time-slicing|mps)-([0-9]+)")
_ANNOUNCED = re.compile(r"mig-(single|mixed)")


def max_pods(instance_type: str) -> int:
    """How many pods the VPC network plugin can give addresses to; 110, or 250 from 30 processors on, at most.

    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html (2026).
    """
    known = INSTANCE_TYPES[instance_type]
    network = known["NetworkInfo"]
    addresses = network["MaximumNetworkInterfaces"] * (network["Ipv4AddressesPerInterface"] - 1) + 2
    return int(min(addresses, 110 if known["VCpuInfo"]["DefaultVCpus"] < 30 else 250))


@lru_cache(maxsize=2048)
def resources(instance_type: str, efa: bool = False) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Capacity and allocatable of a node. Interfaces for EFA count only where the launch asks for them."""
    known = INSTANCE_TYPES[instance_type]
    processors, memory = int(known["VCpuInfo"]["DefaultVCpus"]), int(known["MemoryInfo"]["SizeInMiB"])
    pods = max_pods(instance_type)
    capacity = {"cpu": str(processors), "memory": f"{memory}Mi", "pods": str(pods), "ephemeral-storage": "80Gi"}
    capacity |= accelerators(known)
    if efa and known["NetworkInfo"].get("EfaSupported"):
        capacity["vpc.amazonaws.com/efa"] = str(known["NetworkInfo"]["EfaInfo"]["MaximumEfaInterfaces"])
    kept = 255 + 11 * pods + 100
    free = {"cpu": f"{processors * 1000 - _reserved_cpu(processors)}m", "memory": f"{max(0, memory - kept)}Mi"}
    return capacity, free


def _reserved_cpu(processors: int) -> int:
    """Thousandths of processors kept for the system: 6 % of the first, 1 % of the second, 0.5 % of two more, 0.25 %.

    https://github.com/awslabs/amazon-eks-ami, nodeadm, kubelet defaults (2026); memory: 255 MiB and 11 MiB per pod, and
    100 MiB that eviction keeps free.
    """
    shares = [60, 10, 5, 5]
    return int(sum(shares[:processors]) + 2.5 * max(0, processors - 4))


def accelerators(known: Mapping[str, Any]) -> dict[str, str]:
    """Extended resources that device plugins announce on an instance type."""
    found: dict[str, str] = {}
    gpus = known.get("GpuInfo", {}).get("Gpus", ())
    count = sum(int(gpu["Count"]) for gpu in gpus if gpu.get("Manufacturer") == "NVIDIA")
    if count:
        found["nvidia.com/gpu"] = str(count)
    devices = known.get("NeuronInfo", {}).get("NeuronDevices", ())
    if devices:
        found["aws.amazon.com/neuron"] = str(sum(int(device["Count"]) for device in devices))
        cores = sum(int(device["Count"]) * int(device["CoreInfo"]["Count"]) for device in devices)
        found["aws.amazon.com/neuroncore"] = str(cores)
    return found


def shape(
    instance_type: str,
    zone: str,
    *,
    spot: bool = False,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Object] = (),
    efa: bool = False,
    announced: Iterable[str] = (),
) -> Shape:
    """A node on an instance type in a zone."""
    capacity, allocatable = resources(instance_type, efa)
    capacity = shared(capacity, labels or {}, instance_type)
    architectures = INSTANCE_TYPES[instance_type]["ProcessorInfo"]["SupportedArchitectures"]
    return Shape(
        instance_type=instance_type,
        zone=zone,
        capacity=capacity,
        allocatable=allocatable,
        labels={
            "topology.kubernetes.io/zone": zone,
            "topology.kubernetes.io/region": zone[:-1],
            "node.kubernetes.io/instance-type": instance_type,
            "kubernetes.io/arch": "arm64" if "arm64" in architectures else "amd64",
            "kubernetes.io/os": "linux",
            **(labels or {}),
        },
        taints=[kubernetes_taint(taint) for taint in taints],
        announced=frozenset(announced),
        capacity_type="spot" if spot else "on-demand",
    )


def shared(capacity: Mapping[str, str], labels: Mapping[str, str], instance_type: str) -> Mapping[str, str]:
    """What a node shows whose labels tell NVIDIA's plugin how many pods a GPU serves, as our node groups spell it, and
    into which parts it has divided each before it joined."""
    config = labels.get("nvidia.com/device-plugin.config", "")
    if GPU not in capacity:
        return capacity
    profile = labels.get(DIVIDED, "").removeprefix("all-")
    announced = _ANNOUNCED.search(config)
    number = int(capacity[GPU]) * _parts(instance_type, profile)
    name = resource_of(announced[1], profile) if announced and number else GPU
    if profile and not number:
        number = int(capacity[GPU])  # nothing could divide them so, and they stay whole
    times = _SHARED.match(config)
    rest = {key: value for key, value in capacity.items() if key != GPU}
    return {**rest, name: str(number * int(times[1] if times else 1))}


def _parts(instance_type: str, profile: str) -> int:
    if not profile:
        return 1
    gpus = INSTANCE_TYPES[instance_type].get("GpuInfo", {}).get("Gpus", ())
    divided = [parts_of(gpu["Name"], int(gpu["MemoryInfo"]["SizeInMiB"])) for gpu in gpus]
    return divided[0].get(profile, 0) if divided else 0


def kubernetes_taint(taint: Mapping[str, Any]) -> Object:
    """A taint with Kubernetes' word for its effect, where it has EKS's."""
    effect = _EFFECTS.get(taint["effect"], taint["effect"])
    value = {"value": taint["value"]} if taint.get("value") else {}
    return {"key": taint["key"], **value, "effect": effect}


def offerings(region: str, zones: Iterable[str]) -> list[Offering]:
    """What can be launched in some zones, on demand and as spot instances: all types but bare metal.

    Those of former generations as well, as by Karpenter: moto's copy takes the g5 for one of them.
    """
    wanted = frozenset(zones)
    found = []
    for entry in INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, ()):
        name, zone = entry["InstanceType"], entry["Location"]
        known = INSTANCE_TYPES.get(name)
        if zone not in wanted or known is None or known.get("BareMetal"):
            continue
        labels = _karpenter_labels(name, known)
        price = weight(known)
        found.append(Offering(shape=shape(name, zone, labels=labels), price=price))
        if "spot" in known.get("SupportedUsageClasses", ()):
            found.append(Offering(shape=shape(name, zone, spot=True, labels=labels), price=price * _SPOT_SHARE))
    return found


def weight(known: Mapping[str, Any]) -> float:
    """A price to put types in order by, not to pay by: processors, memory and accelerators, weighed.

    Prices proper are `mlinfra.advice`'s, which the sandbox may not import.
    """
    accelerated = int(known.get("GpuInfo", {}).get("TotalGpuMemoryInMiB", 0))
    accelerated += int(known.get("NeuronInfo", {}).get("TotalNeuronDeviceMemoryInMiB", 0))
    memory = int(known["MemoryInfo"]["SizeInMiB"])
    return 0.03 * int(known["VCpuInfo"]["DefaultVCpus"]) + 0.005 * memory / 1024 + 0.03 * accelerated / 1024


def _karpenter_labels(name: str, known: Mapping[str, Any]) -> dict[str, str]:
    """https://karpenter.sh/docs/concepts/scheduling/#well-known-labels (v1.7, read November 2026)."""
    family = name.partition(".")[0]
    generation = next((letter for letter in family if letter.isdigit()), "")
    prefix = "karpenter.k8s.aws/instance-"
    labels = {
        f"{prefix}generation": generation,
        f"{prefix}cpu": str(known["VCpuInfo"]["DefaultVCpus"]),
        f"{prefix}memory": str(known["MemoryInfo"]["SizeInMiB"]),
        f"{prefix}hypervisor": str(known.get("Hypervisor", "")),
    }
    gpus = known.get("GpuInfo", {}).get("Gpus", ())
    if gpus:
        labels[f"{prefix}gpu-name"] = str(gpus[0]["Name"]).lower().replace(" ", "-")
        labels[f"{prefix}gpu-manufacturer"] = str(gpus[0]["Manufacturer"]).lower()
        labels[f"{prefix}gpu-count"] = str(sum(int(gpu["Count"]) for gpu in gpus))
    return labels
