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

from mlinfra.core.value import Base64, Concat, Expression, Json, Path, Value
from mlinfra.documents.composed import composed_document
from mlinfra.documents.judges import (
    FAIL,
    PASS,
    PLAIN,
    UNKNOWN,
    Judge,
    UnusableSchemaError,
    always,
    elsewhere,
    every,
    hidden,
    is_list,
    never,
)
from mlinfra.documents.subschema import Definition, Subschemas


class Verdict(IntEnum):
    """In the order of Kleene's logic: `and` is the least, `or` the greatest."""

    FAIL = 0
    UNKNOWN = 1
    PASS = 2

    @classmethod
    def of(cls, holds: bool) -> Verdict:
        """Of what is known."""
        return cls.PASS if holds else cls.FAIL


_SILENT = frozenset({"$schema", "$comment", "$defs", "title", "description", "examples", "default"})
_COMPANIONS = frozenset({"then", "else", "contentMediaType", "contentEncoding"})  # read with `if` and `contentSchema`


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
        return self._judge(value) == PASS

    def culprits(self, value: Value) -> tuple[Path, ...]:
        """Where in `value`, outside of documents within it, that shows which keeps it from passing."""
        return tuple(dict.fromkeys(self._culprits(self._definition, value, ())))

    def judge(self, schema: Definition | bool) -> Judge:
        """The compiled form of one part of the schema."""
        if isinstance(schema, bool):
            return always if schema else never
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
            if keyword in PLAIN:
                judge = PLAIN[keyword](operand)
            elif keyword in _MAKERS:
                judge = _MAKERS[keyword](self, operand, schema)
            else:
                raise UnusableSchemaError(f"the keyword {keyword} is not one that rules may use")
            parts.append((keyword, operand, judge))
        return every([judge for _, _, judge in parts])

    def _culprits(self, schema: Definition | bool, value: Value, path: Path) -> Iterator[Path]:
        if isinstance(schema, bool) or self.judge(schema)(value) == PASS:
            if schema is False:
                yield path
            return
        for keyword, operand, judge in self._parts[id(schema)]:
            if judge(value) == PASS:
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
                return elsewhere(value)
            worst = PASS
            for name, judge in judges:
                if name in value:
                    found = judge(value[name])
                    if found < worst:
                        worst = found
                        if not found:
                            break
                elif worst == PASS and any(judge(item) != PASS for item in hidden(value)):
                    worst = UNKNOWN
            return worst

        return judged

    def _additional(self, operand: Definition | bool, schema: Definition) -> Judge:
        declared, judge = frozenset(schema.get("properties", ())), self.judge(operand)

        def judged(value: Value) -> int:
            if type(value) is not dict:
                return elsewhere(value)
            named = [judge(item) for name, item in value.items() if isinstance(name, str) and name not in declared]
            unnamed = [PASS if judge(item) == PASS else UNKNOWN for item in hidden(value)]
            return min([PASS, *named, *unnamed])

        return judged

    def _names(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: min([PASS, *map(judge, value)]) if type(value) is dict else elsewhere(value)

    def _items(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: min([PASS, *map(judge, value)]) if is_list(value) else elsewhere(value)

    def _contains(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: max([FAIL, *map(judge, value)]) if is_list(value) else elsewhere(value)

    def _any(self, operand: list[Definition], _: Definition) -> Judge:
        judges = [self.judge(schema) for schema in operand]

        def judged(value: Value) -> int:
            best = FAIL
            for judge in judges:
                found = judge(value)
                if found > best:
                    best = found
                    if found == PASS:
                        break
            return best

        return judged

    def _all(self, operand: list[Definition], _: Definition) -> Judge:
        return every([self.judge(schema) for schema in operand])

    def _not(self, operand: Definition | bool, _: Definition) -> Judge:
        judge = self.judge(operand)
        return lambda value: PASS - judge(value)

    def _if(self, operand: Definition | bool, schema: Definition) -> Judge:
        condition, then, other = (
            self.judge(part) for part in (operand, schema.get("then", True), schema.get("else", True))
        )

        def judged(value: Value) -> int:
            met = condition(value)
            if met == UNKNOWN:
                outcomes = {then(value), other(value)}
                return outcomes.pop() if len(outcomes) == 1 else UNKNOWN
            return then(value) if met == PASS else other(value)

        return judged

    def _content(self, operand: Definition | bool, schema: Definition) -> Judge:
        """Asserted, and not only noted: what a document holds is what a rule is about."""
        media, encoding = schema.get("contentMediaType", ""), schema.get("contentEncoding", "")
        if media not in ("", "application/json") or encoding not in ("", "base64"):
            raise UnusableSchemaError(f"content of {media} {encoding} cannot be looked into".replace("  ", " "))
        judge = self.judge(operand)

        def judged(value: Value) -> int:
            found, content = _opened(value, encoded=bool(encoding), is_json=bool(media))
            return judge(content) if found == PASS else found

        return judged


def _opened(value: Value, *, encoded: bool, is_json: bool) -> tuple[int, Value]:
    """What a document holds, with `PASS`; `FAIL` for what is no such document, `UNKNOWN` for one not known yet."""
    try:
        if encoded and isinstance(value, Base64):
            value = value.content
        elif encoded and isinstance(value, str):
            value = base64.b64decode(value, validate=True).decode(errors="replace")
        if is_json and isinstance(value, Json):
            return PASS, value.content
        if is_json and isinstance(value, str):
            return PASS, json.loads(value)
        if is_json and isinstance(value, Concat) and (document := composed_document(value)) is not None:
            return PASS, document
    except (ValueError, binascii.Error, RecursionError):
        return FAIL, None
    return (UNKNOWN, None) if is_json and isinstance(value, Expression) else (PASS, value)


_MAKERS: Mapping[str, Callable[[Criterion, Any, Definition], Judge]] = {
    "$ref": Criterion._reference,
    "properties": Criterion._properties,
    "additionalProperties": Criterion._additional,
    "propertyNames": Criterion._names,
    "items": Criterion._items,
    "contains": Criterion._contains,
    "anyOf": Criterion._any,
    "allOf": Criterion._all,
    "not": Criterion._not,
    "if": Criterion._if,
    "contentSchema": Criterion._content,
}
KEYWORDS = frozenset(_MAKERS) | frozenset(PLAIN) | _SILENT | _COMPANIONS
