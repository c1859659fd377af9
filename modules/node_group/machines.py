"""What the instance types of a group have in common: machine image, accelerators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import msgspec

from mlinfra.core.facts import Facts, InstanceType, image_key
from mlinfra.core.gpu_parts import parts_of
from mlinfra.library import Problem
from mlinfra.library.codes import Code

# EKS user guide, "Create a node group", and the EKS API's AMITypes (botocore 1.44, November 2026).
_IMAGES = {
    ("x86_64", ""): "AL2023_x86_64_STANDARD",
    ("arm64", ""): "AL2023_ARM_64_STANDARD",
    ("x86_64", "nvidia.com/gpu"): "AL2023_x86_64_NVIDIA",
    ("arm64", "nvidia.com/gpu"): "AL2023_ARM_64_NVIDIA",
    ("x86_64", "aws.amazon.com/neuron"): "AL2023_x86_64_NEURON",
}


class Machines(msgspec.Struct, frozen=True):
    """The instance types of one group.

    accelerator: the Kubernetes resource that its nodes offer, such as `nvidia.com/gpu`; empty without one.
    count: how many of it a node of the first type has.
    gpus: how many GPUs the first type has.
    gpu_name: the GPU, where all types have the same.
    adapters: how many EFAs the first type can have.
    parts: what MIG divides a GPU into, and how many it then has, where all types have the same.
    """

    image: str
    accelerator: str
    count: int
    gpus: int
    gpu_name: str
    adapters: int
    parts: Mapping[str, int] = {}

    @classmethod
    def of(cls, names: tuple[str, ...], facts: Facts) -> Machines:
        """For types without `machine_problems`."""
        types = [facts.instance_types[name] for name in names]
        first = types[0]
        gpu_names = {one.gpu_name for one in types}
        divided = [parts_of(one.gpu_name, one.gpu_memory_mib) for one in types]
        return cls(
            image=_IMAGES[first.architecture, first.accelerator],
            accelerator=first.accelerator,
            count=first.gpus or first.neuron_devices,
            gpus=first.gpus,
            gpu_name=gpu_names.pop() if len(gpu_names) == 1 else "",
            adapters=first.efa_interfaces,
            parts=divided[0] if all(one == divided[0] for one in divided) else {},
        )


def machine_problems(names: tuple[str, ...], facts: Facts) -> Iterator[Problem]:
    """Types that the region lacks, that EKS has no image for, or that cannot share one."""
    first: InstanceType | None = None
    for index, name in enumerate(names):
        at = ("instances", index)
        kind = facts.instance_types.get(name)
        if kind is None:
            known = [known.name for known in facts.instance_types.values()]
            near = ", ".join(get_close_matches(name, known))
            hint = f"near to it: {near}" if near else "`aws ec2 describe-instance-type-offerings` lists them"
            yield Problem(Code.INSTANCE_TYPE, f"{facts.region} does not offer {name}", at=at, hint=hint)
        elif (kind.architecture, kind.accelerator) not in _IMAGES:
            summary = f"EKS has no machine image for {name} ({_what(kind)})"
            yield Problem(Code.INSTANCE_TYPES_MIXED, summary, at=at, hint="choose another instance type")
        elif first is None:
            first = kind
        elif (kind.architecture, kind.accelerator) != (first.architecture, first.accelerator):
            summary = f"{name} ({_what(kind)}) cannot be in one group with {first.name} ({_what(first)})"
            yield Problem(Code.INSTANCE_TYPES_MIXED, summary, at=at, hint="make a node group of its own for it")
        if name in names[:index]:
            yield Problem(Code.INSTANCE_TYPES_MIXED, f"{name} is named twice", at=at, hint="take one of them out")


def image_problems(names: tuple[str, ...], version: str, facts: Facts) -> Iterator[Problem]:
    """A Kubernetes version for which EKS recommends no image for such machines. Unknown types are passed over."""
    for name in names[:1]:
        kind = facts.instance_types.get(name)
        if kind is not None and image_key(version, kind) not in facts.images:
            summary = f"EKS recommends no image with Kubernetes {version} for {name}"
            hint = "choose another instance type, or capacity of type on-demand or spot without a price"
            yield Problem(Code.MACHINE_IMAGE, summary, at=("instances", 0), hint=hint)


def _what(kind: InstanceType) -> str:
    return f"{kind.architecture}, {kind.accelerator}" if kind.accelerator else kind.architecture
