"""Reading JSON Schemas: references followed, compositions laid flat, and which kinds of value a schema admits.

`schema`, `conformance` and `violation` share it. It knows nothing of values or positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from mlinfra.core.value import Base64, Concat, Expression, Json, PathPart, Secret, TrimPrefix, Value

Definition: TypeAlias = Mapping[str, Any]

_ANYTHING: Definition = {}
_NOTHING: Definition = {"not": {}}
_TEXTS = (Secret, Concat, Json, Base64, TrimPrefix)


def kind_of(value: Value) -> str:
    """The JSON type of plain data; a whole number is an `integer`, and a bool never a number."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case dict():
            return "object"
    return "array"


def _is_whole(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


_IS: dict[str, Callable[[Value], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list | tuple),
}


def is_text(value: Expression) -> bool:
    """Whether an expression certainly makes text."""
    return isinstance(value, _TEXTS)


def is_kind(value: Value, kinds: Sequence[str]) -> bool:
    """Whether `value` is of one of these JSON types. An expression is, unless it makes text and none is wanted."""
    if isinstance(value, Expression):
        return "string" in kinds or not is_text(value)
    return any(_IS[kind](value) for kind in kinds)


class Subschemas:
    """The parts of one schema document. Flattened forms are kept, by the identity of what they are made from."""

    def __init__(self, root: Definition) -> None:
        self.root = root
        self._flat: dict[int, Definition] = {}
        self._kinds: dict[int, frozenset[str] | None] = {}
        self._fitted: dict[tuple[int, int], Definition] = {}

    def at(self, reference: str) -> Definition:
        """The schema that a local reference (`#/$defs/Volume`) names."""
        found: Any = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            found = found[part.replace("~1", "/").replace("~0", "~")]
        return _definition(found)

    def flat(self, schema: Definition | bool) -> Definition:
        """`schema` with its `$ref` and `allOf` merged in, at this level."""
        if isinstance(schema, bool):
            return _definition(schema)
        if "$ref" not in schema and "allOf" not in schema:
            return schema
        if id(schema) not in self._flat:
            merged: Definition = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            if "$ref" in schema:
                merged = _merged(self.flat(self.at(schema["$ref"])), merged)
            for part in schema.get("allOf", ()):
                merged = _merged(self.flat(part), merged)
            self._flat[id(schema)] = merged
        return self._flat[id(schema)]

    def below(self, schema: Definition, part: PathPart) -> Definition:
        """The flat schema of one property or item of a flat schema; of anything, where nothing is said."""
        if isinstance(part, int):
            prefix = schema.get("prefixItems", ())
            return self.flat(prefix[part] if part < len(prefix) else schema.get("items", _ANYTHING))
        found = schema.get("properties", {}).get(part)
        return self.flat(schema.get("additionalProperties", _ANYTHING) if found is None else found)

    def branches(self, schema: Definition) -> list[Definition]:
        """The flat alternatives of a union, each with what the union itself says; none where it is no union."""
        found = []
        for branch in schema.get("anyOf") or schema.get("oneOf") or ():
            key = (id(schema), id(branch))
            if key not in self._fitted:
                shared = {name: value for name, value in schema.items() if name not in ("anyOf", "oneOf")}
                self._fitted[key] = _merged(self.flat(branch), shared)
            found.append(self._fitted[key])
        return found

    def kinds(self, schema: Definition) -> frozenset[str] | None:
        """The JSON types that a flat schema admits; `None` for all."""
        if id(schema) not in self._kinds:
            self._kinds[id(schema)] = self._kinds_of(schema)
        return self._kinds[id(schema)]

    def _kinds_of(self, schema: Definition) -> frozenset[str] | None:
        if "type" in schema:
            return frozenset([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
        if "enum" in schema or "const" in schema:
            return frozenset(map(kind_of, schema.get("enum", [schema.get("const")])))
        branches = [self.kinds(branch) for branch in self.branches(schema)]
        if not branches or None in branches:
            return None
        return frozenset().union(*(kinds for kinds in branches if kinds is not None))


def _definition(schema: Definition | bool) -> Definition:
    if isinstance(schema, bool):
        return _ANYTHING if schema else _NOTHING
    return schema


def _merged(under: Definition, over: Definition) -> Definition:
    properties = {**under.get("properties", {}), **over.get("properties", {})}
    required = [*under.get("required", ()), *over.get("required", ())]
    return {
        **under,
        **over,
        **({"properties": properties} if properties else {}),
        **({"required": required} if required else {}),
    }
