"""Placement groups: how machines lie to each other in the data centre."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Subnet

Placement = Literal["any", "cluster", "spread", "partition"]

# EC2 user guide, "Placement strategies" (November 2026).
_SPREAD_IN_A_ZONE = 7
_PARTITIONS = 7


def placement_problems(placement: Placement, most: int, subnets: list[Subnet]) -> Iterator[Problem]:
    """What a placement group cannot hold."""
    if placement == "cluster" and len(subnets) != 1:
        hint = "name the one zone of your capacity: zones: [...]"
        summary = "machines that lie near to each other are in one zone"
        yield Problem(Code.PLACEMENT, summary, at=("placement",), hint=hint)
    if placement == "spread" and most > (room := _SPREAD_IN_A_ZONE * len(subnets)):
        hint = f"lower max to {room}, add zones, or choose partition"
        summary = f"{most} machines cannot be spread over {len(subnets)} zones: {_SPREAD_IN_A_ZONE} fit in each"
        yield Problem(Code.PLACEMENT, summary, at=("placement",), hint=hint)


def add_placement_group(scope: Scope, placement: Placement) -> Handle | None:
    """Add it; `None` where machines may lie anywhere."""
    if placement == "any":
        return None
    properties: Properties = {"strategy": placement}
    if placement == "partition":
        properties["partitionCount"] = _PARTITIONS
    return scope.add("placement-group", "aws:ec2/placementGroup:PlacementGroup", properties)
