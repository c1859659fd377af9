"""Tables for `kubectl get`: the columns of a kind and the cells of its objects (meta.k8s.io/v1 Table).

Columns of built-in kinds are those of kubernetes/kubernetes, pkg/printers/internalversion (1.33), for the kinds
that people list most; others get Name and Age. Columns of custom kinds come from their definition. Called by
`encoding`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from mlinfra.sandbox.kubernetes.cells import CELLS, WHOLE
from mlinfra.sandbox.kubernetes.jsonpath import find_first
from mlinfra.sandbox.kubernetes.kinds import Column, Kind
from mlinfra.sandbox.kubernetes.values import Json, Object, Objects

_NAME = Column("Name", "string", format="name", description="Name must be unique within a namespace.")
_AGE = Column("Age", "string", description="Time since the creation of the object.")
Cells = Callable[[Object], list[Json]]


def make_table(kind: Kind, items: Objects, meta: Object, now: datetime, include: str, headers: bool = True) -> Object:
    """Give the Table of some objects. `include` is Metadata, Object or None; ages are told from `now`."""
    columns, cells = _printer(kind, now)
    rows = [{"cells": cells(item), "object": _included(item, include)} for item in items]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": [_definition(column) for column in columns] if headers else None,
        "rows": [{key: value for key, value in row.items() if value is not None} for row in rows],
    }


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description or f"{column.name}",
        "priority": column.priority,
    }


def _included(item: Object, include: str) -> Object | None:
    if include == "None":
        return None
    return item if include == "Object" else partial(item)


def partial(item: Object) -> Object:
    """Give the metadata of an object alone."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _printer(kind: Kind, now: datetime) -> tuple[list[Column], Cells]:
    if kind.custom:
        return [_NAME, *kind.columns], lambda item: [item["metadata"]["name"], *_custom_cells(kind, item, now)]

    def since(start: str, end: str) -> str:
        return age(start, datetime.fromisoformat(end) if end else now)

    if kind.resource in WHOLE:
        columns, whole = WHOLE[kind.resource]
        return list(columns), lambda item: whole(item, since)
    columns, cells = CELLS.get(kind.resource, ((), lambda _, __: []))
    narrow = [column for column in columns if not column.priority]
    wide = [column for column in columns if column.priority]
    place = next((number for number, column in enumerate(narrow) if column.name == _AGE.name), len(narrow))
    shown = [*narrow[:place], _AGE, *narrow[place + 1 :], *wide]

    def row(item: Object) -> list[Json]:
        found = cells(item, since)
        return [item["metadata"]["name"], *found[:place], _age(item, now), *found[place:]]

    return [_NAME, *shown], row


def _custom_cells(kind: Kind, item: Object, now: datetime) -> list[Json]:
    found: list[Json] = []
    for column in kind.columns:
        value = find_first(item, column.path)
        if value is None:
            found.append(None)
        elif column.type == "date":
            found.append(age(str(value), now))
        else:
            found.append(value if column.type != "string" or isinstance(value, str) else str(value))
    return found


def _age(item: Object, now: datetime) -> str:
    return age(item["metadata"].get("creationTimestamp", ""), now)


def age(since: str, now: datetime) -> str:
    """Say how long ago a time was, as kubectl does: 5s, 3m12s, 45m, 4h2m, 26h, 8d."""
    if not since:
        return "<unknown>"
    seconds = max(0, int((now - datetime.fromisoformat(since).astimezone(UTC)).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    for limit, whole, unit, rest, small in (
        (120, seconds, "s", 0, ""),
        (600, minutes, "m", seconds % 60, "s"),
        (10_800, minutes, "m", 0, ""),
        (28_800, hours, "h", minutes % 60, "m"),
        (172_800, hours, "h", 0, ""),
        (691_200, days, "d", hours % 24, "h"),
        (63_072_000, days, "d", 0, ""),
    ):
        if seconds < limit:
            return f"{whole}{unit}{f'{rest}{small}' if rest else ''}"
    years, left = divmod(days, 365)
    return f"{years}y{f'{left}d' if left and years < 8 else ''}"
