"""The survey: everything that was seen of one stack, held against what its state remembers.

`survey` is pure; `refresh` makes the listings that it needs. The planner reads the result and asks no one else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.observed import Listing, Observed, Present, Unreadable
from mlinfra.core.ownership import Owner
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.state import Record, State

Listings = Mapping[Connection, Mapping[str, Listing]]


class Stray(msgspec.Struct, frozen=True, gc=False):
    """An object that says it is ours and that no record names."""

    type: str
    connection: Connection
    present: Present

    @property
    def address(self) -> Address:
        """The address on its tags."""
        assert self.present.owner is not None
        return self.present.owner.address

    @property
    def generation(self) -> int:
        """The generation on its tags."""
        assert self.present.owner is not None
        return self.present.owner.generation


class Survey(msgspec.Struct, frozen=True):
    """What was seen.

    seen: of each record, by address and generation as the state has them.
    strays: ours, and not recorded.
    listings: all that was listed, to locate by key what bears no tags.
    lineages: other lineages that claim the name of this stack, with an object each.
    """

    seen: Mapping[tuple[Address, int], Observed]
    strays: tuple[Stray, ...] = ()
    listings: Listings = {}
    lineages: Mapping[str, str] = {}


def survey(state: State, listings: Listings, ownership: Ownership) -> Survey:
    """Hold `listings` against `state`. A record whose type was not listed is unreadable, never absent."""
    by_id = {
        (connection, token): {present.id: present for present in listing.objects}
        for connection, tokens in listings.items()
        for token, listing in tokens.items()
    }
    seen = {(r.address, r.generation): _seen(r, listings, by_id) for r in state.every_record()}
    recorded = {(r.connection, r.type, r.id) for r in state.every_record()}
    strays: list[Stray] = []
    lineages: dict[str, str] = {}
    for connection, tokens in listings.items():
        for token, listing in tokens.items():
            for present in listing.objects:
                if present.owner is None or (connection, token, present.id) in recorded:
                    continue
                if present.owner.is_of(ownership):
                    strays.append(Stray(token, connection, present))
                elif present.owner.stack == ownership.stack:
                    lineages.setdefault(present.owner.lineage, f"{token} {present.id}")
    strays.sort(key=lambda stray: (stray.address, stray.generation, stray.type, stray.present.id))
    return Survey(seen, tuple(strays), listings, dict(sorted(lineages.items())))


def remembered(state: State, ownership: Ownership) -> Survey:
    """What a plan without refresh goes by: the state's own memory."""
    return Survey(
        {
            (r.address, r.generation): Present(
                r.id, r.outputs, Owner.under(ownership, r.address, r.generation, protect=r.protect)
            )
            for r in state.every_record()
        }
    )


def _seen(
    record: Record, listings: Listings, by_id: Mapping[tuple[Connection, str], Mapping[str, Present]]
) -> Observed:
    listing = listings.get(record.connection, {}).get(record.type)
    if listing is None:
        return Unreadable("it was not listed")
    present = by_id[(record.connection, record.type)].get(record.id)
    return present if present is not None else listing.missing(record.id)


def unreadable(survey: Survey) -> Iterable[tuple[Address, str]]:
    """The recorded addresses that could not be read, and why."""
    return ((key[0], seen.reason) for key, seen in survey.seen.items() if isinstance(seen, Unreadable))
