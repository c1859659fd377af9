"""Offers: what machines of known types have of what pods ask for.

For readers of groups of machines, and of Karpenter's pools, which say what types a new machine may be of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.facts import InstanceType
from mlinfra.health.seen import Choice

_DIVIDED = "nvidia.com/"  # labels by which nodes share or divide their GPUs: they offer another number than they have
_NONE = {"nvidia.com/gpu": "0", "aws.amazon.com/neuron": "0"}
_ARCHITECTURES = {"x86_64": "amd64"}  # as Kubernetes calls them, where EC2 calls them otherwise
TYPE = "node.kubernetes.io/instance-type"

# What a node keeps back from pods, at the least: 255 MiB and 11 for each of 17 pods, and 100 before it evicts any. Of
# processors 6% of the first, 1% of the second, 0.5% of the next two, 0.25% of all others (awslabs/amazon-eks-ami,
# nodeadm's kubelet configuration, November 2026). Types with room for more pods keep more memory back.
_KEPT_BACK = 255 + 11 * 17 + 100
_SHARES = ((1, 60.0), (1, 10.0), (2, 5.0))  # how many processors, and thousandths that each keeps back
_OTHERS = 2.5

Types = Mapping[str, InstanceType]


def offers_of(names: Iterable[str], labels: Mapping[str, str], types: Types) -> dict[str, str]:
    """What a new machine has at the most of what pods ask for: some types may have more than others."""
    known = [types[name] for name in names if name in types]
    if not known:
        return {}
    cpu, memory = max(map(_processor, known)), max(one.memory_mib for one in known) - _KEPT_BACK
    most = {"cpu": f"{cpu}m", "memory": f"{memory}Mi"}
    if any(key.startswith(_DIVIDED) for key in labels):
        return most
    for one in known:
        count = one.gpus or one.neuron_devices
        if one.accelerator and count > int(most.get(one.accelerator, 0)):
            most[one.accelerator] = str(count)
    return most


def choice_of(name: str, labels: Mapping[str, str], types: Types) -> Choice:
    """A machine of one type. labels: those of its group; of a type that nobody knows, only its name is known."""
    called = {TYPE: (name,)}
    if name not in types:
        return Choice(name, {}, called)
    divided = any(key.startswith(_DIVIDED) for key in labels)
    architecture = types[name].architecture
    called["kubernetes.io/arch"] = (_ARCHITECTURES.get(architecture, architecture),)
    return Choice(name, {**({} if divided else _NONE), **offers_of((name,), labels, types)}, called)


def _processor(type: InstanceType) -> int:
    """The thousandths of processors that pods may have of a machine."""
    left, kept = type.vcpus, 0.0
    for count, share in _SHARES:
        taken = min(left, count)
        left, kept = left - taken, kept + taken * share
    return int(type.vcpus * 1000 - kept - left * _OTHERS)
