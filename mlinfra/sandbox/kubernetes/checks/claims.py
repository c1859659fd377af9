"""PersistentVolumeClaims: how they are used and how large they are; they grow, and change in nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import (
    FieldError,
    forbidden_field,
    invalid_field,
    missing_field,
    unsupported_field,
)
from mlinfra.sandbox.kubernetes.quantity import parse
from mlinfra.sandbox.kubernetes.values import Object, at

_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_STORAGE = ("spec", "resources", "requests", "storage")
_MUTABLE = ("resources", "volumeAttributesClassName", "volumeName")  # the last is set by the binder


def check(new: Object, old: Object | None) -> Iterator[FieldError]:
    """Give what is wrong with a claim, or with a change of it."""
    modes = at(new, ("spec", "accessModes")) or []
    if not modes:
        yield missing_field("spec.accessModes", "at least 1 access mode is required")
    for mode in modes:
        if mode not in _MODES:
            yield unsupported_field("spec.accessModes", mode, _MODES)
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        why = "may not use ReadWriteOncePod with other access modes"
        yield forbidden_field("spec.accessModes", why)
    size = at(new, _STORAGE)
    if size is None:
        yield missing_field("spec.resources[storage]")
    elif parse(size) <= 0:
        yield invalid_field("spec.resources[storage]", str(size), "must be greater than zero")
    if old is not None:
        yield from _change(new, old)


def _change(new: Object, old: Object) -> Iterator[FieldError]:
    given = at(new, ("spec", "storageClassName")) if at(old, ("spec", "storageClassName")) is None else None
    before_class = {"storageClassName": given} if given is not None else {}  # the default class, given later
    if _core(new) != _core(old) | before_class or at(old, ("spec", "volumeName"), "") not in (
        "",
        at(new, ("spec", "volumeName")),
    ):
        why = (
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        )
        yield forbidden_field("spec", why)
    size, before = at(new, _STORAGE), at(old, _STORAGE)
    if size is not None and before is not None and parse(size) < parse(before):
        yield forbidden_field("spec.resources.requests.storage", "field can not be less than status.capacity")


def _core(claim: Object) -> Object:
    return {key: value for key, value in (claim.get("spec") or {}).items() if key not in _MUTABLE}
