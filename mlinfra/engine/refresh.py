"""Refresh: the bulk reading of everything that concerns a stack.

Asks each provider once for all types; the survey makes sense of the answers. Called by the session before planning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.core.naming import derive_name
from mlinfra.core.observed import Listing
from mlinfra.core.plan import Step
from mlinfra.core.provider import Connect, Interest
from mlinfra.core.resource import Connection, Graph, Ownership, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import State
from mlinfra.core.value import is_known


def refresh(
    graph: Graph,
    state: State,
    connect: Connect,
    types: Mapping[str, ResourceType],
    ownership: Ownership,
    region: str,
    *,
    every: Iterable[Connection] = (),
    steps: Iterable[Step] = (),
) -> dict[Connection, Mapping[str, Listing]]:
    """List what the stack declares and what the state records; behind each of `every`, all types there are.

    The objects that `steps` work on are looked for as well, recorded or not.
    """
    interests = _Interests(types, ownership, region)
    for connection in every:
        for token in connect(connection).types():
            interests.of(connection, token)
    for step in steps:
        if step.id and is_known(step.connection.identity):
            interests.of(step.connection, step.type)[0].add(step.id)
    for resource in graph:
        interests.add_resource(resource, state)
    for record in state.every_record():
        if record.type in types:
            interests.of(record.connection, record.type)[0].add(record.id)
            interests.add_keys(record.connection, record.type, record.inputs or record.outputs)
    for intent in state.pending:
        if intent.type in types:
            interests.add_keys(intent.connection, intent.type, intent.inputs or {})
    return {connection: connect(connection).list(wanted, ownership) for connection, wanted in interests.tables()}


class _Interests:
    """Ids and names to look out for, by connection and type."""

    def __init__(self, types: Mapping[str, ResourceType], ownership: Ownership, region: str) -> None:
        self._types, self._ownership, self._region = types, ownership, region
        self._found: dict[Connection, dict[str, tuple[set[str], set[str]]]] = {}

    def of(self, connection: Connection, token: str) -> tuple[set[str], set[str]]:
        """Ids and names of one type, to be added to."""
        return self._found.setdefault(connection, {}).setdefault(token, (set(), set()))

    def add_keys(self, connection: Connection, token: str, properties: Mapping[str, object]) -> None:
        """Every known part of a natural key is a name to look out for."""
        _, names = self.of(connection, token)
        parts = (properties.get(part) for part in self._types[token].key)
        names.update(part for part in parts if isinstance(part, str))

    def add_resource(self, resource: Resource, state: State) -> None:
        """The names that a desired resource gives itself, or that its address derives."""
        if resource.type not in self._types or not is_known(resource.connection.identity):
            return
        self.add_keys(resource.connection, resource.type, resource.properties)
        rule = self._types[resource.type].name
        if rule is None or rule.property in resource.properties:
            return
        record = state.records.get(resource.address)
        latest = max(record.generation if record else 0, state.generations.get(resource.address, 0))
        pending = [intent.generation for intent in state.pending if intent.address == resource.address]
        _, names = self.of(resource.connection, resource.type)
        for generation in {latest or 1, latest + 1, *pending}:
            names.add(
                derive_name(
                    rule,
                    stack=self._ownership.stack,
                    region=self._region,
                    address=resource.address,
                    generation=generation,
                )
            )

    def tables(self) -> Iterable[tuple[Connection, dict[str, Interest]]]:
        """The interests as providers take them."""
        for connection, tokens in self._found.items():
            yield connection, {t: Interest(frozenset(ids), frozenset(names)) for t, (ids, names) in tokens.items()}
