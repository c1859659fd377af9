"""Sets of fields, as managedFields tells them: what an object sets, what differs between two, and their written forms.

A path is a tuple of elements: `f:name` (a key), `k:{"name":"a"}` (an item of a map list), `v:1` (an item of a set).
A set is a frozenset of paths. The rules are those of sigs.k8s.io/structured-merge-diff v6 (typed/tofieldset.go,
typed/compare.go, fieldpath/serialize.go; read November 2026). Called by `apply` and `ownership`. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from mlinfra.sandbox.kubernetes.errors import Untyped
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object

Path: TypeAlias = tuple[str, ...]
Fields: TypeAlias = frozenset[Path]
EMPTY: Fields = frozenset()

_MISSING = object()
_UNOWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {
    ("f:metadata", f"f:{name}")
    for name in ("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
                 "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds")
}  # fmt: skip


def fields_of(obj: Object, schema: Schema | None) -> Fields:
    """Give the fields that an object sets, as server-side apply counts them."""
    found: set[Path] = set()
    _collect(obj, schema, (), found)
    return frozenset(found - _UNOWNED)


def _collect(value: Json, schema: Schema | None, path: Path, found: set[Path], whole: bool = False) -> None:
    """Add the fields below a path; with `whole`, lists and maps on the way count too, as in a comparison."""
    if isinstance(value, dict) and not (schema and schema.atomic_map):
        if whole and not (schema and schema.fields):
            found.add(path)
        for key, item in value.items():
            below = (*path, f"f:{key}")
            _collect(item, schema.field(key) if schema else None, below, found, whole)
            if item is None or item == {} or not (schema and key in schema.fields):
                found.add(below)
    elif isinstance(value, list) and schema and schema.list_type != "atomic":
        if whole:
            found.add(path)
        for element, item in elements(value, schema, path):
            found.add((*path, element))
            if isinstance(item, dict):
                _collect(item, schema.items, (*path, element), found, whole)
    else:
        found.add(path)


def elements(items: list[Json], schema: Schema, path: Path = ()) -> Iterator[tuple[str, Json]]:
    """Name each item of a list of type map or set: `k:{...}` or `v:...`; refuses an item without its keys."""
    for index, item in enumerate(items):
        if schema.list_type == "set":
            yield f"v:{_compact(item)}", item
        else:
            yield element_of(item, schema, path, index), item


def element_of(item: Json, schema: Schema, path: Path = (), index: int = 0) -> str:
    """Name one item of a list of type map by its keys."""
    where = f"{written(path)}: element {index}"
    if not isinstance(item, dict):
        raise Untyped(f"{where}: associative list with keys may not have non-map elements")
    keys: Object = {}
    for key in schema.list_keys:
        if key in item:
            keys[key] = item[key]
        elif key in schema.key_defaults:
            keys[key] = schema.key_defaults[key]
    if not keys:
        names = ", ".join(f'"{key}"' for key in schema.list_keys)
        label = "key field" if len(schema.list_keys) == 1 else "key fields"
        why = f"associative list with keys has an element that omits {label} {names} (and doesn't have default value)"
        raise Untyped(f"{where}: {why}")
    return f"k:{json.dumps(keys, sort_keys=True, separators=(',', ':'))}"


class Difference:
    """How one object differs from another: the paths `added`, `modified` and `removed`."""

    def __init__(self, old: Object, new: Object, schema: Schema | None) -> None:
        self._added: set[Path] = set()
        self._modified: set[Path] = set()
        self._removed: set[Path] = set()
        self._compare(old, new, schema, ())
        self.added = frozenset(self._added - _UNOWNED)
        self.modified = frozenset(self._modified - _UNOWNED)
        self.removed = frozenset(self._removed - _UNOWNED)

    def _compare(self, old: Json, new: Json, schema: Schema | None, path: Path) -> None:
        if old is _MISSING:
            _collect(new, schema, path, self._added, whole=True)
        elif new is _MISSING:
            _collect(old, schema, path, self._removed, whole=True)
        elif old == new and type(old) is type(new):
            return
        elif isinstance(old, dict) and isinstance(new, dict) and not (schema and schema.atomic_map):
            self._maps(old, new, schema, path)
        elif isinstance(old, list) and isinstance(new, list) and schema and schema.list_type != "atomic":
            self._lists(old, new, schema, path)
        else:
            self._modified.add(path)

    def _maps(self, old: Object, new: Object, schema: Schema | None, path: Path) -> None:
        for key in old.keys() | new.keys():
            child = schema.field(key) if schema else None
            self._compare(old.get(key, _MISSING), new.get(key, _MISSING), child, (*path, f"f:{key}"))

    def _lists(self, old: list[Json], new: list[Json], schema: Schema, path: Path) -> None:
        before, after = dict(elements(old, schema, path)), dict(elements(new, schema, path))
        for element in before.keys() | after.keys():
            one, other = before.get(element, _MISSING), after.get(element, _MISSING)
            if one is _MISSING:
                self._added.add((*path, element))
            elif other is _MISSING:
                self._removed.add((*path, element))
            self._compare(one, other, schema.items, (*path, element))


def with_parents(fields: Fields, schema: Schema | None) -> Fields:
    """Add the declared fields on the way to each path, so that a struct counts as owned with what is in it."""
    found = set(fields)
    for path in fields:
        node = schema
        for depth, element in enumerate(path[:-1], start=1):
            declared = node is not None and element.startswith("f:") and element[2:] in node.fields
            node = _step(node, element)
            if declared:
                found.add(path[:depth])
    return frozenset(found)


def _step(schema: Schema | None, element: str) -> Schema | None:
    if schema is None:
        return None
    return schema.field(element[2:]) if element.startswith("f:") else schema.items


def to_v1(fields: Iterable[Path]) -> Object:
    """Write a set as fieldsV1: a trie in which `.` marks a member that has others below."""
    root: Object = {}
    for path in sorted(fields):
        node = root
        for element in path[:-1]:
            below = node.get(element)
            if below is None:
                below = node[element] = {}
            elif not below:
                below["."] = {}
            node = below
        node[path[-1]] = {}
    return root


def from_v1(trie: Object) -> Fields:
    """Read a set from fieldsV1."""
    found: set[Path] = set()
    _read(trie, (), found)
    return frozenset(found)


def _read(trie: Object, path: Path, found: set[Path]) -> None:
    for element, below in trie.items():
        if element == ".":
            found.add(path)
        elif not below:
            found.add((*path, element))
        else:
            _read(below, (*path, element), found)


def written(path: Path) -> str:
    """Write a path for people: `.spec.containers[name="a"].image`."""
    return "".join(_written(element) for element in path)


def _written(element: str) -> str:
    mark, text = element[0], element[2:]
    if mark == "f":
        return f".{text}"
    if mark == "k":
        keys: Object = json.loads(text)
        return "[" + ",".join(f"{key}={_compact(value)}" for key, value in keys.items()) + "]"
    return f"[={text}]" if mark == "v" else f"[{text}]"


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))
