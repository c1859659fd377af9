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
        Meta(
            description="reserved: the capacity reservation",
            pattern=r"^(cr-[0-9a-f]+)?$",
            examples=["cr-0123456789abcdef0"],
        ),
    ] = ""
    on_demand_base: Annotated[int, Meta(description="mixed: the first nodes, bought on demand", ge=0)] = 0
    on_demand_percent: Annotated[
        int, Meta(description="mixed: how many of the others are bought on demand, in percent", ge=0, le=100)
    ] = 0
    max_price: Annotated[
        float,
        Meta(description="mixed, spot: the most to pay for a spot machine, USD an hour; 0: the on-demand price", ge=0),
    ] = 0
    fallback: Annotated[
        Literal["none", "on-demand"], Meta(description="mixed, spot: what to do while there is no spot capacity")
    ] = "none"

    @property
    def is_ours(self) -> bool:
        """Whether it takes a scaling group of our own: EKS's node groups know no such options."""
        return self.type == "mixed" or (self.type == "spot" and (self.max_price > 0 or self.fallback != "none"))

    @property
    def eks_type(self) -> str:
        """What EKS calls it; a reservation is used by on-demand machines."""
        return "SPOT" if self.type == "spot" else "ON_DEMAND"


# Which kinds have a field, besides `type` itself and the reservation.
_KINDS = {
    "onDemandBase": ("on_demand_base", ("mixed",)),
    "onDemandPercent": ("on_demand_percent", ("mixed",)),
    "maxPrice": ("max_price", ("mixed", "spot")),
    "fallback": ("fallback", ("mixed", "spot")),
}


def capacity_problems(capacity: Capacity, most: int) -> Iterator[Problem]:
    """Fields that do not go together, or ask for more than `most` nodes."""
    for name, (field, kinds) in _KINDS.items():
        if capacity.type not in kinds and getattr(capacity, field) != getattr(Capacity(), field):
            summary = f"{name} is for capacity of type {' or '.join(kinds)}, and this is {capacity.type}"
            yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity", name), hint=f"take {name} out")
    if capacity.type == "mixed" and capacity.on_demand_base > most:
        summary = f"{capacity.on_demand_base} nodes are to be bought on demand, and there are {most} at most"
        hint = "lower onDemandBase, or raise max"
        yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity", "onDemandBase"), hint=hint)
    if capacity.type == "reserved" and not capacity.reservation:
        summary = "reserved capacity needs its reservation"
        hint = "add reservation: cr-..., or choose on-demand"
        yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity",), hint=hint)
    if capacity.reservation and capacity.type != "reserved":
        summary = f"a reservation is for capacity of type reserved, and this is {capacity.type}"
        yield Problem(Code.CAPACITY_FIELDS, summary, at=("capacity", "reservation"), hint="set type: reserved")
