"""The wire: properties in Pulumi's names to parameters in AWS's, and answers back.

Driven by the declaration alone: names change case unless `names` says otherwise, `shapes` changes form; the elements
of a list are at the path of the list with `[]` behind it. Expressions pass untouched, so that what is known of a
parameter can be built, and checked, before all of it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from mlinfra.core.property import Kind, Property
from mlinfra.core.value import Expression, Path, canonical_json
from mlinfra.providers.aws.aws_type import AwsType, Item
from mlinfra.providers.aws.template import dig


def api_name(kind: AwsType, path: tuple[str, ...]) -> str:
    """The API's name of the property at `path`."""
    given = kind.names.get(".".join(path))
    if given is not None:
        return given
    name = path[-1]
    return name[0].upper() + name[1:] if kind.upper else name


def outward(kind: AwsType, name: str, value: Any) -> Any:
    """The value of the input `name` as the API wants it."""
    declared = kind.about.inputs.fields.get(name)
    return value if declared is None else _outward(kind, (name,), declared, value)


def _outward(kind: AwsType, path: tuple[str, ...], declared: Property, value: Any) -> Any:
    if value is None or isinstance(value, Expression):
        return value
    if declared.kind is Kind.BLOCK and isinstance(value, dict):
        value = {
            api_name(kind, (*path, key)): _outward(kind, (*path, key), declared.fields[key], item)
            for key, item in value.items()
            if key in declared.fields and item is not None
        }
    elif declared.kind in (Kind.LIST, Kind.SET) and declared.items is not None and isinstance(value, list | tuple):
        value = [_outward(kind, _element(path), declared.items, item) for item in value]
    elif declared.kind is Kind.STRING and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    shape = kind.shapes.get(".".join(path))
    return shape.outward(value) if shape is not None else value


def _element(path: tuple[str, ...]) -> tuple[str, ...]:
    return (*path[:-1], path[-1] + "[]")


def inward(kind: AwsType, item: Item, only: Collection[str] | None = None) -> dict[str, Any]:
    """Every declared input that `item` shows, or `only` those, under its own name; tags are not among them."""
    found: dict[str, Any] = {}
    for name, declared in kind.about.inputs.fields.items():
        if only is not None and name not in only:
            continue
        if (name == "tags" and declared.kind is Kind.MAP) or declared.write_only:
            continue
        path = kind.reading.outputs.get(name) or api_name(kind, (name,))
        if "{" in path:
            continue
        value = _inward(kind, (name,), declared, dig(item, path))
        if value is not None:
            found[name] = value
    return found


def _inward(kind: AwsType, path: tuple[str, ...], declared: Property, value: Any) -> Any:
    if value is None:
        return None
    shape = kind.shapes.get(".".join(path))
    if shape is not None:
        value = shape.inward(value)
    if declared.kind is Kind.BLOCK and isinstance(value, Mapping):
        fields = {
            name: _inward(kind, (*path, name), below, value.get(api_name(kind, (*path, name))))
            for name, below in declared.fields.items()
        }
        return {name: field for name, field in fields.items() if field is not None}
    if declared.kind in (Kind.LIST, Kind.SET) and declared.items is not None and isinstance(value, list):
        return [_inward(kind, _element(path), declared.items, item) for item in value]
    if declared.kind is Kind.DOCUMENT and not isinstance(value, str):
        return canonical_json(value)
    if declared.kind is Kind.STRING and isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # as Pulumi's schema asks for times
    if declared.kind is Kind.STRING and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def spoken(kind: AwsType, path: Path) -> Path:
    """The path of the property that stands at `path` in the parameters of a call, for messages.

    Wrappers that no property stands for (`LaunchTemplateData`) are left out.
    """
    at: Property | None = kind.about.inputs
    named: tuple[str, ...] = ()
    told: list[str | int] = []
    for part in path:
        if isinstance(part, int):
            at, named = at.items if at is not None else None, _element(named) if named else named
            told.append(part)
            continue
        fields = at.fields if at is not None else {}
        name = next((name for name in fields if api_name(kind, (*named, name)) == part), None)
        if name is not None:
            at, named = fields[name], (*named, name)
            told.append(name)
        elif told or part == path[-1]:
            at = None
            told.append(part[0].lower() + part[1:])
    return tuple(told)
