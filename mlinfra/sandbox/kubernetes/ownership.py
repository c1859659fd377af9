"""Who owns which fields: metadata.managedFields kept through updates and applies, with conflicts.

The rules are those of sigs.k8s.io/structured-merge-diff v6 (merge/update.go) and apimachinery's managedfields package
(read November 2026): an update takes what it changes from whoever had it; an apply is refused when another manager owns
what it would change, unless it is forced. Called by `rules` (updates) and by the PATCH verb (applies). Pure.
"""

from __future__ import annotations

import json
from datetime import datetime

import msgspec

from mlinfra.sandbox.kubernetes import apply
from mlinfra.sandbox.kubernetes.errors import ApiError, Untyped
from mlinfra.sandbox.kubernetes.fields import EMPTY, Difference, Fields, fields_of, from_v1, to_v1, written
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Object, at, timestamp

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_BEFORE = "before-first-apply"


class Owner(msgspec.Struct, frozen=True, order=True):
    """One entry of managedFields: who, by which operation (Apply, Update), through which version and subresource."""

    operation: str
    manager: str
    api_version: str
    subresource: str = ""

    def shown(self) -> str:
        """The owner as conflicts name it."""
        part = f' with subresource "{self.subresource}"' if self.subresource else ""
        using = f" using {self.api_version}" if self.operation == "Update" else ""
        return f'"{self.manager}"{part}{using}'


class Ledger:
    """The managedFields of one object, decoded."""

    def __init__(self, entries: list[Object]) -> None:
        self._sets: dict[Owner, Fields] = {}
        self._times: dict[Owner, str] = {}
        for entry in entries:
            owner = Owner(entry["operation"], entry.get("manager", ""), entry.get("apiVersion", ""),
                          entry.get("subresource", ""))  # fmt: skip
            self._sets[owner] = from_v1(entry.get("fieldsV1") or {})
            self._times[owner] = entry.get("time", "")

    @classmethod
    def of(cls, obj: Object | None) -> Ledger | None:
        """Read an object's managedFields; None when there are none, or they cannot be read."""
        entries = obj["metadata"].get("managedFields") if obj else None
        try:
            return cls(entries) if entries and entries != [{}] else None
        except (KeyError, TypeError, AttributeError):
            return None

    def encode(self) -> list[Object]:
        """Write managedFields: applies first, then by time and name."""
        found = [
            {
                "manager": owner.manager,
                "operation": owner.operation,
                "apiVersion": owner.api_version,
                **({"time": self._times[owner]} if self._times[owner] else {}),
                "fieldsType": "FieldsV1",
                "fieldsV1": to_v1(fields),
                **({"subresource": owner.subresource} if owner.subresource else {}),
            }
            for owner, fields in self._sets.items()
        ]
        return sorted(found, key=lambda e: (e["operation"], e.get("time", ""), e["manager"], e.get("subresource", "")))

    def fields(self, owner: Owner) -> Fields:
        """What an owner owns."""
        return self._sets.get(owner, EMPTY)

    def union(self) -> Fields:
        """What anybody owns."""
        return EMPTY.union(*self._sets.values())

    def conflicts(self, owner: Owner, difference: Difference) -> dict[Owner, Fields]:
        """What others own of what a write changes or adds."""
        touched = difference.modified | difference.added
        found = {other: fields & touched for other, fields in self._sets.items() if other != owner}
        return {other: fields for other, fields in found.items() if fields}

    def take(self, owner: Owner, difference: Difference) -> None:
        """Take what a write touched from all other owners."""
        touched = difference.modified | difference.added | difference.removed
        for other in list(self._sets):
            if other != owner:
                self._set(other, self._sets[other] - touched)

    def give(self, owner: Owner, fields: Fields, now: datetime) -> None:
        """Make an owner's set what is given, dated when that is news."""
        if fields != self._sets.get(owner):
            self._times[owner] = timestamp(now)
        self._set(owner, fields)

    def _set(self, owner: Owner, fields: Fields) -> None:
        if fields:
            self._sets[owner] = fields
        else:
            self._sets.pop(owner, None)


def record_update(new: Object, old: Object | None, schema: Schema | None, owner: Owner, now: datetime) -> None:
    """Set the managedFields of `new` after an update (or creation) by an owner that does not apply."""
    given = new["metadata"].pop("managedFields", None)
    if given == [{}]:
        return
    ledger = Ledger.of({"metadata": {"managedFields": given}}) or Ledger.of(old)
    if ledger is None:
        if old is not None:
            return
        ledger = Ledger([])
    base: Object = old if old is not None else {"metadata": {}}
    try:
        difference = Difference(base, new, schema)
    except Untyped:  # an item without its keys: as in the API server, owners stay what they were
        new["metadata"]["managedFields"] = ledger.encode()
        return
    ledger.take(owner, difference)
    kept = ledger.fields(owner) - difference.removed
    ledger.give(owner, kept | difference.modified | difference.added, now)
    if entries := ledger.encode():
        new["metadata"]["managedFields"] = entries


