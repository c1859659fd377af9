"""Strategic merge patch: a merge patch that finds list items by their merge key, and knows directives.

The rules are those of kubernetes/community, "Strategic Merge Patch": `$patch` (merge, replace, delete), `$retainKeys`,
`$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`; keys and strategies come from the schema
(x-kubernetes-patch-merge-key, x-kubernetes-patch-strategy). Built-in kinds only. Called by the PATCH verb. Pure.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.errors import bad_request
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object

_DELETE = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def strategic_merge(target: Object, patch: Object, schema: Schema | None) -> Object:
    """Give the target with the patch merged in."""
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    merged = dict(target)
    if "$retainKeys" in patch:
        merged = {key: value for key, value in merged.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(merged, key, value, schema)
    for key, value in patch.items():
        if key.startswith(_DELETE):
            field = key.removeprefix(_DELETE)
            merged[field] = [item for item in merged.get(field) or () if item not in value]
        elif key.startswith(_ORDER):
            _reorder(merged, key.removeprefix(_ORDER), value, schema)
    return merged


def _merge_field(merged: Object, key: str, value: Json, schema: Schema | None) -> None:
    child = schema.field(key) if schema else None
    if value is None:
        merged.pop(key, None)
    elif isinstance(value, dict):
        before = merged.get(key)
        if child is not None and "replace" in child.merge_strategies:
            merged[key] = value
        else:
            merged[key] = strategic_merge(before if isinstance(before, dict) else {}, value, child)
    elif isinstance(value, list) and child is not None and "merge" in child.merge_strategies:
        merged[key] = _merge_list(merged.get(key) or [], value, child)
    else:
        merged[key] = value


def _merge_list(target: list[Json], patch: list[Json], schema: Schema) -> list[Json]:
    key = schema.merge_key
    if key is None:
        return target + [item for item in patch if item not in target]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" and key not in item for item in patch):
        return [item for item in patch if not (isinstance(item, dict) and item.get("$patch") == "replace")]
    merged = list(target)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        position = next((index for index, old in enumerate(merged) if old.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [old for old in merged if old.get(key) != item[key]]
        elif position is None:
            merged.append({name: value for name, value in item.items() if name != "$patch"})
        else:
            merged[position] = {**strategic_merge(merged[position], item, schema.items), key: item[key]}
    return merged


def _reorder(merged: Object, field: str, order: list[Json], schema: Schema | None) -> None:
    """Put the items that the patch orders in its order; others keep their place after what they followed."""
    items = merged.get(field)
    child = schema.field(field) if schema else None
    if not isinstance(items, list):
        return
    key = child.merge_key if child is not None else None
    names = [entry.get(key) if key and isinstance(entry, dict) else entry for entry in order]

    def name(item: Json) -> Json:
        return item.get(key) if key and isinstance(item, dict) else item

    ordered = sorted((item for item in items if name(item) in names), key=lambda item: names.index(name(item)))
    found = iter(ordered)
    merged[field] = [next(found) if name(item) in names else item for item in items]
