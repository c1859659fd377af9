"""Checks: what fields of one entry have against each other, whatever the rest of the stack says.

A module names them as `CHECKS`. They are made before its `build`; and of an entry with a mistake somewhere they are
made as well, wherever the fields that they look at have none, so that all mistakes are told at once. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, reduce
from typing import Annotated, Any, get_args, get_origin

import msgspec

from mlinfra.core.stack import Remains
from mlinfra.library.problem import Problem


class Check(msgspec.Struct, frozen=True):
    """`Check(size_problems, ("min", "max"))`: the function is called with these fields of `Inputs`, in this order.

    fields: by their names in Python; of a block within, with dots between: `replicas.max`.
    """

    function: Callable[..., Iterable[Problem]]
    fields: tuple[str, ...]


class _UnknownError(Exception):
    """What a field says is not known."""


def problems_of(checks: Iterable[Check], inputs: msgspec.Struct) -> Iterator[Problem]:
    """What these checks have against an entry."""
    for check in checks:
        yield from check.function(*(reduce(getattr, field.split("."), inputs) for field in check.fields))


def problems_of_remains(checks: Iterable[Check], kind: type[msgspec.Struct], remains: Remains) -> Iterator[Problem]:
    """The same of an entry with a mistake, as far as fields can be read. kind: what its inputs would be."""
    for check in checks:
        try:
            values = [_value(kind, remains, field.split(".")) for field in check.fields]
        except _UnknownError:
            continue
        yield from check.function(*values)


def _value(kind: type[msgspec.Struct], remains: Remains, path: list[str]) -> Any:
    first, *rest = path
    field = _fields(kind)[first]
    name = field.encode_name
    if name in remains.fields:
        try:
            value = msgspec.convert(remains.fields[name], field.type)
        except msgspec.ValidationError as error:
            raise _UnknownError from error
    elif name in remains.below and rest:
        return _value(_bare(field.type), remains.below[name], rest)
    elif name in remains.wrong or name in remains.below or not _knows(kind, remains):
        raise _UnknownError
    else:
        value = _default(field)
    return reduce(getattr, rest, value)


def _knows(kind: type[msgspec.Struct], remains: Remains) -> bool:
    """Whether all that is written is called as its fields are; else it may be one of them that is misspelt."""
    return remains.wrong <= {field.encode_name for field in _fields(kind).values()}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    raise _UnknownError


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(kind)}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
