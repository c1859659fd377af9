"""Managed fields: what an object itself says of who applied which of its fields.

Format: kubernetes.io, "Server-Side Apply", and sigs.k8s.io/structured-merge-diff, fieldpath/serialize-pe.go (read
November 2026): `f:name` is a field, `k:{...}` an element by its key, `v:...` one by its value, `.` the thing itself.
Pure; read by the provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.core.value import Path, Value, text_of

MANAGER = "mlinfra"
_APPLY = "Apply"


def fields_of(live: Mapping[str, Any], manager: str = MANAGER) -> Mapping[str, Any]:
    """The fields that a manager applied; empty where it applied nothing."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == _APPLY and not entry.get("subresource"):
            found: Mapping[str, Any] = entry.get("fieldsV1") or {}
            return found
    return {}


def managers(live: Mapping[str, Any]) -> Iterator[str]:
    """Who else has a hand in what the object is to be, controllers that write its status left out."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if entry.get("manager") != MANAGER and entry.get("subresource") != "status":
            yield str(entry.get("manager"))


def authors_of(live: Mapping[str, Any]) -> dict[Path, str]:
    """Who else wrote which fields, by the paths that the diff knows them by."""
    found: dict[Path, str] = {}
    for entry in live.get("metadata", {}).get("managedFields") or ():
        ours = entry.get("manager") == MANAGER and entry.get("operation") == _APPLY
        if not ours and entry.get("subresource") != "status":
            for path in _paths(entry.get("fieldsV1") or {}, ()):
                found[path] = str(entry.get("manager"))
    return found


def _paths(fields: Mapping[str, Any], path: Path) -> Iterator[Path]:
    below = {name: inner for name, inner in fields.items() if name != "."}
    if not below and path:
        yield path
    for name, inner in below.items():
        yield from _paths(inner, (*path, _part(name)))


def _part(name: str) -> str:
    """A step of a path: the name of a field, or what tells an element from the others."""
    kind, _, text = name.partition(":")
    if kind == "k":
        return "/".join(text_of(value) for value in json.loads(text).values())
    return text_of(json.loads(text)) if kind == "v" else text


def applied(value: Value, fields: Mapping[str, Any]) -> Value:
    """The part of `value` that `fields` name."""
    if isinstance(value, dict):
        if not any(name.startswith("f:") for name in fields):
            return value  # owned as a whole
        below = {name[2:]: inner for name, inner in fields.items() if name.startswith("f:")}
        return {key: applied(item, below[key]) for key, item in value.items() if key in below}
    if isinstance(value, list) and any(name[:2] in ("k:", "v:") for name in fields):
        return [applied(item, inner) for item in value for name, inner in fields.items() if _is(item, name)]
    return value


def _is(item: Value, name: str) -> bool:
    if name.startswith("k:"):
        key = json.loads(name[2:])
        return isinstance(item, dict) and all(item.get(part) == value for part, value in key.items())
    return name.startswith("v:") and bool(json.loads(name[2:]) == item)


def owns(fields: Mapping[str, Any], *path: str) -> bool:
    """Whether a path of fields is among those applied."""
    for part in path:
        inner = fields.get(f"f:{part}")
        if inner is None:
            return False
        fields = inner
    return True


_FIELD = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")
_MANAGER = re.compile(r'conflict with "([^"]+)"(?: with subresource "([^"]+)")?')
_PART = re.compile(r'[A-Za-z]+=("(?:[^"\\]|\\.)*"|[^,]+)')


def path_of(field: str) -> Path:
    """The path that the server calls `.spec.containers[name="main"].image`, as the diff has it."""
    parts: list[str | int] = []
    for name, element in _FIELD.findall(field):
        if name:
            parts.append(name)
        elif element.isdigit():
            parts.append(int(element))
        elif element.startswith("="):
            parts.append(text_of(json.loads(element[1:])))
        else:
            parts.append("/".join(text_of(json.loads(value)) for value in _PART.findall(element)))
    return tuple(parts)


def holder_of(message: str) -> tuple[str, str]:
    """The manager, and the subresource it wrote through, that a cause of a conflict names."""
    match = _MANAGER.search(message)
    return (match[1], match[2] or "") if match else (message, "")


def covers(changed: Iterable[Path], path: Path) -> bool:
    """Whether one of the changed paths is at, above or below a path of the server's.

    The server does not say where a key with dots in it ends: paths are held against each other as texts.
    """
    theirs = _joined(path)
    return any(ours.startswith(theirs) or theirs.startswith(ours) for ours in map(_joined, changed))


def _joined(path: Path) -> str:
    return "".join(f"{part}." for part in path)
