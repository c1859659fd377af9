"""State: what the last runs made, and what they had begun.

The engine writes it entry by entry, backends keep it. Frozen; `ledger` folds entries into the next state.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.resource import Connection
from mlinfra.core.value import Properties, Value

FORMAT_VERSION = 1


class Status(StrEnum):
    """How far the making of an object came."""

    READY = "ready"
    CREATING = "creating"  # its id is known; what follows the first call may be missing


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One object that we made or adopted.

    inputs: the desired properties as last applied, resolved; secrets stand as references. `None` where they are not
    known: the record was rebuilt from the cloud.
    outputs: what was observed after the last operation.
    dependencies: the addresses that it must outlive.
    seal: of the plan that last wrote it, so that a killed run of a plan file knows its own results.
    """

    address: Address
    type: str
    id: str
    generation: int
    connection: Connection
    inputs: Properties | None
    outputs: Properties
    dependencies: tuple[Address, ...] = ()
    protect: bool = False
    status: Status = Status.READY
    seal: str = ""


class Intent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A mutating call that was about to be made. Whether it was, only the cloud knows.

    `seal` is that of the plan being applied, so that a killed run of a plan file accepts its own results.
    """

    address: Address
    generation: int
    verb: str
    type: str
    connection: Connection
    id: str = ""
    inputs: Properties | None = None
    dependencies: tuple[Address, ...] = ()
    protect: bool = False
    seal: str = ""


class Failure(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that the last run could not do, and why. `at`: when that run ended, in UTC, as ISO 8601 says it."""

    address: Address
    message: str
    code: str = ""
    at: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that is remembered of one stack.

    deposed: objects of earlier generations, replaced and not deleted yet.
    pending: intents without a result.
    applied: the seals of the last plans that were begun and not brought to their end, the newest last.
    completed: those of the last plans that were.
    failures: what the last run could not do; none where it did all, or was killed before it could say so.
    generations: the last generation of each address that is no longer there, so that no create attempt ever shares
        its idempotency token with an earlier one.
    """

    stack: str
    lineage: str
    serial: int = 0
    records: Mapping[Address, Record] = {}
    deposed: tuple[Record, ...] = ()
    facts: Mapping[str, Any] = {}
    outputs: Mapping[str, Value] = {}
    pending: tuple[Intent, ...] = ()
    applied: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    generations: Mapping[Address, int] = {}
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        """Decoding leaves the keys of maps as plain text: they become addresses here, once, for all who ask them."""
        for name in ("records", "generations"):
            table = getattr(self, name)
            if any(type(key) is not Address for key in table):
                addressed = {Address(key): value for key, value in table.items()}
                msgspec.structs.force_setattr(self, name, addressed)

    def every_record(self) -> tuple[Record, ...]:
        """Current and deposed ones."""
        return (*self.records.values(), *self.deposed)

    def verify(self) -> tuple[str, ...]:
        """The invariants that do not hold, each with its number (docs/state.md). Empty for a sound state."""
        return tuple(_broken(self))


def _broken(state: State) -> list[str]:
    found = []
    if not state.stack or not state.lineage:
        found.append("S1: stack and lineage are named")
    if state.serial < 0:
        found.append("S2: the serial is not negative")
    for address, record in state.records.items():
        if address != record.address:
            found.append(f"S3: {address} is filed under its own address, not {record.address}")
    for record in state.every_record():
        if not record.id or not record.type:
            found.append(f"S4: {record.address} has an id and a type")
        if record.generation < 1:
            found.append(f"S5: {record.address} has a generation of 1 or more")
    found += _broken_generations(state) + _broken_identities(state)
    for intent in state.pending:
        if intent.verb not in ("create", "adopt") and not intent.id:
            found.append(f"S8: the intent to {intent.verb} {intent.address} names the object")
    return found


def _broken_generations(state: State) -> list[str]:
    found = []
    seen = set()
    for record in state.deposed:
        current = state.records.get(record.address)
        if current is not None and record.generation >= current.generation:
            found.append(f"S6: deposed {record.address} is older than the current one")
        if (record.address, record.generation) in seen:
            found.append(f"S6: generation {record.generation} of {record.address} is deposed once")
        seen.add((record.address, record.generation))
    return found


def _broken_identities(state: State) -> list[str]:
    found = []
    held: dict[tuple[str, str, str], Address] = {}
    for record in state.every_record():
        identity = (record.connection.kind, repr(record.connection.identity), f"{record.type} {record.id}")
        if identity in held:
            found.append(f"S7: {record.address} and {held[identity]} are different objects")
        held[identity] = record.address
    return found
