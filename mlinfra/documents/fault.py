"""Faults: where data break a JSON Schema, as jsonschema finds them.

`violation` puts them into words. The only module that knows jsonschema; beyond the standard it knows expressions,
which fit wherever what they will make may stand, and takes a final `$` of a pattern for the very end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend

from mlinfra.core.value import Expression, Path, Value, expressions, path_text
from mlinfra.documents.conformance import pattern
from mlinfra.documents.subschema import Definition, is_kind

Rule = Callable[[Any, Any, Any, Any], Iterable[ValidationError]]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One keyword of a schema that a value breaks.

    operand: what the schema gives the keyword; `schema` is what holds both.
    path: from the root of the checked value to `value`; `depth` counts its steps below the enclosing union.
    branch: which alternative of that union it belongs to.
    inner: of a union, the faults of its alternatives.
    of_name: `value` is a name within the mapping at `path`, not the mapping.
    """

    keyword: str
    operand: Any
    value: Value
    schema: Definition
    path: Path
    depth: int
    branch: int
    inner: tuple[Fault, ...]
    of_name: bool


def faults(schema: Definition, value: Value) -> Iterator[Fault]:
    """Every fault of `value`, as they are found."""
    return map(_fault, _Checker(schema).iter_errors(value))


def schema_fault(definition: Definition) -> str:
    """What is wrong with a schema that someone wrote; empty where it is one."""
    try:
        Draft202012Validator.check_schema(definition)
    except SchemaError as error:
        where = path_text(tuple(error.absolute_path))
        return f"{where}: {error.message}" if where else error.message
    return ""


def _fault(error: ValidationError) -> Fault:
    steps = list(error.relative_schema_path)
    schema: Any = error.schema
    return Fault(
        keyword=str(error.validator),
        operand=error.validator_value,
        value=error.instance,
        schema=schema if isinstance(schema, dict) else {},
        path=tuple(error.absolute_path),
        depth=len(error.relative_path),
        branch=steps[0] if steps and isinstance(steps[0], int) else 0,
        inner=tuple(map(_fault, error.context or ())),
        of_name="propertyNames" in steps[:-1],
    )


def _type(validator: Any, kinds: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not is_kind(instance, [kinds] if isinstance(kinds, str) else kinds):
        yield ValidationError("type")


def _pattern(validator: Any, text: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not pattern(text).search(instance):
        yield ValidationError("pattern")


def _unless_expression(rule: Rule) -> Rule:
    def checked(validator: Any, operand: Any, instance: Any, schema: Any) -> Iterable[ValidationError]:
        return () if isinstance(instance, Expression) else rule(validator, operand, instance, schema)

    return checked


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterable[ValidationError]:
    """As many may fit as will, while what decides between them is not known yet."""
    unknown = bool(expressions(instance))
    return _STANDARD["anyOf" if unknown else "oneOf"](validator, branches, instance, schema)


_STANDARD: dict[str, Rule] = dict(Draft202012Validator.VALIDATORS)
_extend: Callable[..., Any] = extend
_Checker = _extend(
    Draft202012Validator,
    {
        "type": _type,
        "pattern": _pattern,
        "oneOf": _one_of,
        **{name: _unless_expression(_STANDARD[name]) for name in ("enum", "const", "not")},
    },
)
