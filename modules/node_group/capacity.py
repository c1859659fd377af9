"""How machines are bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code


class Capacity(Block, frozen=True, kw_only=True):
    """How machines are bought: on demand, from spare capacity, mixed, or from a reservation."""

    type: Annotated[
        Literal["on-demand", "spot", "mixed", "reserved"], Meta(description="how the machines are bought")
    ] = "on-demand"
    reservation: Annotated[
        str,
        Meta(description="reserved: the capacity reservation", pattern=r"^(cr-[0-9a-f]+)?$"),
    ] = ""
    on_demand_base: Annotated[int, Meta(description="mixed: the first nodes, bought on demand", ge=0)] = 0
    on_demand_percent: Annotated[
        int, Meta(description="mixed: how many of the others are bought on demand, in percent", ge=0, le=100)
    ] = 0
    max_price: Annotated[
        float,
        Meta(description="mixed: the most to pay for a spot machine, USD an hour; 0: the on-demand price", ge=0),
    ] = 0
    fallback: Annotated[
        Literal["none", "on-demand"], Meta(description="mixed: what to do while there is no spot capacity")
    ] = "none"

    @property
    def eks_type(self) -> str:
        """What EKS calls it; a reservation is used by on-demand machines."""
        return "SPOT" if self.type == "spot" else "ON_DEMAND"


_OF_MIXED = {
    "on_demand_base": "onDemandBase",
    "on_demand_percent": "onDemandPercent",
    "max_price": "maxPrice",
    "fallback": "fallback",
}


def capacity_problems(capacity: Capacity) -> Iterator[Problem]:
    """Fields that do not go together, and kinds that cannot be planned yet."""
    if capacity.type == "mixed":
        hint = "use on-demand, spot or reserved; two groups, one of each, serve the same pods"
        yield Problem(
            Code.GROUP_NOT_PLANNED_YET,
            "mixed groups cannot be planned yet",
            at=("capacity", "type"),
            hint=hint,
        )
        return
    for field, name in _OF_MIXED.items():
        if getattr(capacity, field) != getattr(Capacity(), field):
            summary = f"{name} is for capacity of type mixed, and this is {capacity.type}"
            yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity", name), hint=f"take {name} out")
    if capacity.type == "reserved" and not capacity.reservation:
        summary = "reserved capacity needs its reservation"
        hint = "add reservation: cr-..., or choose on-demand"
        yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity",), hint=hint)
    if capacity.reservation and capacity.type != "reserved":
        summary = f"a reservation is for capacity of type reserved, and this is {capacity.type}"
        yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity", "reservation"), hint="set type: reserved")
