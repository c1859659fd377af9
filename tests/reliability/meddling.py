"""Somebody else, who edits and deletes objects in the account by the same calls that we would make."""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.address import Address
from mlinfra.core.clock import FastClock, SystemClock
from mlinfra.core.observed import Absent, Present
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Target
from mlinfra.core.state import Record, State
from mlinfra.core.value import Path
from mlinfra.engine.order import closure, topological
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.aws.provider import AwsProvider


class _Silence:
    def made(self, id: str) -> None:
        pass

    def say(self, progress: str) -> None:
        pass

    def check(self) -> None:
        pass

    def fence(self) -> None:
        pass


class Meddler:
    """One who has read a state, and acts on what it names."""

    def __init__(self, state: State) -> None:
        self._state = state
        region = Clients("us-east-1")
        clock = FastClock(SystemClock(), 20)
        (identity,) = {str(record.connection.identity) for record in state.every_record()}
        self._provider = AwsProvider(identity, Calls(region, clock), clock, lambda secret: "")

    def editable(self) -> dict[Address, Path]:
        """What can be edited, and which of its fields is."""
        found: dict[Address, Path] = {}
        for address, record in self._state.records.items():
            inputs = record.inputs or {}
            if catalogue()[record.type].about.taggable and "team" in inputs.get("tags", {}):
                found[address] = ("tags", "team")
        return found

    def edit(self, address: Address, path: Path) -> None:
        """Give one tag another value."""
        record = self._state.records[address]
        target = self._target(record, {**(record.inputs or {}), "tags": {**(record.inputs or {})["tags"], "team": "x"}})
        prior = self._provider.find(target)
        assert isinstance(prior, Present)
        self._provider.update(target, prior, frozenset({path}), _Silence())

    def delete(self, address: Address) -> tuple[Address, ...]:
        """Delete one object, and before it all that needs it. Answers what is gone."""
        needs = {a: record.dependencies for a, record in self._state.records.items()}
        needed_by: dict[Address, list[Address]] = {}
        for one, others in needs.items():
            for other in others:
                needed_by.setdefault(other, []).append(one)
        doomed = closure({address}, needed_by)
        for one in reversed(topological(sorted(doomed), needs)):
            record = self._state.records[one]
            self._provider.delete(self._target(record, record.inputs or {}), _Silence())
        return tuple(one for one in sorted(doomed) if self._is_gone(self._state.records[one]))

    def _is_gone(self, record: Record) -> bool:
        """Whether it can be missed: waiting for a certificate, for one, is nothing that could be taken away."""
        return isinstance(self._provider.find(self._target(record, record.inputs or {})), Absent)

    def _target(self, record: Record, properties: Mapping[str, object]) -> Target:
        owner = Owner(self._state.stack, self._state.lineage, record.address, record.generation)
        return Target(
            address=record.address,
            type=record.type,
            owner=owner,
            properties=dict(properties),
            id=record.id,
            outputs=record.outputs,
        )
