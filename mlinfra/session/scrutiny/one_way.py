"""One way: sizes and versions that can only go up, found going down before AWS refuses it half-way through an apply.

Called for plans and comparisons. Clusters have a word of their own (`hops`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from mlinfra.core.connections import is_in_cluster, kind_of
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.value import Path, Value, at, path_text
from mlinfra.documents.quantity import parse_quantity
from mlinfra.session.codes import Code

# RDS user guide, "Working with storage for Amazon RDS DB instances" and "Upgrading a DB instance engine version"; FSx
# for Lustre user guide, "Managing storage capacity"; kubernetes.io, "Persistent Volumes", on expanding claims (read
# 2026-11-25): none of these can be taken back in place.
_UPWARDS: Mapping[str, tuple[Path, ...]] = {
    "aws:rds/instance:Instance": (("allocatedStorage",), ("engineVersion",)),
    "aws:fsx/lustreFileSystem:LustreFileSystem": (("storageCapacity",),),
    "kubernetes:core/v1:PersistentVolumeClaim": (("spec", "resources", "requests", "storage"),),
}


def ways_back(plan: Plan) -> Iterator[Diagnostic]:
    """An error for each of them that would go down."""
    for change in plan.changes:
        if change.action is not Action.UPDATE:
            continue
        for field in change.fields:
            for path in _UPWARDS.get(change.type, ()):
                before, after = _side(field.before, field.path, path), _side(field.after, field.path, path)
                if _is_down(before, after):
                    yield _refused(change, path, before, after)


def _side(value: Value, path: Path, whole: Path) -> Value:
    """What one side of a difference at `path` says of `whole`; `None` where it says nothing of it."""
    if whole[: len(path)] != path:
        return None
    try:
        return at(value, whole[len(path) :])
    except LookupError:
        return None


def _is_down(before: Value, after: Value) -> bool:
    amounts = [_amount(one) for one in (before, after)]
    if amounts[0] is not None and amounts[1] is not None:
        return amounts[1] < amounts[0]
    old, new = _numbers(before), _numbers(after)
    shared = min(len(old), len(new))  # 16 says nothing of 16.4
    return bool(shared) and new[:shared] < old[:shared]


def _amount(value: Value) -> Decimal | None:
    """What a size with a unit comes to; a version is none."""
    if not isinstance(value, str) or not value[-1:].isalpha():
        return None
    try:
        return parse_quantity(value)
    except ValueError:
        return None


def _numbers(value: Value) -> tuple[int, ...]:
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    parts = value.split(".") if isinstance(value, str) else []
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _refused(change: Change, path: Path, before: Value, after: Value) -> Diagnostic:
    who = "Kubernetes" if is_in_cluster(kind_of(change.type)) else "AWS"
    return Diagnostic(
        code=Code.ONE_WAY,
        summary=f"{change.address}: {path_text(path)} is {before} and cannot go down to {after}: {who} refuses that",
        address=change.address,
        source=change.source,
        hint=f"leave it at {before} or more; less takes another one, into which the data are brought",
    )
