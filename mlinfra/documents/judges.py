"""Judges: what single keywords of a JSON Schema say of a value, where "not known yet" is an answer of its own.

`verdict` puts them together. A judge answers `FAIL`, `UNKNOWN` or `PASS`, numbers in the order of Kleene's logic:
`and` is the least of them, `or` the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlinfra.core.value import Concat, Expression, Ref, Value
from mlinfra.documents.conformance import is_number, is_same, pattern
from mlinfra.documents.subschema import is_kind, is_text

Judge = Callable[[Value], int]

FAIL, UNKNOWN, PASS = 0, 1, 2


class UnusableSchemaError(ValueError):
    """A schema that asks for what verdicts do not know."""


def always(value: Value) -> int:
    """Whatever it is, it passes."""
    return PASS


def never(value: Value) -> int:
    """Whatever it is, it fails."""
    return FAIL


def elsewhere(value: Value) -> int:
    """What a keyword for one kind says of another: nothing, unless that may still become of it."""
    return UNKNOWN if isinstance(value, Expression) and not _makes_text(value) else PASS


def is_list(value: Value) -> bool:
    """Whether it is what JSON calls an array."""
    return type(value) is list or type(value) is tuple


def hidden(value: dict[Any, Any]) -> list[Value]:
    """What stands under keys that are not known yet."""
    return [item for name, item in value.items() if type(name) is not str]


def every(judges: list[Judge]) -> Judge:
    """All of them, as one."""
    match judges:
        case []:
            return always
        case [only]:
            return only

    def judged(value: Value) -> int:
        worst = PASS
        for judge in judges:
            found = judge(value)
            if found < worst:
                worst = found
                if found == FAIL:
                    break
        return worst

    return judged


def _of_kinds(operand: str | list[str]) -> Judge:
    kinds = [operand] if isinstance(operand, str) else operand

    def judged(value: Value) -> int:
        if isinstance(value, Expression):
            return UNKNOWN if not _makes_text(value) else PASS if "string" in kinds else FAIL
        return PASS if is_kind(value, kinds) else FAIL

    return judged


def _makes_text(value: Expression) -> bool:
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
            return UNKNOWN if any(_could_be(value, item) for item in allowed) else FAIL
        return PASS if any(is_same(value, item) for item in allowed) else FAIL

    return judged


def _could_be(value: Expression, item: Value) -> bool:
    """Whether an expression might turn out to be the plain value `item`."""
    if not isinstance(item, str):
        return not _makes_text(value)
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


def _required(operand: list[str]) -> Judge:
    def judged(value: Value) -> int:
        if type(value) is not dict:
            return elsewhere(value)
        for name in operand:
            if name not in value:
                missing = sum(name not in value for name in operand)
                return UNKNOWN if len(hidden(value)) >= missing else FAIL
        return PASS

    return judged


def _matching(operand: str) -> Judge:
    compiled = pattern(operand)

    def judged(value: Value) -> int:
        if isinstance(value, str):
            return PASS if compiled.search(value) else FAIL
        return UNKNOWN if isinstance(value, Expression) else PASS

    return judged


def _number(fits: Callable[[Any, Any], bool]) -> Callable[[Any], Judge]:
    def made(bound: Any) -> Judge:
        return lambda value: (PASS if fits(value, bound) else FAIL) if is_number(value) else elsewhere(value)

    return made


def _length(fits: Callable[[int, int], bool]) -> Callable[[Any], Judge]:
    def made(bound: int) -> Judge:
        def judged(value: Value) -> int:
            if isinstance(value, str):
                return PASS if fits(len(value), bound) else FAIL
            return UNKNOWN if isinstance(value, Expression) else PASS

        return judged

    return made


def _count(fits: Callable[[int, int], bool]) -> Callable[[Any], Judge]:
    def made(bound: int) -> Judge:
        return lambda value: (PASS if fits(len(value), bound) else FAIL) if is_list(value) else elsewhere(value)

    return made


# The keywords that hold no schemas, each with what makes a judge of its operand.
PLAIN: Mapping[str, Callable[[Any], Judge]] = {
    "type": _of_kinds,
    "const": lambda operand: _among([operand]),
    "enum": _among,
    "required": _required,
    "pattern": _matching,
    "minimum": _number(lambda value, bound: value >= bound),
    "maximum": _number(lambda value, bound: value <= bound),
    "exclusiveMinimum": _number(lambda value, bound: value > bound),
    "exclusiveMaximum": _number(lambda value, bound: value < bound),
    "minLength": _length(lambda size, bound: size >= bound),
    "maxLength": _length(lambda size, bound: size <= bound),
    "minItems": _count(lambda size, bound: size >= bound),
    "maxItems": _count(lambda size, bound: size <= bound),
}
