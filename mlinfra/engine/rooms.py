"""Rooms: what goes when what it lies in goes: all that is in a namespace, all of a kind whose definition is deleted.

Types say which rooms an object is and which it lies in. What still is desired is then made again, its old one asked to
go first. Pure; used while planning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.observed import Absent, Present
from mlinfra.core.plan import Action
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Record
from mlinfra.core.value import Properties, Value
from mlinfra.engine.codes import Code
from mlinfra.engine.decision import Decision
from mlinfra.engine.standing import Standing, Standings, present_of

# A room, by the identity of the connection that it is behind and the mark that its type gives it.
Room = tuple[Value, str]

_MAKES = frozenset({Action.CREATE, Action.REPLACE})


def rooms_of(record: Record, types: Mapping[str, ResourceType]) -> list[Room]:
    """The rooms that a recorded object is."""
    kind = types.get(record.type)
    if kind is None or kind.holds is None:
        return []
    return [(record.connection.identity, mark) for mark in kind.holds(record.outputs)]


def around(record: Record, types: Mapping[str, ResourceType]) -> list[Room]:
    """The rooms that a recorded object lies in."""
    kind = types.get(record.type)
    if kind is None or kind.lies_in is None:
        return []
    return [(record.connection.identity, mark) for mark in kind.lies_in(record.outputs)]


class Leaving:
    """The rooms that a set of decisions takes down, and who lies in them."""

    def __init__(self, types: Mapping[str, ResourceType], decisions: Iterable[Decision], standings: Standings) -> None:
        self._types, self._standings = types, standings
        self._decisions = list(decisions)
        self.rooms = {room: address for address, standing in self._going() for room in self._rooms(standing)}

    def _going(self) -> Iterator[tuple[Address, Standing]]:
        stays = {one.address for one in self._decisions if one.action is not Action.REPLACE}
        yield from ((address, one) for address, one in self._standings.current.items() if address not in stays)
        yield from ((one.record.address, one) for one in self._standings.deposed if one.record is not None)

    def _rooms(self, standing: Standing) -> list[Room]:
        there = isinstance(standing.observed, Present)
        return rooms_of(standing.record, self._types) if standing.record is not None and there else []

    def taken(self) -> dict[Address, Address]:
        """What is there and lies in such a room, each with the address of that."""
        if not self.rooms:
            return {}
        return {
            address: self.rooms[room]
            for address, standing in self._standings.current.items()
            if standing.record is not None and not isinstance(standing.observed, Absent)
            for room in around(standing.record, self._types)
            if room in self.rooms
        }

    def homeless(self) -> Iterator[Diagnostic]:
        """What would be made in a room that goes, and that nothing makes again."""
        if not self.rooms:
            return
        made = {room for one in self._decisions for room in self._places(one, "holds")}
        for one in self._decisions:
            for room in self._places(one, "lies_in") if one.action in _MAKES else ():
                if room in self.rooms and room not in made:
                    yield self._complaint(one, room)

    def _places(self, decision: Decision, which: str) -> list[Room]:
        marks, resource = getattr(self._types[decision.type], which), decision.resource
        if marks is None or resource is None:
            return []
        properties: Properties = decision.desired
        if not properties and (present := present_of(decision.standing)) is not None:
            properties = present.properties
        return [(resource.connection.identity, mark) for mark in marks(properties)]

    def _complaint(self, decision: Decision, room: Room) -> Diagnostic:
        host, resource = self.rooms[room], decision.resource
        return Diagnostic(
            code=Code.NO_ROOM,
            summary=f"{decision.address} is to be in the {room[1]}, which goes with {host} and is not made again",
            detail="What is there would be lost, and could not be made again.",
            address=decision.address,
            source=resource.source if resource is not None else decision.source,
            hint=f"leave {host} in the stack, or put {decision.address} elsewhere, or take both out",
        )
