"""Offline validation: what AWS's own models say against the parameters of a create call, before any is made.

`provider` calls it while a plan is made, for every desired resource: it must stay in the order of ten microseconds.
botocore checks less (no enumerations, maxima or patterns) and stops at unknown values; its models say all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from mlinfra.core.value import Expression

Shape = Any  # botocore is untyped

_JSON_OF: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
    "float": (int, float),
    "double": (int, float),
}


@cache
def input_shape(service: str, operation: str) -> Shape:
    """The shape of an operation's input, from botocore's files; no client is made."""
    return _model(service).operation_model(operation).input_shape


@cache
def _model(service: str) -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def complaints(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What the model says against `value`; unknown values are passed over."""
    if value is None or isinstance(value, Expression) or shape is None:
        return
    expected = _JSON_OF.get(shape.type_name)
    if expected is not None and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
        yield f"{path} must be a {shape.type_name}, not {type(value).__name__}"
        return
    match shape.type_name:
        case "structure":
            yield from _in_structure(shape, value, path)
        case "list":
            yield from _out_of_bounds(shape, len(value), path, "entries")
            for index, item in enumerate(value):
                yield from complaints(shape.member, item, f"{path}[{index}]")
        case "map":
            for key, item in value.items():
                if isinstance(key, str):
                    yield from complaints(shape.value, item, f"{path}[{key}]")
        case "string":
            yield from _in_text(shape, value, path)
        case "integer" | "long" | "float" | "double":
            yield from _out_of_bounds(shape, value, path, "")


def _in_structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None and not shape.members[name].metadata.get("idempotencyToken"):
            yield f"{_below(path, name)} is required"
    for name, item in value.items():
        member = shape.members.get(name)
        if member is None:
            yield f"{_below(path, name)} is not known to AWS"
        else:
            yield from complaints(member, item, _below(path, name))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _in_text(shape: Shape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{path} is {value!r}; AWS knows {_some(shape.enum)}"
        return
    yield from _out_of_bounds(shape, len(value), path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and (compiled := _compiled(pattern)) is not None and not compiled.fullmatch(value):
        yield f"{path} is {value!r}, which does not match {pattern}"


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 12 else ", ".join(names[:12]) + f" and {len(names) - 12} more"


def _out_of_bounds(shape: Shape, size: float, path: str, unit: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    unit = f" {unit}" if unit else ""
    if least is not None and size < least:
        yield f"{path} has {size}{unit}, at least {least} are needed" if unit else f"{path} is {size}, below {least}"
    if most is not None and size > most:
        yield f"{path} has {size}{unit}, at most {most} are allowed" if unit else f"{path} is {size}, above {most}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, where Python can read it: AWS's are Java's, with character properties that Python has not."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None
