"""Things: the resources of a stack as advisers see them, whether desired or recorded.

What a graph desires and what a state remembers are priced by the same rules, so both become things first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.state import State
from mlinfra.core.value import Properties, Ref, Value


class Thing(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One resource. `id` is empty where it is not there yet; `seen` is what was last seen of it."""

    address: Address
    type: str
    properties: Properties
    source: Source | None = None
    id: str = ""
    seen: Properties = {}


class Things:
    """All of a stack's."""

    def __init__(self, things: Mapping[Address, Thing]) -> None:
        self._things = things
        self._by_id: dict[tuple[str, str], Thing] | None = None

    def __iter__(self) -> Iterator[Thing]:
        return iter(self._things.values())

    @classmethod
    def desired(cls, graph: Graph, state: State | None) -> Things:
        """What is to be; with ids where the state knows them."""
        records = state.records if state else {}
        made = {}
        for one in graph:
            record = records.get(one.address)
            same = record is not None and record.type == one.type
            made[one.address] = Thing(
                address=one.address,
                type=one.type,
                properties=one.properties,
                source=one.source,
                id=record.id if record is not None and same else "",
                seen=record.outputs if record is not None and same else {},
            )
        return cls(made)

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
