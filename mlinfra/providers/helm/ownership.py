"""Ownership of fields: which of them Helm still has, by the API server's own account (`managedFields`).

An API server respells what it is given: quantities, defaults, numbers that are written as text. So a value that differs
from the manifest says little. But whoever else changes a field takes it over, and that is written down: what is no
longer Helm's, and differs, somebody changed. Form: FieldsV1 of sigs.k8s.io/structured-merge-diff. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.value import Path
from mlinfra.providers.helm.cluster import Object

RELEASE_NAME = "meta.helm.sh/release-name"
_MARK = ("f:metadata", "f:annotations", f"f:{RELEASE_NAME}")
_AUTOSCALER = "kube-controller-manager"  # the horizontal one writes the number of replicas, and nothing else of ours

Fields = Mapping[str, Any]


class Taken(msgspec.Struct, frozen=True):
    """A field that is not Helm's any more. `there` is what it holds now, `by` who holds it, empty where nobody does."""

    path: Path
    wanted: Any
    there: Any
    by: str


class Holdings:
    """Who has which fields of one live object."""

    def __init__(self, live: Object) -> None:
        entries = [entry for entry in (live.get("metadata") or {}).get("managedFields") or () if entry.get("fieldsV1")]
        self._helm = [entry["fieldsV1"] for entry in entries if _holds(entry["fieldsV1"], _MARK)]
        self._others = [entry for entry in entries if entry["fieldsV1"] not in self._helm]

    @property
    def are_known(self) -> bool:
        """Whether Helm is among those who hold anything."""
        return bool(self._helm)

    def taken(self, wanted: Object, live: Object) -> Iterator[Taken]:
        """What of `wanted` is otherwise in `live`, and not Helm's any more."""
        for field in _missing(wanted, live, self._helm, ()):
            steps = _steps(field.path, wanted)
            holders = [entry for entry in self._others if _holds(entry["fieldsV1"], steps)]
            scaled = any(e.get("subresource") == "scale" and e.get("manager") == _AUTOSCALER for e in holders)
            if not scaled:
                by = ", ".join(sorted({str(entry.get("manager")) for entry in holders}))
                yield msgspec.structs.replace(field, by=by)


def _missing(wanted: Any, live: Any, held: list[Fields], path: Path) -> Iterator[Taken]:
    """The leaves of `wanted` that none of `held` covers and that differ in `live`."""
    if isinstance(wanted, dict) and wanted:
        for key, value in wanted.items():
            if value is None:
                continue  # a null is as good as nothing to an API server
            below = [fields[f"f:{key}"] for fields in held if f"f:{key}" in fields]
            if any(not fields for fields in below):
                continue  # held as a whole
            yield from _missing(value, _at(live, key), below, (*path, key))
    elif isinstance(wanted, list) and any(_is_keyed(fields) for fields in held):
        for index, item in enumerate(wanted):
            below = [part for fields in held for part in _parts(fields, item)]
            if any(not fields for fields in below):
                continue
            yield from _missing(item, _same_item(item, live, held), below, (*path, index))
    elif not held and not contains(live, wanted):
        yield Taken(path, wanted, live, "")


def _is_keyed(fields: Fields) -> bool:
    return any(key.startswith(("k:", "v:")) for key in fields)


def _parts(fields: Fields, item: Any) -> Iterator[Fields]:
    """What of a list's fields is about one of its items."""
    for key, below in fields.items():
        kind, _, text = key.partition(":")
        if kind == "v" and json.loads(text) == item:
            yield {}
        elif kind == "k" and isinstance(item, dict) and _answers(item, json.loads(text)):
            yield below


def _answers(item: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    """Whether an item has this key; parts that it leaves out are defaults."""
    return any(name in item for name in key) and all(item[name] == key[name] for name in key if name in item)


def _same_item(item: Any, live: Any, held: list[Fields]) -> Any:
    names = {name for fields in held for key in fields if key[:2] == "k:" for name in json.loads(key[2:])}
    key = {name: item[name] for name in names if isinstance(item, dict) and name in item}
    candidates = live if isinstance(live, list) else []
    return next((one for one in candidates if isinstance(one, dict) and key and _answers(one, key)), None)


def contains(live: Any, wanted: Any) -> bool:
    """Whether `live` says all that `wanted` does, whatever it says beside it; nothing is as good as an empty value."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(contains(live.get(k), v) for k, v in wanted.items() if v is not None)
    if isinstance(wanted, list):
        pairs = zip(live, wanted, strict=False) if isinstance(live, list) and len(live) == len(wanted) else None
        return not wanted if pairs is None else all(contains(one, other) for one, other in pairs)
    return bool(live == wanted) or (wanted in ("", False, 0) and live is None) or str(live) == str(wanted)


def _at(live: Any, key: str) -> Any:
    return live.get(key) if isinstance(live, dict) else None


def _steps(path: Path, wanted: Any) -> tuple[Any, ...]:
    """A path as FieldsV1 spells it; a step into a list is the item itself, to be told by its key."""
    steps: list[Any] = []
    for part in path:
        wanted = wanted[part]
        steps.append(f"f:{part}" if isinstance(part, str) else wanted)
    return tuple(steps)


def _holds(fields: Fields, steps: tuple[Any, ...]) -> bool:
    if not steps or not fields:
        return True
    first, *rest = steps
    below = [fields[first]] if isinstance(first, str) and first in fields else []
    if not isinstance(first, str) or not first.startswith("f:"):
        below = list(_parts(fields, first))
    return any(_holds(part, tuple(rest)) for part in below)
