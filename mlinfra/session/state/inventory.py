"""The inventory: every object in the cloud that bears a stack's name, whatever any state says.

A destroy is proven by an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.clock import Clock
from mlinfra.core.errors import MlinfraError
from mlinfra.core.provider import Interest
from mlinfra.core.resource import Ownership
from mlinfra.session.codes import Code
from mlinfra.session.connections.cloud import Cloud

_AGAIN = (2.0, 5.0)  # seconds until a listing is asked again that shows what was deleted a moment ago


class Owned(msgspec.Struct, frozen=True):
    """One object that says it is of the stack."""

    type: str
    address: Address
    id: str
    lineage: str
    generation: int


class LeftBehind(MlinfraError):
    """A destroy has ended and something is still there, or could not be looked for."""

    exit_code = 8

    def __init__(self, left: Iterable[Owned], unseen: Iterable[str] = ()) -> None:
        listed = [f"{row.address} ({row.id})" for row in left]
        listed += [f"{token} could not be listed" for token in unseen]
        super().__init__(
            "something is left: " + ", ".join(listed),
            code=Code.LEFT_BEHIND,
            hint="run destroy again; what it says then is what holds them",
        )
        self.left = tuple(left)


class DataKept(MlinfraError):
    """All is done, and what may hold somebody's data was left where it is."""

    exit_code = 8

    def __init__(self, kept: Iterable[object]) -> None:
        super().__init__(
            "kept, since there may be data in it: " + ", ".join(map(str, kept)),
            code=Code.DATA_KEPT,
            hint="no stack knows of it any more: delete it yourself; destroy --delete-data would have done so",
        )


def owned_objects(cloud: Cloud, stack: str) -> tuple[Owned, ...]:
    """All objects with the stack's tags. Raises `LeftBehind` where a type could not be listed."""
    provider = cloud.connect(cloud.connection)
    listings = provider.list({token: Interest() for token in provider.types()}, Ownership(stack, ""))
    unseen = sorted(token for token, listing in listings.items() if listing.incomplete)
    if unseen:
        raise LeftBehind((), unseen)
    found = [
        Owned(token, present.owner.address, present.id, present.owner.lineage, present.owner.generation)
        for token, listing in listings.items()
        for present in listing.objects
        if present.owner is not None and present.owner.stack == stack
    ]
    return tuple(sorted(found, key=lambda row: (row.address, row.generation, row.type, row.id)))


def still_left(look: Callable[[], Iterable[Owned]], lineage: str, clock: Clock) -> list[Owned]:
    """What `look` shows of a lineage after a destroy, and shows still when listings have had time to hear of it."""
    left = [row for row in look() if row.lineage == lineage]
    for pause in _AGAIN:
        if not left:
            break
        clock.sleep(pause)
        left = [row for row in look() if row.lineage == lineage]
    return left
