"""Sharing GPUs: how many pods one GPU serves at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.gpu_parts import resource_of
from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code
from mlinfra.library.sharing import sharing_name

from .machines import Machines


class Sharing(Block, frozen=True, kw_only=True):
    """How pods share the GPUs of the group's nodes. What is shared is time, or processors; never memory."""

    way: Annotated[
        Literal["none", "time-slicing", "mps"],
        Meta(description="how: in turns (time-slicing), or at once, side by side (mps)"),
    ] = "none"
    replicas: Annotated[int, Meta(description="how many pods one GPU serves", ge=1, le=48)] = 1
    mig: Annotated[
        Literal["none", "single", "mixed"],
        Meta(description="how parts of GPUs that MIG has divided are announced: all as GPUs, or each by its size"),
    ] = "none"

    profile: Annotated[
        str,
        Meta(
            description="the parts that MIG divides every GPU into; empty: whatever somebody divided them into",
            pattern=r"^([1-7]g\.[0-9]+gb)?$",
            examples=["1g.5gb"],
        ),
    ] = ""

    @property
    def resource(self) -> str:
        """What pods ask for to have one."""
        return resource_of(self.mig, self.profile)

    def parts(self, machines: Machines) -> int:
        """How many parts a GPU has; one where it is whole, or nobody said."""
        return machines.parts.get(self.profile, 1) if self.profile else 1

    @property
    def name(self) -> str:
        """What the nodes' label says of it; empty where each pod has its own."""
        return sharing_name(self.way, self.replicas, self.mig, self.profile)


def sharing_problems(sharing: Sharing, machines: Machines) -> Iterator[Problem]:
    """Shares that nobody would have, or that there is nothing to have of."""
    if (sharing.name or sharing.profile) and not machines.gpus:
        summary = "there are no GPUs to share"
        yield Problem(Code.GPU_SHARING, summary, at=("sharing",), hint="take sharing out")
    if (sharing.way == "none") != (sharing.replicas == 1):
        hint = "set way to time-slicing or mps, and replicas to 2 or more; or take both out"
        summary = f"a GPU serves {sharing.replicas} pods, shared by {sharing.way}"
        yield Problem(Code.GPU_SHARING, summary, at=("sharing", "replicas"), hint=hint)
    yield from _division_problems(sharing, machines)


def _division_problems(sharing: Sharing, machines: Machines) -> Iterator[Problem]:
    if sharing.profile and sharing.mig == "none":
        hint = "set mig to single, which announces each part as a GPU, or to mixed"
        yield Problem(Code.GPU_SHARING, "it is not said how the parts are announced", ("sharing", "mig"), hint=hint)
    if sharing.profile and machines.gpus and sharing.profile not in machines.parts:
        known = ", ".join(machines.parts)
        summary = f"MIG does not divide the GPUs of these machines into {sharing.profile}"
        hint = (
            f"they divide into {known}" if known else "choose machines with A100, H100, H200 or B200, all of one kind"
        )
        yield Problem(Code.GPU_SHARING, summary, ("sharing", "profile"), hint=hint)
    if sharing.way == "mps" and sharing.mig != "none":
        # NVIDIA's device plugin 0.20, README, "With CUDA MPS" (August 2026).
        hint = "set way to time-slicing, or mig to none"
        yield Problem(Code.GPU_SHARING, "parts of GPUs cannot be shared by MPS", ("sharing", "way"), hint=hint)
    if sharing.way != "none" and sharing.mig == "mixed" and not sharing.profile:
        summary = "parts of different sizes have different names, and it is not said which are shared"
        yield Problem(Code.GPU_SHARING, summary, ("sharing", "mig"), hint="add profile, or set mig to single")
