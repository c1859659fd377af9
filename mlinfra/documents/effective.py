"""Effective values: what is written, and what a schema's defaults add to it.

`mlinfra show --expanded` is made from it. It adds nothing to the data themselves: defaults are applied by the typed
inputs of whoever owns a schema.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.core.value import Path, Value
from mlinfra.documents.node import Node
from mlinfra.documents.schema import Schema
from mlinfra.documents.subschema import Definition, Subschemas


class Leaf(msgspec.Struct, frozen=True):
    """One effective value. `node` is what it was written as; `None` for a default."""

    path: Path
    value: Value
    node: Node | None = None


def leaves(schema: Schema, node: Node | None) -> Iterator[Leaf]:
    """The effective values of `node`, in the order of the file, then of the schema; with none, the defaults alone."""
    root = schema.subschemas.flat(schema.definition)
    if node is None:
        return _defaults(schema.subschemas, root, ())
    return _written(schema, root, node, schema.coerce(node), ())


def _written(schema: Schema, part: Definition, node: Node, value: Value, path: Path) -> Iterator[Leaf]:
    part = schema.fitting(node, part)
    if isinstance(value, dict):
        for name, item in value.items():
            below = schema.subschemas.below(part, name)
            yield from _written(schema, below, node.value[name], item, (*path, name))
        yield from _missing(schema.subschemas, part, value, path)
        if not value and not part.get("properties"):
            yield Leaf(path, value, node)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            below = schema.subschemas.below(part, index)
            yield from _written(schema, below, node.value[index], item, (*path, index))
    else:
        yield Leaf(path, value, node)


def _missing(subschemas: Subschemas, part: Definition, value: dict[str, Value], path: Path) -> Iterator[Leaf]:
    """The defaults of a mapping's properties that are not written."""
    for name, schema in part.get("properties", {}).items():
        if name not in value:
            required = name in part.get("required", ())
            yield from _defaults(subschemas, subschemas.flat(schema), (*path, name), required=required)


def _defaults(subschemas: Subschemas, part: Definition, path: Path, *, required: bool = False) -> Iterator[Leaf]:
    default = part.get("default")
    if part.get("properties") and (default or (not required and "default" not in part)):
        # A mapping that may be left out whole is then what its own defaults make it.
        given = default or {}
        for name, value in given.items():
            yield Leaf((*path, name), value)
        yield from _missing(subschemas, part, given, path)
    elif "default" in part:
        yield Leaf(path, default)