def record_apply(
    applied: Object, old: Object | None, schema: Schema | None, owner: Owner, now: datetime, *, force: bool
) -> Object:
    """Give the object that an apply makes of `old`, with its managedFields; 409 on conflicts unless forced."""
    try:
        apply.check_typed(applied, schema)
        return _apply(applied, old, schema, owner, now, force)
    except Untyped as error:  # the API server answers 500, without a reason
        text = f"failed to create typed patch object ({_named(applied)}): {error}"
        raise ApiError(500, text, reason="") from error


def _apply(
    applied: Object, old: Object | None, schema: Schema | None, owner: Owner, now: datetime, force: bool
) -> Object:
    base: Object = old if old is not None else _skeleton(applied)
    ledger = Ledger.of(old) or _adopted(old, schema, owner)
    last = ledger.fields(owner)
    merged = apply.merge(base, applied, schema)
    ledger.give(owner, fields_of(applied, schema), now)
    pruned = apply.prune(merged, last, ledger.union(), schema) if last else merged
    difference = Difference(base, pruned, schema)
    conflicts = ledger.conflicts(owner, difference)
    if conflicts and not force and (refused := _beyond_last_applied(conflicts, old, schema, owner)):
        raise _conflict(refused)
    ledger.take(owner, difference)
    result: Object = {**pruned, "metadata": {**pruned.get("metadata", {}), "managedFields": ledger.encode()}}
    return result


def _beyond_last_applied(
    conflicts: dict[Owner, Fields], old: Object | None, schema: Schema | None, owner: Owner
) -> dict[Owner, Fields]:
    """Give the conflicts that remain when kubectl takes over what `kubectl apply` set without server-side apply.

    Those fields of the last-applied annotation that still stand are kubectl's own (apimachinery, managedfields
    lastappliedmanager.go); for any other manager all conflicts remain.
    """
    text = at(old, ("metadata", "annotations", _LAST_APPLIED))
    if owner.manager != "kubectl" or not text or old is None:
        return conflicts
    try:
        last = json.loads(text)
    except ValueError:
        return conflicts
    difference = Difference(last, old, schema)
    own = fields_of(last, schema) - difference.modified - difference.added - difference.removed
    left = {other: fields - own for other, fields in conflicts.items()}
    return conflicts if any(left.values()) else {}


def _named(obj: Object) -> str:
    meta, (group, _, version) = obj.get("metadata") or {}, obj["apiVersion"].rpartition("/")
    return f"{meta.get('namespace', '')}/{meta.get('name', '')}; {group}/{version}, Kind={obj['kind']}"


def _skeleton(applied: Object) -> Object:
    return {"apiVersion": applied.get("apiVersion"), "kind": applied.get("kind"), "metadata": {}}


def _adopted(old: Object | None, schema: Schema | None, owner: Owner) -> Ledger:
    ledger = Ledger([])
    if old is not None:
        before = Owner("Update", _BEFORE, owner.api_version)
        ledger.give(before, fields_of(old, schema), datetime.fromisoformat(old["metadata"]["creationTimestamp"]))
    return ledger


def _conflict(conflicts: dict[Owner, Fields]) -> ApiError:
    found = [(owner, path) for owner in sorted(conflicts) for path in sorted(conflicts[owner])]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {owner.shown()}", "field": written(path)}
        for owner, path in found
    ]
    noun = "conflict" if len(found) == 1 else "conflicts"
    lines = [_shown(owner, sorted(fields)) for owner, fields in sorted(conflicts.items())]
    text = f"Apply failed with {len(found)} {noun}: " + "\n".join(lines)
    return ApiError(409, text, "Conflict", {"causes": causes})


def _shown(owner: Owner, paths: list[tuple[str, ...]]) -> str:
    if len(paths) == 1:
        return f"conflict with {owner.shown()}: {written(paths[0])}"
    return f"conflicts with {owner.shown()}:\n" + "\n".join(f"- {written(path)}" for path in paths)


def writer(kind: Kind, operation: str, manager: str, subresource: str) -> Owner:
    """The owner that a write acts as."""
    return Owner(operation, manager or "unknown", kind.api_version, subresource)
