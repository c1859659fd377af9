"""Requests and limits of containers: names, amounts, and how the two go together. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, missing_field
from mlinfra.sandbox.kubernetes.quantity import is_extended, parse
from mlinfra.sandbox.kubernetes.values import Object

_STANDARD = ("cpu", "memory", "ephemeral-storage")
_OF_CONTAINERS = (*_STANDARD, "storage")


def check(resources: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a container's resources."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            yield from _entry(name, amount, f"{path}.{part}[{name}]")
    for name, amount in requests.items():
        yield from _pair(name, amount, limits.get(name), path)


def _entry(name: str, amount: str, path: str) -> Iterator[FieldError]:
    if "/" not in name and name not in _OF_CONTAINERS and not name.startswith("hugepages-"):
        yield invalid_field(path, name, "must be a standard resource type or fully qualified")
        yield invalid_field(path, name, "must be a standard resource for containers")
    number = parse(amount)
    if number < 0:
        yield invalid_field(path, str(amount), "must be greater than or equal to 0")
    if is_extended(name) and number % 1:
        yield invalid_field(path, str(amount), "must be an integer")


def _pair(name: str, request: str, limit: str | None, path: str) -> Iterator[FieldError]:
    apart = is_extended(name) or name.startswith("hugepages-")  # these are never given out twice
    if limit is None:
        if apart:
            yield missing_field(f"{path}.limits", "Limit must be set for non overcommitable resources")
    elif apart and parse(request) != parse(limit):
        yield invalid_field(f"{path}.requests", str(request), f"must be equal to {name} limit of {limit}")
    elif parse(request) > parse(limit):
        yield invalid_field(f"{path}.requests", str(request), f"must be less than or equal to {name} limit of {limit}")
