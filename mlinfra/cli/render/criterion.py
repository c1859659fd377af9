"""What a rule demands, in words: a JSON Schema as indented lines that people read. `policy explain` shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.cli.render.value import value_text

Schema = Mapping[str, Any]
Line = tuple[int, str]  # how deep, and what

_KINDS = {"object": "a map", "array": "a list", "string": "a text", "integer": "a whole number", "boolean": "a truth"}
_BOUNDS = {
    "minimum": "is {} or more",
    "maximum": "is {} or less",
    "exclusiveMinimum": "is more than {}",
    "exclusiveMaximum": "is less than {}",
    "minLength": "has {} or more characters",
    "maxLength": "has {} or fewer characters",
    "minItems": "has {} or more items",
    "maxItems": "has {} or fewer items",
    "pattern": "is of the form {}",
}
_NESTED = {
    "not": "not:",
    "items": "each of its items:",
    "contains": "one of its items:",
    "additionalProperties": "each of the others:",
    "propertyNames": "each of its keys:",
    "if": "if:",
    "then": "then:",
    "else": "otherwise:",
    "contentSchema": "the document in it:",
}


def criterion_lines(schema: Schema | bool, depth: int = 0, root: Schema | None = None) -> Iterator[Line]:
    """Every demand, those within another one deeper."""
    if isinstance(schema, bool):
        yield depth, "anything is right" if schema else "nothing is right"
        return
    root = root if root is not None else schema
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in properties:
            yield depth, f"{name} is there"
    for word in _simple(schema):
        yield depth, word
    for name, inner in properties.items():
        yield from _property(name, inner, name in schema.get("required", ()), depth, root)
    for keyword, words in _NESTED.items():
        if keyword in schema:
            yield from _below(words, schema[keyword], depth, root)
    for keyword, words in (("anyOf", "any of these:"), ("allOf", "all of these:")):
        if keyword in schema:
            yield depth, words
            for inner in schema[keyword]:
                yield from _item(inner, depth + 1, root)
    if "$ref" in schema:
        found: Any = root
        for part in str(schema["$ref"]).removeprefix("#").split("/")[1:]:
            found = found[part]
        yield from criterion_lines(found, depth, root) if depth < _DEEPEST else [(depth, "and so on")]


_DEEPEST = 24  # of a schema that contains itself


def _property(name: str, schema: Schema | bool, required: bool, depth: int, root: Schema) -> Iterator[Line]:
    """One property: on one line where it is asked one thing, its path joined where only one thing below is asked."""
    first, *others = criterion_lines(schema, depth + 1, root) or [(depth, "")]
    there = "" if required else "where it is there, "
    if not others and first[0] == depth + 1:
        joined = first[1]
        yield depth, f"{name}.{joined}" if _names(schema) else f"{name}: {there}{joined}"
        return
    yield depth, f"{name}{'' if required else ', where it is there'}:"
    yield first
    yield from others


def _names(schema: Schema | bool) -> bool:
    return isinstance(schema, dict) and bool(schema.get("properties") or schema.get("required"))


def _below(words: str, schema: Schema | bool, depth: int, root: Schema) -> Iterator[Line]:
    inner = list(criterion_lines(schema, depth + 1, root))
    if len(inner) == 1:
        yield depth, f"{words} {inner[0][1]}"
        return
    yield depth, words
    yield from inner


def _item(schema: Schema | bool, depth: int, root: Schema) -> Iterator[Line]:
    """One of several: its lines, the first of them marked."""
    lines: Iterable[Line] = criterion_lines(schema, depth + 1, root)
    for index, (deep, text) in enumerate(lines):
        yield (depth, f"- {text}") if index == 0 else (deep, text)


def _simple(schema: Schema) -> Iterator[str]:
    if "const" in schema:
        yield f"is {value_text(schema['const'])}"
    if "enum" in schema:
        yield f"is {' or '.join(map(value_text, schema['enum']))}"
    if "type" in schema and not (_BOUNDS.keys() | {"const", "enum", "properties", "required", "items"}) & schema.keys():
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        yield f"is {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}"
    for keyword, words in _BOUNDS.items():
        if keyword in schema:
            bound = schema[keyword]
            yield words.format(f'"{bound}"' if str(bound).strip() != str(bound) else bound)
