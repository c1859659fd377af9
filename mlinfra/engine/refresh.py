"""Refresh: the bulk reading of everything that concerns a stack.

Asks each provider once for all types; the survey makes sense of the answers. Called by the session before planning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster
from mlinfra.core.naming import derive_name
from mlinfra.core.observed import Listing
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Step
from mlinfra.core.provider import Connect, Interest, Target
from mlinfra.core.resource import Connection, Graph, Ownership, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Record, State
from mlinfra.core.value import Expression, Lookup, Properties, Value, is_known, referred
from mlinfra.engine.normal import normalise
from mlinfra.engine.standing import present_of, standings
from mlinfra.engine.survey import Listings, survey


def refresh(
    graph: Graph,
    state: State,
    connect: Connect,
    types: Mapping[str, ResourceType],
    ownership: Ownership,
    region: str,
    *,
    everything: bool = False,
    roots: Iterable[Connection] = (),
    steps: Sequence[Step] = (),
) -> Listings:
    """List what the stack declares and what the state records, behind `roots` too; with `everything`, all types.

    The objects that `steps` work on are looked for as well, recorded or not. What lies in clusters comes second: only
    what is seen of the clusters says which connections lead into them.
    """
    interests = _Interests(types, ownership, region)
    for connection in roots:
        interests.note(connection)
    for record in state.every_record():
        if record.type in types:
            interests.add_record(record)
    for intent in state.pending:
        if intent.type in types:
            interests.add_keys(intent.connection, intent.type, intent.inputs or {})
    listings: dict[Connection, Mapping[str, Listing]] = {}
    for inside in (False, True):
        wanted = [resource for resource in graph if is_in_cluster(resource.connection.kind) is inside]
        worked = [step for step in steps if step.id and is_in_cluster(step.connection.kind) is inside]
        known = _seen(graph, state, listings, ownership) if inside and (wanted or worked) else _nothing
        for resource in wanted:
            interests.add_resource(resource, resource.connection.resolved(known), state)
        for step in worked:
            interests.add_step(step, step.connection.resolved(known))
        for connection, interest in interests.tables(connect, inside=inside, everything=everything):
            listings[connection] = connect(connection).list(interest, ownership)
    return listings


def _nothing(expression: Expression) -> Value:
    """What is known before anything was seen."""
    return expression


def _seen(graph: Graph, state: State, listings: Listings, ownership: Ownership) -> Lookup:
    """What is known of references by what was listed so far."""
    current = standings(graph, state, survey(state, listings, ownership)).current

    def outputs_of(address: Address) -> Properties | None:
        present = present_of(current.get(address))
        return {**present.properties, "id": present.id} if present is not None else None

    def lookup(expression: Expression) -> Value:
        return referred(expression, outputs_of)

    return lookup


class _Interests:
    """Ids and names to look out for, by connection and type."""

    def __init__(self, types: Mapping[str, ResourceType], ownership: Ownership, region: str) -> None:
        self._types, self._ownership, self._region = types, ownership, region
        self._exclusive = {token: kind.exclusive.of for token, kind in types.items() if kind.exclusive is not None}
        self._found: dict[Connection, dict[str, tuple[set[str], set[str]]]] = {}
        self._recorded: dict[tuple[Connection, str], list[Target]] = {}

    def of(self, connection: Connection, token: str) -> tuple[set[str], set[str]]:
        """Ids and names of one type, to be added to."""
        return self._found.setdefault(connection, {}).setdefault(token, (set(), set()))

    def add_record(self, record: Record) -> None:
        """What the state records must not be missed, nor taken for gone lightly."""
        self.of(record.connection, record.type)[0].add(record.id)
        self.add_keys(record.connection, record.type, record.inputs or record.outputs)
        self._recorded.setdefault((record.connection, record.type), []).append(
            Target(
                address=record.address,
                type=record.type,
                owner=Owner.under(self._ownership, record.address, record.generation, protect=record.protect),
                properties=record.inputs or {},
                id=record.id,
                outputs=record.outputs,
            )
        )

    def add_keys(self, connection: Connection, token: str, properties: Mapping[str, object]) -> None:
        """Every known part of a natural key is a name to look out for, as it is written and as clouds may spell it."""
        kind = self._types[token]
        ids, names = self.of(connection, token)
        if kind.identify is not None and (identity := kind.identify(dict(properties))) is not None:
            ids.add(identity)
        for name in kind.key:
            if isinstance(part := properties.get(name), str):
                names.update({part, str(normalise(kind.inputs.fields[name], part))})

    def note(self, connection: Connection) -> None:
        """Something is to be listed behind `connection`, whatever that is."""
        self._found.setdefault(connection, {})

    def add_step(self, step: Step, connection: Connection) -> None:
        """The object that a step works on."""
        if is_known(connection.identity):
            self.of(connection, step.type)[0].add(step.id)

    def add_resource(self, resource: Resource, connection: Connection, state: State) -> None:
        """The names that a desired resource gives itself, or that its address derives."""
        if resource.type not in self._types or not is_known(connection.identity):
            return
        self.add_keys(connection, resource.type, resource.properties)
        rule = self._types[resource.type].name
        if rule is None or rule.property in resource.properties:
            return
        record = state.records.get(resource.address)
        latest = max(record.generation if record else 0, state.generations.get(resource.address, 0))
        pending = [intent.generation for intent in state.pending if intent.address == resource.address]
        _, names = self.of(connection, resource.type)
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

    def tables(
        self, connect: Connect, *, inside: bool, everything: bool
    ) -> Iterable[tuple[Connection, dict[str, Interest]]]:
        """The interests in clusters, or outside of them, as providers take them."""
        for connection, tokens in list(self._found.items()):
            if is_in_cluster(connection.kind) is not inside:
                continue
            if everything:
                for token in connect(connection).types():
                    self.of(connection, token)
            for token, host in self._exclusive.items():
                if host in tokens:  # others may have put one there, though neither stack nor state knows of any
                    self.of(connection, token)
            yield connection, {token: self._interest(connection, token) for token in tokens}

    def _interest(self, connection: Connection, token: str) -> Interest:
        ids, names = self.of(connection, token)
        return Interest(frozenset(ids), frozenset(names), tuple(self._recorded.get((connection, token), ())))
