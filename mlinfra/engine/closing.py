"""Closing: clusters that go, and what goes with them.

An object in a cluster that is deleted or replaced needs no call of its own, unless its type says so. Pure; used while
planning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster, opened_by
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.plan import Action
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Value
from mlinfra.engine.decision import Decision
from mlinfra.engine.standing import Standing, Standings

# What a decision for a desired cluster may be without leaving the one that is there in its place.
_STAYS = frozenset({Action.NO_OP, Action.UPDATE, Action.ADOPT, Action.MOVE})


class Closing:
    """The clusters that a plan deletes, or that are gone already, by the identity of the connections into them."""

    def __init__(self, types: Mapping[str, ResourceType], decisions: Iterable[Decision], standings: Standings) -> None:
        self._types = types
        stays = {decision.address for decision in decisions if decision.action in _STAYS}
        leaving = [standing for address, standing in standings.current.items() if address not in stays]
        self._going: dict[Value, Address] = {}
        self._there: set[Value] = set()
        self._standings = standings
        for standing in (*leaving, *standings.deposed):
            record = standing.record
            if record is None or isinstance(standing.observed, Unreadable):
                continue
            identity = opened_by(types.get(record.type), record.outputs)
            if identity is not None:
                self._going[identity] = record.address
                if isinstance(standing.observed, Present):
                    self._there.add(identity)

    def loses(self, decision: Decision) -> bool:
        """Whether what is created anew is there now, and goes with a cluster that the plan takes down."""
        standing = self._standings.current.get(decision.address)
        if decision.action is not Action.CREATE or standing is None or standing.record is None:
            return False
        connection = standing.record.connection
        there = not isinstance(standing.observed, Absent)
        return is_in_cluster(connection.kind) and connection.identity in self._there and there

    def takes(self, standing: Standing) -> Address | None:
        """The cluster that takes a departing object along; `None` where the object must be deleted by itself."""
        record = standing.record
        if record is None or not is_in_cluster(record.connection.kind):
            return None
        cluster = self._going.get(record.connection.identity)
        kind = self._types.get(record.type)
        by_itself = isinstance(standing.observed, Present) and kind is not None and not kind.perishes
        return None if by_itself else cluster
