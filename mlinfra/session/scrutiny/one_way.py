"""One way: sizes and versions that can only go up, found going down before AWS refuses it half-way through an apply.

Called for plans and comparisons. Clusters have a word of their own (`hops`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change, Field, Plan
from mlinfra.core.value import Value
from mlinfra.session.codes import Code

# RDS user guide, "Working with storage for Amazon RDS DB instances" and "Upgrading a DB instance engine version"; FSx
# for Lustre user guide, "Managing storage capacity" (read 2026-11-25): none of these can be taken back in place.
_UPWARDS = {
    "aws:rds/instance:Instance": ("allocatedStorage", "engineVersion"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("storageCapacity",),
}


def ways_back(plan: Plan) -> Iterator[Diagnostic]:
    """An error for each of them that would go down."""
    for change in plan.changes:
        if change.action is not Action.UPDATE:
            continue
        for field in change.fields:
            if field.path[0] in _UPWARDS.get(change.type, ()) and _is_down(field):
                yield _refused(change, field)


def _is_down(field: Field) -> bool:
    before, after = _numbers(field.before), _numbers(field.after)
    shared = min(len(before), len(after))  # 16 says nothing of 16.4
    return bool(shared) and after[:shared] < before[:shared]


def _numbers(value: Value) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    parts = value.split(".") if isinstance(value, str) else []
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _refused(change: Change, field: Field) -> Diagnostic:
    name = str(field.path[0])
    return Diagnostic(
        code=Code.ONE_WAY,
        summary=f"{change.address}: {name} is {field.before} and cannot go down to {field.after}: AWS refuses that",
        address=change.address,
        source=change.source,
        hint=f"leave it at {field.before} or more; less takes another one, into which the data are brought",
    )
