"""Things: the resources of a stack as advisers see them, whether desired or recorded.

What a graph desires and what a state remembers are priced by the same rules, so both become things first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.advice.tokens import SUBNET
from mlinfra.core.address import Address
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.state import Record, State
from mlinfra.core.value import Properties, Ref, Value


class Thing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One resource. `id` is empty where it is not there yet; `seen` is what was last seen of it.

    former: what was last seen of an object that it replaces, and that goes only when it is there.
    """

    address: Address
    type: str
    properties: Properties
    source: Source | None = None
    id: str = ""
    seen: Properties = {}
    former: Properties = {}


class Renewal(msgspec.Struct, frozen=True):
    """What a plan replaces."""

    first: frozenset[Address] = frozenset()  # made while what it replaces is there
    after: frozenset[Address] = frozenset()  # made when that is gone


NOTHING_RENEWED = Renewal()


class Things:
    """All of a stack's."""

    def __init__(self, things: Mapping[Address, Thing]) -> None:
        self._things = things
        self._by_id: dict[tuple[str, str], Thing] | None = None

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._things.values())

    @classmethod
    def desired(cls, graph: Graph, state: State | None, renewal: Renewal = NOTHING_RENEWED) -> Things:
        """What is to be; with ids where the state knows them, under an earlier name as well, and nothing renews it."""
        records = _records(graph, state)
        return cls({one.address: _thing(one, records.get(one.address), renewal) for one in graph})

    @classmethod
    def recorded(cls, state: State | None) -> Things:
        """What is there, as far as the state knows."""
        return cls(
            {
                address: Thing(
                    address=address,
                    type=record.type,
                    # A rebuilt record has no inputs; what was seen has them among other things.
                    properties=record.inputs if record.inputs is not None else record.outputs,
                    id=record.id,
                    seen=record.outputs,
                )
                for address, record in (state.records if state else {}).items()
            }
        )

    def referred(self, type: str, value: Value) -> Thing | None:
        """The thing of `type` that a property refers to: by reference, or by id."""
        if isinstance(value, Ref):
            found = self._things.get(value.address)
            return found if found is not None and found.type == type else None
        if self._by_id is None:
            self._by_id = {(thing.type, thing.id): thing for thing in self if thing.id}
        return self._by_id.get((type, value)) if isinstance(value, str) else None


def _records(graph: Graph, state: State | None) -> Mapping[Address, Record]:
    """The records by the addresses that they will have: those that `moved` renames under their new ones."""
    current = dict(state.records) if state is not None else {}
    for move in graph.moves:
        for origin in [address for address in current if address.is_within(move.origin)]:
            target = origin.moved(move.origin, move.target)
            if origin not in graph.resources and target not in current:
                current[target] = current.pop(origin)
    return current


def _thing(one: Resource, record: Record | None, renewal: Renewal) -> Thing:
    thing = Thing(address=one.address, type=one.type, properties=one.properties, source=one.source)
    if record is None or record.type != one.type:
        return thing
    if one.address in renewal.first:
        return msgspec.structs.replace(thing, former=record.outputs)
    # What goes first leaves room for what comes; what is asked of a subnet that goes is nothing to the one that comes.
    if one.address in renewal.after and one.type == SUBNET:
        return thing
    return msgspec.structs.replace(thing, id=record.id, seen=record.outputs)
