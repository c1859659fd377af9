"""Keepsakes: what a deletion leaves on purpose, what that costs, and how it goes; told before and after a destroy.

A database leaves its last snapshot, which is paid for as long as it is there. Keys and secrets can be brought back for
some days, which costs nothing. None of it is in the inventory, since no stack has it any more. Pure.

Sources: RDS API reference, DeleteDBInstance; KMS developer guide, "Delete an AWS KMS key"; Secrets Manager user guide,
"Delete a secret"; FSx for Lustre user guide, "Working with backups" (read November 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.state import State
from mlinfra.core.value import Properties
from mlinfra.session.codes import Code

# The price of a month of something by its key; nothing where nobody has read it.
Price = Callable[[str], Decimal | None]

_GOING = (Action.DELETE, Action.REPLACE)
_RESTORABLE = {
    "aws:kms/key:Key": ("key", "deletionWindowInDays"),
    "aws:secretsmanager/secret:Secret": ("secret", "recoveryWindowInDays"),
}
_WINDOW = 30  # days, where nothing else is said
_DATABASE = "aws:rds/instance:Instance"
_LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"


def with_keepsakes(plan: Plan, state: State, price: Price) -> Plan:
    """The plan, with a note for each thing that its deletions leave."""
    found = tuple(_keepsakes(plan, state, price))
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def kept_by(plan: Plan) -> tuple[str, ...]:
    """What a plan leaves when it is carried out, in a sentence each."""
    return tuple(
        f"{one.summary} ({one.detail})" if one.detail else one.summary
        for one in plan.diagnostics
        if one.code == Code.KEPT_ON_PURPOSE
    )


def _keepsakes(plan: Plan, state: State, price: Price) -> Iterator[Diagnostic]:
    windows: dict[tuple[str, int], int] = {}
    for change in plan.changes:
        record = state.records.get(change.address)
        if change.action not in _GOING or record is None or record.inputs is None:
            continue
        known = {**record.outputs, **record.inputs}
        if change.type == _DATABASE and known.get("skipFinalSnapshot") is not True:
            yield _snapshot(change, record.id, known, price)
        elif change.type == _LUSTRE and _leaves_backup(known):
            summary = f"{change.address}: a last backup of the file system is kept"
            yield _note(change, summary, "it is paid for by its size", "aws fsx delete-backup deletes it")
        elif change.type in _RESTORABLE:
            what, field = _RESTORABLE[change.type]
            days = known.get(field, _WINDOW)
            if isinstance(days, int) and days:
                windows[what, days] = windows.get((what, days), 0) + 1
    if windows:
        told = ", ".join(f"{n} {what}{'' if n == 1 else 's'} ({days} days)" for (what, days), n in windows.items())
        yield Diagnostic(
            severity=Severity.NOTE,
            code=Code.KEPT_ON_PURPOSE,
            summary=f"can be brought back for a while, at no cost: {told}",
            hint="aws kms cancel-key-deletion, aws secretsmanager restore-secret",
        )


def _snapshot(change: Change, identity: str, known: Properties, price: Price) -> Diagnostic:
    from mlinfra.providers.aws.services.rds_instance import last_snapshot

    name = known.get("finalSnapshotIdentifier") or last_snapshot(identity, str(known.get("resourceId") or ""))
    size, each = known.get("allocatedStorage"), price("database.backup")
    cost = "it is paid for by its size"
    if isinstance(size, int) and each is not None:
        cost = f"{size * each:,.2f} USD a month at most, {size} GB at {each}, as long as it is there"
    return _note(
        change,
        f"{change.address}: the last snapshot {name} of the database is kept",
        cost,
        f"aws rds delete-db-snapshot --db-snapshot-identifier {name} deletes it",
    )


def _leaves_backup(known: Properties) -> bool:
    """Where nothing is said, one that was backed up all along is backed up once more."""
    skip = known.get("skipFinalBackup")
    asked = bool(known.get("automaticBackupRetentionDays")) if skip is None else skip is False
    return asked and str(known.get("deploymentType") or "").startswith("PERSISTENT")


def _note(change: Change, summary: str, detail: str, hint: str) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code=Code.KEPT_ON_PURPOSE,
        summary=summary,
        detail=detail,
        hint=hint,
        address=change.address,
        source=change.source,
    )
