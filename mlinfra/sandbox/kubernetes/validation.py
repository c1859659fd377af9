"""Validation of objects: required fields and `checks` for built-in kinds, all of the structural schema for custom ones.

Sentences are those worded after the API server's own validator.
CEL rules (x-kubernetes-validations) are stored and published, but not evaluated. Called by `rules`.
Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes.checks import by_definition
from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, missing_field
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object


def find_errors(obj: Object, schema: Schema, skip: frozenset[str] = frozenset()) -> list[FieldError]:
    """Give all faults of an object; keys at its root named in `skip` are not looked at."""
    found = list(_missing(obj, schema, ""))
    for key, value in obj.items():
        child = schema.field(key)
        if child is not None and key not in skip:
            found += _find(value, child, key)
    return found


def _find(value: Json, schema: Schema, path: str) -> Iterator[FieldError]:
    if value is None:
        return
    if schema.custom:
        wrong = _wrong_type(value, schema, path)
        if wrong:
            yield wrong
            return
        yield from _constraints(value, schema, path)
    if isinstance(value, dict):
        yield from _missing(value, schema, path)
        if not schema.custom:
            yield from by_definition.check(value, schema.short_name, path)
        for key, item in value.items():
            child = schema.field(key)
            if child is not None:
                yield from _find(item, child, f"{path}.{key}")
    elif isinstance(value, list) and schema.items is not None:
        for index, item in enumerate(value):
            yield from _find(item, schema.items, f"{path}[{index}]")
        if schema.list_type != "atomic":
            yield from _duplicates(value, schema, path)


def _missing(value: Object, schema: Schema, path: str) -> Iterator[FieldError]:
    for key in schema.required:
        if value.get(key) is None:
            yield missing_field(f"{path}.{key}" if path else key)


def _wrong_type(value: Json, schema: Schema, path: str) -> FieldError | None:
    if schema.int_or_string:
        right, expected = isinstance(value, (int, str)) and not isinstance(value, bool), "integer,string"
    else:
        right, expected = _is_a(value, schema.type), schema.type
    if right:
        return None
    found = _type_of(value)
    shown = f'"{found}"'
    why = f"Invalid value: {shown}: {path} in body must be of type {expected}: {shown}"
    return FieldError(path, "FieldValueTypeInvalid", why)


def _is_a(value: Json, name: str) -> bool:
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return not name or _type_of(value) == name


def _type_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _constraints(value: Json, schema: Schema, path: str) -> Iterator[FieldError]:
    raw = schema.raw
    if schema.enum is not None and value not in schema.enum:
        allowed = ", ".join(json.dumps(item) for item in schema.enum)
        yield FieldError(path, "FieldValueNotSupported", f"Unsupported value: {json.dumps(value)}: "
                         f"supported values: {allowed}")  # fmt: skip
    for word, test, sentence in _RULES:
        if word in raw and not test(value, raw[word], raw):
            yield invalid_field(path, value, f"{path} in body should {sentence.format(raw[word])}")
    yield from _combinations(value, schema, path)


def _length(value: Json) -> int | None:
    return len(value) if isinstance(value, str) else None


def _size(value: Json, kind: type[list[Json]] | type[Object]) -> int | None:
    return len(value) if isinstance(value, kind) else None


def _number(value: Json) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _at_least(value: float | None, bound: float, exclusive: bool = False) -> bool:
    return value is None or (value > bound if exclusive else value >= bound)


def _at_most(value: float | None, bound: float, exclusive: bool = False) -> bool:
    return value is None or (value < bound if exclusive else value <= bound)


_Test = Callable[[Json, Json, Object], bool]
_RULES: tuple[tuple[str, _Test, str], ...] = (
    ("minimum", lambda v, b, raw: _at_least(_number(v), b, raw.get("exclusiveMinimum", False)),
     "be greater than or equal to {}"),
    ("maximum", lambda v, b, raw: _at_most(_number(v), b, raw.get("exclusiveMaximum", False)),
     "be less than or equal to {}"),
    ("multipleOf", lambda v, b, _: _number(v) is None or _number(v) % b == 0, "be a multiple of {}"),
    ("minLength", lambda v, b, _: _at_least(_length(v), b), "be at least {} chars long"),
    ("maxLength", lambda v, b, _: _at_most(_length(v), b), "be at most {} chars long"),
    ("pattern", lambda v, b, _: not isinstance(v, str) or re.search(b, v) is not None, "match '{}'"),
    ("minItems", lambda v, b, _: _at_least(_size(v, list), b), "have at least {} items"),
    ("maxItems", lambda v, b, _: _at_most(_size(v, list), b), "have at most {} items"),
    ("minProperties", lambda v, b, _: _at_least(_size(v, dict), b), "have at least {} properties"),
    ("maxProperties", lambda v, b, _: _at_most(_size(v, dict), b), "have at most {} properties"),
)  # fmt: skip


def _combinations(value: Json, schema: Schema, path: str) -> Iterator[FieldError]:
    raw = schema.raw
    for part in raw.get("allOf", ()):
        yield from _find(value, schema.part(part), path)
    if "anyOf" in raw and not schema.int_or_string and not any(_fits(value, schema, part) for part in raw["anyOf"]):
        yield invalid_field(path, value, f"{path} in body must validate at least one schema (anyOf)")
    if "oneOf" in raw and sum(_fits(value, schema, part) for part in raw["oneOf"]) != 1:
        yield invalid_field(path, value, f"{path} in body must validate one and only one schema (oneOf)")
    if "not" in raw and _fits(value, schema, raw["not"]):
        yield invalid_field(path, value, f"{path} in body must not validate the schema (not)")


def _fits(value: Json, schema: Schema, part: Object) -> bool:
    return not any(True for _ in _find(value, schema.part(part), ""))


def _duplicates(value: list[Json], schema: Schema, path: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, item in enumerate(value):
        if schema.list_type == "map" and isinstance(item, dict):
            item = {key: item.get(key, schema.key_defaults.get(key)) for key in schema.list_keys}
        text = json.dumps(item, sort_keys=True)
        if text in seen and schema.custom:
            yield FieldError(f"{path}[{index}]", "FieldValueDuplicate", f"Duplicate value: {text}")
        seen.add(text)
