"""Conformance: a quick yes for data that certainly fit a schema.

`Schema` asks it first, since jsonschema takes a hundred times longer to find nothing. A schema is compiled into one
function of a value; of a keyword that it does not know it answers no, and jsonschema decides. It never explains.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sized
from functools import lru_cache
from typing import Any

from mlinfra.core.value import Expression, Value
from mlinfra.documents.subschema import Definition, Subschemas, is_kind

Test = Callable[[Value], bool]

# Keywords that describe and do not constrain; `properties` and the like are read where their companions are.
_SILENT = frozenset({
    "$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated", "format",
    "discriminator", "readOnly", "writeOnly", "contentMediaType",
})  # fmt: skip


@lru_cache(maxsize=1024)
def pattern(text: str) -> re.Pattern[str]:
    """A schema's regular expression, where a final `$` means the end and not also the line end before it.

    Raises `re.error`, and `OverflowError` or `RecursionError` for one that no machine could hold.
    """
    if text.endswith("$") and not text.endswith("\\$"):
        text = text[:-1] + r"\Z"
    with warnings.catch_warnings():  # of what other versions of Python may make of it
        warnings.simplefilter("ignore")
        return re.compile(text)


def is_same(left: Value, right: Value) -> bool:
    """Whether two scalars are one JSON value: 1 is 1.0, and not true."""
    scalars = not isinstance(left, dict | list)
    return scalars and isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def is_number(value: Value) -> bool:
    """Whether it is a number, and a known one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Conformance:
    """The compiled form of one schema document. `unknown`: the keywords in it that are left to jsonschema."""

    def __init__(self, subschemas: Subschemas) -> None:
        self._subschemas = subschemas
        self._tests: dict[int, Test] = {}
        self.unknown: set[str] = set()

    def test(self, schema: Definition | bool) -> Test:
        """The test for one of its parts."""
        if isinstance(schema, bool):
            return _always if schema else _never
        if id(schema) not in self._tests:
            # A schema may contain itself: until it is compiled, what refers to it finds it by its identity.
            self._tests[id(schema)] = lambda value: self._tests[id(schema)](value)
            self._tests[id(schema)] = self._compile(schema)
        return self._tests[id(schema)]

    def _compile(self, schema: Definition) -> Test:
        tests = []
        for keyword, operand in schema.items():
            if keyword in _SILENT or keyword.startswith("x-"):
                continue
            maker = _MAKERS.get(keyword)
            if maker is None:
                self.unknown.add(keyword)
                return _never
            tests.append(maker(self, operand, schema))
        match tests:
            case []:
                return _always
            case [only]:
                return only
        return lambda value: all(test(value) for test in tests)

    def _reference(self, operand: str, _: Definition) -> Test:
        return self.test(self._subschemas.at(operand))

    def _properties(self, operand: Definition, _: Definition) -> Test:
        tests = {name: self.test(schema) for name, schema in operand.items()}

        def fits(value: Value) -> bool:
            if not isinstance(value, dict):
                return True
            return all(test(value[name]) for name, test in tests.items() if name in value)

        return fits

    def _additional(self, operand: Definition | bool, schema: Definition) -> Test:
        declared, test = frozenset(schema.get("properties", ())), self.test(operand)
        return lambda value: (
            not isinstance(value, dict) or all(test(item) for name, item in value.items() if name not in declared)
        )

    def _names(self, operand: Definition | bool, _: Definition) -> Test:
        test = self.test(operand)
        return lambda value: not isinstance(value, dict) or all(map(test, value))

    def _items(self, operand: Definition | bool, _: Definition) -> Test:
        test = self.test(operand)
        return lambda value: not isinstance(value, list) or all(map(test, value))

    def _any(self, operand: list[Definition], _: Definition) -> Test:
        tests = [self.test(schema) for schema in operand]
        return lambda value: any(test(value) for test in tests)

    def _one(self, operand: list[Definition], _: Definition) -> Test:
        tests = [self.test(schema) for schema in operand]
        return lambda value: sum(test(value) for test in tests) == 1

    def _all(self, operand: list[Definition], _: Definition) -> Test:
        tests = [self.test(schema) for schema in operand]
        return lambda value: all(test(value) for test in tests)


def _always(value: Value) -> bool:
    return True


def _never(value: Value) -> bool:
    return False


def _type(_: Conformance, operand: str | list[str], __: Definition) -> Test:
    kinds = [operand] if isinstance(operand, str) else operand
    return lambda value: is_kind(value, kinds)


def _among(allowed: list[Value]) -> Test:
    return lambda value: isinstance(value, Expression) or any(is_same(value, item) for item in allowed)


def _number(fits: Callable[[Any, Any], bool]) -> Callable[[Conformance, Any, Definition], Test]:
    return lambda _, bound, __: lambda value: not is_number(value) or fits(value, bound)


def _size(kind: type[Sized], fits: Callable[[int, int], bool]) -> Callable[[Conformance, Any, Definition], Test]:
    return lambda _, bound, __: lambda value: not isinstance(value, kind) or fits(len(value), bound)


def _pattern(_: Conformance, operand: str, __: Definition) -> Test:
    compiled = pattern(operand)
    return lambda value: not isinstance(value, str) or compiled.search(value) is not None


def _required(_: Conformance, operand: list[str], __: Definition) -> Test:
    return lambda value: not isinstance(value, dict) or all(name in value for name in operand)


def _unique(_: Conformance, operand: bool, __: Definition) -> Test:
    def fits(value: Value) -> bool:
        if not operand or not isinstance(value, list):
            return True
        return all(isinstance(item, str) for item in value) and len(set(value)) == len(value)

    return fits


_MAKERS: dict[str, Callable[[Conformance, Any, Definition], Test]] = {
    "type": _type,
    "enum": lambda _, operand, __: _among(operand),
    "const": lambda _, operand, __: _among([operand]),
    "$ref": Conformance._reference,
    "properties": Conformance._properties,
    "additionalProperties": Conformance._additional,
    "propertyNames": Conformance._names,
    "required": _required,
    "items": Conformance._items,
    "anyOf": Conformance._any,
    "oneOf": Conformance._one,
    "allOf": Conformance._all,
    "minimum": _number(lambda value, bound: value >= bound),
    "maximum": _number(lambda value, bound: value <= bound),
    "exclusiveMinimum": _number(lambda value, bound: value > bound),
    "exclusiveMaximum": _number(lambda value, bound: value < bound),
    "multipleOf": _number(lambda value, factor: isinstance(factor, int) and value % factor == 0),
    "minLength": _size(str, lambda size, bound: size >= bound),
    "maxLength": _size(str, lambda size, bound: size <= bound),
    "minItems": _size(list, lambda size, bound: size >= bound),
    "maxItems": _size(list, lambda size, bound: size <= bound),
    "minProperties": _size(dict, lambda size, bound: size >= bound),
    "maxProperties": _size(dict, lambda size, bound: size <= bound),
    "pattern": _pattern,
    "uniqueItems": _unique,
}
