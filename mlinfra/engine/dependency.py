"""Dependencies: of what is desired, by its references; of what is there, by its records.

For objects whose record was rebuilt from the cloud they are inferred, from the properties that are declared to
refer to other types. Pure; used by the planner and by the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster, opened_by
from mlinfra.core.property import Property
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Record
from mlinfra.core.value import Value
from mlinfra.engine.rooms import around, rooms_of


class Dependencies:
    """Both kinds, by address. `recorded` holds what each existing object must not outlive."""

    def __init__(
        self,
        desired: Mapping[Address, tuple[Address, ...]],
        records: Iterable[Record],
        types: Mapping[str, ResourceType],
    ) -> None:
        self._desired = desired
        self.recorded = _recorded(list(records), types)

    def desired(self, address: Address) -> tuple[Address, ...]:
        """What the desired resource at `address` needs, sorted."""
        return self._desired.get(address, ())

    def note(self, record: Record) -> None:
        """One more that exists."""
        self.recorded[record.address] = sorted(record.dependencies)

    def table(self) -> Mapping[Address, tuple[Address, ...]]:
        """Those of all desired resources."""
        return self._desired


def _recorded(records: list[Record], types: Mapping[str, ResourceType]) -> dict[Address, list[Address]]:
    found: dict[Address, set[Address]] = {}
    rebuilt = [record for record in records if record.inputs is None]
    clusters = {opened_by(types.get(record.type), record.outputs): record.address for record in records}
    rooms = {room: record.address for record in records for room in rooms_of(record, types)}
    for record in records:
        found.setdefault(record.address, set()).update(record.dependencies)
        if is_in_cluster(record.connection.kind) and record.connection.identity in clusters:
            found[record.address].add(clusters[record.connection.identity])
        found[record.address].update(rooms[room] for room in around(record, types) if room in rooms)
    if rebuilt:
        identities = _identities(records)
        for record in rebuilt:
            if record.type in types:
                inferred = _inferred(types[record.type].inputs, record.outputs, identities)
                found[record.address].update(inferred)
    return {address: sorted(needs - {address}) for address, needs in found.items()}


def _identities(records: list[Record]) -> dict[tuple[str, str], Address]:
    """What a property may hold to mean an object: its id, ARN or name, by type."""
    table: dict[tuple[str, str], Address] = {}
    for record in records:
        for identity in (record.outputs.get("name"), record.outputs.get("arn"), record.id):
            if isinstance(identity, str):
                table[(record.type, identity)] = record.address
    return table


def _inferred(declared: Property, value: Value, identities: Mapping[tuple[str, str], Address]) -> Iterator[Address]:
    if isinstance(value, dict):
        for key, item in value.items():
            below = declared.below(key) if isinstance(key, str) else None
            if below is not None:
                yield from _inferred(below, item, identities)
    elif isinstance(value, list | tuple) and declared.items is not None:
        for item in value:
            yield from _inferred(declared.items, item, identities)
    elif declared.refers and isinstance(value, str) and (declared.refers, value) in identities:
        yield identities[(declared.refers, value)]
