"""Recovery: what an interrupted run had begun is looked up before anything else is done.

Called under the lock, before the survey of an apply. It looks and records; it never creates or deletes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.ledger import Entry, Recorded, Removed, Settled
from mlinfra.core.naming import client_token
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.ownership import Owner
from mlinfra.core.provider import Connect, Target
from mlinfra.core.resource import Ownership
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Intent, Record, Status
from mlinfra.engine.codes import Code
from mlinfra.engine.journal import Journal

_LOOKED_UP = frozenset({"create", "delete"})


def recover(
    journal: Journal, connect: Connect, types: Mapping[str, ResourceType], ownership: Ownership
) -> tuple[Diagnostic, ...]:
    """Settle every pending intent as far as can be seen; what cannot be seen stays pending, and is said."""
    found = []
    for intent in journal.state().pending:
        if intent.verb not in _LOOKED_UP or intent.type not in types:
            # An update leaves an object whose state the survey shows; nothing could be made twice.
            journal.enter(*_worked_on(intent, journal))
            continue
        seen = connect(intent.connection).find(_target(intent, ownership))
        match seen:
            case Absent() if intent.verb == "delete" and types[intent.type].opens is None:
                journal.enter(Removed(intent.address, intent.generation))  # by us, not by somebody outside
            case _ if intent.verb == "delete":
                journal.enter(*_worked_on(intent, journal))
            case Unreadable(reason):
                found.append(_unknown(intent, reason))
            case Absent():
                journal.enter(Settled(intent.address, intent.generation))
            case Present():
                journal.enter(*_entries(intent, seen, ownership))
    return tuple(found)


def _target(intent: Intent, ownership: Ownership) -> Target:
    return Target(
        address=intent.address,
        type=intent.type,
        owner=Owner.under(ownership, intent.address, intent.generation, protect=intent.protect),
        properties=intent.inputs or {},
        id=intent.id,
        token=client_token(lineage=ownership.lineage, address=intent.address, generation=intent.generation),
    )


def _entries(intent: Intent, seen: Present, ownership: Ownership) -> list[Entry]:
    """What the intent made is recorded; what merely stands in its place is not."""
    owner = seen.owner
    if owner is not None and not (owner.is_of(ownership) and owner.address == intent.address):
        return [Settled(intent.address, intent.generation)]
    record = Record(
        address=intent.address,
        type=intent.type,
        id=seen.id,
        generation=intent.generation,
        connection=intent.connection,
        inputs=intent.inputs,
        outputs=seen.properties,
        dependencies=intent.dependencies,
        protect=intent.protect,
        status=Status.CREATING,
        seal=intent.seal,
    )
    return [Recorded(record)]


def _worked_on(intent: Intent, journal: Journal) -> list[Entry]:
    """The record remembers which plan was at work on its object: that one, run again, accepts what it did to it."""
    record = journal.record(intent.address, intent.generation)
    settled: Entry = Settled(intent.address, intent.generation)
    if record is None:
        return [settled]
    deposed = record != journal.record(intent.address)
    return [Recorded(msgspec.structs.replace(record, seal=intent.seal), deposed=deposed), settled]


def _unknown(intent: Intent, reason: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.UNCLEAR_CREATION,
        summary=f"{intent.address}: an earlier run was creating it, and it cannot be seen whether it did: {reason}",
        address=intent.address,
        hint="it is looked for again on the next run, before anything is created",
    )
