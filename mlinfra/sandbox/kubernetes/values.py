"""Plain JSON values, as objects of the API are kept and served. Called by every file of the emulator.

Objects are dicts that came from JSON, or will be JSON. It must not know of kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar, cast

Json: TypeAlias = Any
"""A JSON value: dict, list, str, int, float, bool or None."""
Object: TypeAlias = dict[str, Any]
"""An API object, or another JSON object."""
Objects: TypeAlias = list[Object]
Clock: TypeAlias = Callable[[], datetime]
"""Gives the present time, aware, in UTC."""
T = TypeVar("T")


def clone(value: T) -> T:
    """Copy a JSON value, containers included."""
    return cast(T, _copy(value))


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(item) if isinstance(item, (dict, list)) else item for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) if isinstance(item, (dict, list)) else item for item in value]
    return value


def timestamp(moment: datetime) -> str:
    """Write a time as metav1.Time does: RFC 3339, in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at(value: Json, path: Iterable[str], default: Json = None) -> Json:
    """Read the value at a path of map keys; `default` when a step is missing."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value


def put(value: Object, path: Iterable[str], leaf: Json) -> None:
    """Set the value at a path of map keys, making the maps on the way."""
    *parents, last = path
    for step in parents:
        value = value.setdefault(step, {})
    value[last] = leaf
