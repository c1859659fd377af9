"""Sharing GPUs: how many pods one GPU serves at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code
from mlinfra.library.sharing import sharing_name


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

    @property
    def name(self) -> str:
        """What the nodes' label says of it; empty where each pod has its own."""
        return sharing_name(self.way, self.replicas, self.mig)


def sharing_problems(sharing: Sharing, gpus: int) -> Iterator[Problem]:
    """Shares that nobody would have, or that there is nothing to have of."""
    if sharing.name and not gpus:
        summary = "there are no GPUs to share"
        yield Problem(Code.GPU_SHARING, summary, at=("sharing",), hint="take sharing out")
    if (sharing.way == "none") != (sharing.replicas == 1):
        hint = "set way to time-slicing or mps, and replicas to 2 or more; or take both out"
        summary = f"a GPU serves {sharing.replicas} pods, shared by {sharing.way}"
        yield Problem(Code.GPU_SHARING, summary, at=("sharing", "replicas"), hint=hint)
