"""Verdicts: whether data satisfy a JSON Schema, where "not known yet" is an answer of its own.

Policies ask. `Schema` takes an expression for whatever fits; here it is unknown wherever a keyword constrains it, and
unknown is no pass. Evaluated in Kleene's logic, so that `not`, `anyOf` and `if` stay right: a pass and a fail hold
whatever the expressions will be. `Json` and JSON text are looked into by `contentSchema`, which asserts here.

Understands the keywords of `KEYWORDS` and refuses all others when a schema is compiled, rather than pass over them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Any

from mlinfra.core.value import Base64, Concat, Expression, Json, Path, Ref, Value
from mlinfra.documents.composed import composed_document
from mlinfra.documents.conformance import is_number, is_same, pattern
from mlinfra.documents.subschema import Definition, Subschemas, is_kind, is_text


class Verdict(IntEnum):
    """In the order of Kleene's logic: `and` is the least, `or` the greatest."""

    FAIL = 0
    UNKNOWN = 1
    PASS = 2

    @classmethod
    def of(cls, holds: bool) -> Verdict:
        """Of what is known."""
        return cls.PASS if holds else cls.FAIL


Judge = Callable[[Value], int]

_FAIL, _UNKNOWN, _PASS = 0, 1, 2
_SILENT = frozenset({"$schema", "$comment", "$defs", "title", "description", "examples", "default"})
_COMPANIONS = frozenset({"then", "else", "contentMediaType", "contentEncoding"})  # read with `if` and `contentSchema`


class UnusableSchemaError(ValueError):
    """A schema that asks for what verdicts do not know."""


