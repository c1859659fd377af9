"""Server-side apply: merging an applied configuration into an object, and removing what is applied no longer.

The rules are those of sigs.k8s.io/structured-merge-diff v6 (merge/update.go, typed/merge.go, typed/remove.go; read
November 2026) and of kubernetes.io, "Server-Side Apply". Called by the PATCH verb, through `ownership`. Pure.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.errors import Untyped
from mlinfra.sandbox.kubernetes.fields import Fields, elements, with_parents, written
from mlinfra.sandbox.kubernetes.fields import Path as FieldPath
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object

_NUMBERS = (int, float)


def merge(old: Json, applied: Json, schema: Schema | None) -> Json:
    """Give `old` with what is applied laid over it; items of map and set lists are found by their keys."""
    if isinstance(old, dict) and isinstance(applied, dict) and not (schema and schema.atomic_map):
        merged = dict(old)
        for key, value in applied.items():
            child = schema.field(key) if schema else None
            merged[key] = merge(old[key], value, child) if key in old else value
        return merged
    if isinstance(old, list) and isinstance(applied, list) and schema and schema.list_type != "atomic":
        return _merge_lists(old, applied, schema)
    return applied


def _merge_lists(old: list[Json], applied: list[Json], schema: Schema) -> list[Json]:
    """Items in both stand in the order applied, items of one side after what they followed; old ones go first."""
    before, wanted = list(elements(old, schema)), dict(elements(applied, schema))
    named = dict(before)
    shared = iter([element for element in wanted if element in named])
    following = next(shared, None)
    merged: list[Json] = []
    position = 0
    for element, item in wanted.items():
        while position < len(before) and before[position][0] not in (element, following):
            name, kept = before[position]
            if name not in wanted:
                merged.append(kept)
            position += 1
        merged.append(merge(named[element], item, schema.items) if element in named else item)
        if element == following:
            following = next(shared, None)
    return merged + [kept for name, kept in before[position:] if name not in wanted]


def prune(merged: Object, last: Fields, present: Fields, schema: Schema | None) -> Object:
    """Remove what the manager applied before (`last`) and what no manager owns now (`present`: the union of all)."""
    gone = with_parents(last, schema) - with_parents(present, schema)
    if not gone:
        return merged
    kept = _without(merged, _trie(gone), schema)
    return kept if isinstance(kept, dict) else {}


_END = ""


def _trie(fields: Fields) -> Object:
    root: Object = {}
    for path in fields:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node[_END] = {}
    return root


def _without(value: Json, gone: Object, schema: Schema | None) -> Json:
    """Give the value less the paths of a trie; None where nothing is left of it."""
    if isinstance(value, dict):
        return _map_without(value, gone, schema)
    if isinstance(value, list) and schema and schema.list_type != "atomic":
        kept_items: list[Json] = []
        for element, item in elements(value, schema):
            below = gone.get(element)
            kept = item if below is None else None if _END in below else _without(item, below, schema.items)
            if kept is not None:
                kept_items.append(kept)
        return kept_items or None
    return value


def _map_without(value: Object, gone: Object, schema: Schema | None) -> Object | None:
    kept_keys: Object = {}
    for key, item in value.items():
        below = gone.get(f"f:{key}")
        child = schema.field(key) if schema else None
        kept = item if below is None else None if _END in below else _without(item, below, child)
        if kept is not None or below is None:
            kept_keys[key] = kept
    return kept_keys or None


def check_typed(value: Json, schema: Schema | None, path: FieldPath = ()) -> None:
    """Refuse an applied configuration that its schema cannot take: unknown fields, wrong types, keys given twice."""
    if schema is None or value is None:
        return
    _check_type(value, schema, path)
    if isinstance(value, dict) and not schema.opaque:
        for key, item in value.items():
            below = (*path, f"f:{key}")
            child = schema.field(key)
            if child is None and not schema.preserves:
                raise Untyped(f"{written(below)}: field not declared in schema")
            check_typed(item, child, below)
    elif isinstance(value, list):
        _check_list(value, schema, path)


def _check_list(value: list[Json], schema: Schema, path: FieldPath) -> None:
    if schema.list_type == "atomic":
        for item in value:
            check_typed(item, schema.items, (*path, "i:0"))
        return
    seen: set[str] = set()
    for element, item in elements(value, schema, path):
        if element in seen:
            raise Untyped(f"{written(path)}: duplicate entries for key {written((element,))}")
        seen.add(element)
        check_typed(item, schema.items, (*path, element))


_EXPECTED = {"object": "map", "array": "list", "string": "string", "boolean": "boolean"}


def _check_type(value: Json, schema: Schema, path: FieldPath) -> None:
    if schema.int_or_string or not schema.type or (schema.opaque and not isinstance(value, (str, int, float, bool))):
        return
    right = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
    }.get(schema.type, isinstance(value, _NUMBERS) and not isinstance(value, bool))
    if not right:
        expected = _EXPECTED.get(schema.type, "numeric (int or float)")
        raise Untyped(f"{written(path)}: expected {expected}, got &value.valueUnstructured{{Value:{value!r}}}")
