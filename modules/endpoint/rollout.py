"""Rollout: how a new version of a model's server takes over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code
from mlinfra.library.forms import Share


class Rollout(Block, frozen=True, kw_only=True):
    """How a new version takes over."""

    max_surge: Annotated[
        Annotated[int, Meta(ge=0)] | Share,
        Meta(description="how many more replicas there may be meanwhile"),
    ] = "25%"
    max_unavailable: Annotated[
        Annotated[int, Meta(ge=0)] | Share,
        Meta(description="how many fewer there may be meanwhile"),
    ] = 0


def rollout_problems(rollout: Rollout) -> Iterator[Problem]:
    """Of which no replica could ever be replaced, as Kubernetes says as well (RollingUpdateDeployment, apps/v1)."""
    if not any(str(one).rstrip("%").strip("0") for one in (rollout.max_surge, rollout.max_unavailable)):
        summary = "no replica may be there more, and none fewer: no new version could take over"
        yield Problem(Code.ENDPOINT_ROLLOUT, summary, at=("rollout",), hint="set maxSurge to 1 or more, or take it out")