class Criterion:
    """One schema, compiled to be asked many times.

    Raises `UnusableSchemaError` for a keyword that it does not know. That operands are of the right form is for
    `fault.schema_fault` to say, which takes longer.
    """

    def __init__(self, definition: Definition) -> None:
        self._subschemas = Subschemas(definition)
        self._judges: dict[int, Judge] = {}
        self._parts: dict[int, list[tuple[str, Any, Judge]]] = {}
        self._definition = definition
        self._judge = self.judge(definition)

    def verdict(self, value: Value) -> Verdict:
        """Whether `value` satisfies the schema."""
        return Verdict(self._judge(value))

    def passes(self, value: Value) -> bool:
        """Whether it certainly does: the quick question."""
        return self._judge(value) == _PASS

    def culprits(self, value: Value) -> tuple[Path, ...]:
        """Where in `value`, outside of documents within it, that shows which keeps it from passing."""
        return tuple(dict.fromkeys(self._culprits(self._definition, value, ())))

    def judge(self, schema: Definition | bool) -> Judge:
        """The compiled form of one part of the schema."""
        if isinstance(schema, bool):
            return _always if schema else _never
        known = self._judges.get(id(schema))
        if known is None:
            # A schema may contain itself: what refers to it meanwhile finds it by its identity.
            self._judges[id(schema)] = lambda value: self._judges[id(schema)](value)
            known = self._judges[id(schema)] = self._compile(schema)
        return known

    def _compile(self, schema: Definition) -> Judge:
        parts = self._parts[id(schema)] = []
        for keyword, operand in schema.items():
            if keyword in _SILENT or keyword in _COMPANIONS:
                continue
            if keyword not in _MAKERS:
                raise UnusableSchemaError(f"the keyword {keyword} is not one that rules may use")
            parts.append((keyword, operand, _MAKERS[keyword](self, operand, schema)))
        return _every([judge for _, _, judge in parts])

    def _culprits(self, schema: Definition | bool, value: Value, path: Path) -> Iterator[Path]:
        if isinstance(schema, bool) or self.judge(schema)(value) == _PASS:
            if schema is False:
                yield path
            return
        for keyword, operand, judge in self._parts[id(schema)]:
            if judge(value) == _PASS:
                continue
            below = list(self._below(keyword, operand, value))
            if not below:
                yield path
            for part, inner, item in below:
                yield from self._culprits(inner, item, (*path, *part))

    def _below(self, keyword: str, operand: Any, value: Value) -> Iterator[tuple[Path, Definition | bool, Value]]:
        """The parts of `value` that a keyword asks something of, each with what is asked."""
        if keyword == "$ref":
            yield (), self._subschemas.at(operand), value
        elif keyword == "allOf":
            yield from (((), schema, value) for schema in operand)
        elif keyword == "properties" and isinstance(value, dict):
            yield from (((name,), schema, value[name]) for name, schema in operand.items() if name in value)
        elif keyword == "items" and isinstance(value, list | tuple):
            yield from (((index,), operand, item) for index, item in enumerate(value))

    # Makers of judges, one for each keyword that holds schemas.

    def _reference(self, operand: str, _: Definition) -> Judge:
        return self.judge(self._subschemas.at(operand))

    def _properties(self, operand: Definition, _: Definition) -> Judge:
        judges = [(name, self.judge(schema)) for name, schema in operand.items()]

        def judged(value: Value) -> int:
            if type(value) is not dict:
                return _elsewhere(value)
            worst = _PASS
            for name, judge in judges:
                if name in value:
                    found = judge(value[name])
                    if found < worst:
                        worst = found
                        if not found:
                            break
                elif worst == _PASS and any(judge(item) != _PASS for item in _hidden(value)):
                    worst = _UNKNOWN
            return worst

        return judged

    def _additional(self, operand: Definition | bool, schema: Definition) -> Judge:
        declared, judge = frozenset(schema.get("properties", ())), self.judge(operand)

        def judged(value: Value) -> int:
            if type(value) is not dict:
                return _elsewhere(value)
            named = [judge(item) for name, item in value.items() if isinstance(name, str) and name not in declared]
            unnamed = [_PASS if judge(item) == _PASS else _UNKNOWN for item in _hidden(value)]
            return min([_PASS, *named, *unnamed])

        return judged

    def _names(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: min([_PASS, *map(judge, value)]) if type(value) is dict else _elsewhere(value)

    def _items(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: min([_PASS, *map(judge, value)]) if _is_list(value) else _elsewhere(value)

    def _contains(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: max([_FAIL, *map(judge, value)]) if _is_list(value) else _elsewhere(value)

    def _any(self, operand: list[Definition], _: Definition) -> Judge:
        judges = [self.judge(schema) for schema in operand]

        def judged(value: Value) -> int:
            best = _FAIL
            for judge in judges:
                found = judge(value)
                if found > best:
                    best = found
                    if found == _PASS:
                        break
            return best

        return judged

    def _all(self, operand: list[Definition], _: Definition) -> Judge:
        return _every([self.judge(schema) for schema in operand])

    def _not(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: _PASS - judge(value)

    def _if(self, operand: Definition | bool, schema: Definition) -> Judge:
        condition, then, other = (
            self.judge(part) for part in (operand, schema.get("then", True), schema.get("else", True))
        )

        def judged(value: Value) -> int:
            met = condition(value)
            if met == _UNKNOWN:
                outcomes = {then(value), other(value)}
                return outcomes.pop() if len(outcomes) == 1 else _UNKNOWN
            return then(value) if met == _PASS else other(value)

        return judged

    def _content(self, operand: Definition | bool, schema: Definition) -> Judge:
        """Asserted, and not only noted: what a document holds is what a rule is about."""
        media, encoding = schema.get("contentMediaType", ""), schema.get("contentEncoding", "")
        if media not in ("", "application/json") or encoding not in ("", "base64"):
            raise UnusableSchemaError(f"content of {media} {encoding} cannot be looked into".replace("  ", " "))
        judge = self.judge(operand)

        def judged(value: Value) -> int:
            found, content = _opened(value, encoded=bool(encoding), is_json=bool(media))
            return judge(content) if found == _PASS else found

        return judged


def _opened(value: Value, *, encoded: bool, is_json: bool) -> tuple[int, Value]:
    """What a document holds, with `PASS`; `FAIL` for what is no such document, `UNKNOWN` for one not known yet."""
    try:
        if encoded and isinstance(value, Base64):
            value = value.content
        elif encoded and isinstance(value, str):
            value = base64.b64decode(value, validate=True).decode(errors="replace")
        if is_json and isinstance(value, Json):
            return _PASS, value.content
        if is_json and isinstance(value, str):
            return _PASS, json.loads(value)
        if is_json and isinstance(value, Concat) and (document := composed_document(value)) is not None:
            return _PASS, document
    except (ValueError, binascii.Error, RecursionError):
        return _FAIL, None
    return (_UNKNOWN, None) if is_json and isinstance(value, Expression) else (_PASS, value)


def _always(value: Value) -> int:
    return _PASS


def _never(value: Value) -> int:
    return _FAIL


def _elsewhere(value: Value) -> int:
    """What a keyword for one kind says of another: nothing, unless that may still become of it."""
    return _UNKNOWN if isinstance(value, Expression) and not makes_text(value) else _PASS


def _is_list(value: Value) -> bool:
    return type(value) is list or type(value) is tuple


def _hidden(value: dict[Any, Any]) -> list[Value]:
    """What stands under keys that are not known yet."""
    return [item for name, item in value.items() if type(name) is not str]


def _every(judges: list[Judge]) -> Judge:
    match judges:
        case []:
            return _always
        case [only]:
            return only

    def judged(value: Value) -> int:
        worst = _PASS
        for judge in judges:
            found = judge(value)
            if found < worst:
                worst = found
                if found == _FAIL:
                    break
        return worst

    return judged


def _type(_: Criterion, operand: str | list[str], __: Definition) -> Judge:
    kinds = [operand] if isinstance(operand, str) else operand

    def judged(value: Value) -> int:
        if isinstance(value, Expression):
            return _UNKNOWN if not makes_text(value) else _PASS if "string" in kinds else _FAIL
        return _PASS if is_kind(value, kinds) else _FAIL

    return judged


def makes_text(value: Expression) -> bool:
    """Whether an expression certainly makes text: outputs called `arn` or `secretArn`, and text that begins so."""
    return is_text(value) or (isinstance(value, Ref) and _is_arn(value))


def _is_arn(value: Ref) -> bool:
    last = value.path[-1] if value.path else ""
    return isinstance(last, str) and (last == "arn" or last.endswith("Arn"))


def _among(allowed: list[Value]) -> Judge:
    if any(isinstance(item, dict | list) for item in allowed):
        raise UnusableSchemaError("const and enum hold plain values only")

    def judged(value: Value) -> int:
        if isinstance(value, Expression):
            return _UNKNOWN if any(could_be(value, item) for item in allowed) else _FAIL
        return _PASS if any(is_same(value, item) for item in allowed) else _FAIL

    return judged


def could_be(value: Expression, item: Value) -> bool:
    """Whether an expression might turn out to be the plain value `item`."""
    if not isinstance(item, str):
        return not makes_text(value)
    if isinstance(value, Ref):
        return item.startswith("arn:") or not _is_arn(value)
    if isinstance(value, Concat) and value.parts:
        first, last = value.parts[0], value.parts[-1]
        return (
            all(part in item for part in value.parts if isinstance(part, str))
            and (not isinstance(first, str) or item.startswith(first))
            and (not isinstance(last, str) or item.endswith(last))
        )
    return True


def _required(_: Criterion, operand: list[str], __: Definition) -> Judge:
    def judged(value: Value) -> int:
        if type(value) is not dict:
            return _elsewhere(value)
        for name in operand:
            if name not in value:
                missing = sum(name not in value for name in operand)
                return _UNKNOWN if len(_hidden(value)) >= missing else _FAIL
        return _PASS

    return judged


def _pattern(_: Criterion, operand: str, __: Definition) -> Judge:
    compiled = pattern(operand)

    def judged(value: Value) -> int:
        if isinstance(value, str):
            return _PASS if compiled.search(value) else _FAIL
        return _UNKNOWN if isinstance(value, Expression) else _PASS

    return judged


def _number(fits: Callable[[Any, Any], bool]) -> Callable[[Criterion, Any, Definition], Judge]:
    def made(_: Criterion, bound: Any, __: Definition) -> Judge:
        return lambda value: (_PASS if fits(value, bound) else _FAIL) if is_number(value) else _elsewhere(value)

    return made


def _length(fits: Callable[[int, int], bool]) -> Callable[[Criterion, Any, Definition], Judge]:
    def made(_: Criterion, bound: int, __: Definition) -> Judge:
        def judged(value: Value) -> int:
            if isinstance(value, str):
                return _PASS if fits(len(value), bound) else _FAIL
            return _UNKNOWN if isinstance(value, Expression) else _PASS

        return judged

    return made


def _count(fits: Callable[[int, int], bool]) -> Callable[[Criterion, Any, Definition], Judge]:
    def made(_: Criterion, bound: int, __: Definition) -> Judge:
        return lambda value: (_PASS if fits(len(value), bound) else _FAIL) if _is_list(value) else _elsewhere(value)

    return made


_MAKERS: Mapping[str, Callable[[Criterion, Any, Definition], Judge]] = {
    "$ref": Criterion._reference,
    "type": _type,
    "const": lambda _, operand, __: _among([operand]),
    "enum": lambda _, operand, __: _among(operand),
    "properties": Criterion._properties,
    "required": _required,
    "additionalProperties": Criterion._additional,
    "propertyNames": Criterion._names,
    "items": Criterion._items,
    "contains": Criterion._contains,
    "anyOf": Criterion._any,
    "allOf": Criterion._all,
    "not": Criterion._not,
    "if": Criterion._if,
    "contentSchema": Criterion._content,
    "pattern": _pattern,
    "minimum": _number(lambda value, bound: value >= bound),
    "maximum": _number(lambda value, bound: value <= bound),
    "exclusiveMinimum": _number(lambda value, bound: value > bound),
    "exclusiveMaximum": _number(lambda value, bound: value < bound),
    "minLength": _length(lambda size, bound: size >= bound),
    "maxLength": _length(lambda size, bound: size <= bound),
    "minItems": _count(lambda size, bound: size >= bound),
    "maxItems": _count(lambda size, bound: size <= bound),
}
KEYWORDS = frozenset(_MAKERS) | _SILENT | _COMPANIONS
