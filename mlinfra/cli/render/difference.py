"""Differences within one value: two JSON documents, maps or lists, leaf by leaf.

A field whose two sides are long documents is read as the few leaves that differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from mlinfra.cli.render.value import key_text, value_text
from mlinfra.core.plan import Field
from mlinfra.core.value import Concat, Json, Path, Value
from mlinfra.documents.composed import composed_document

LONG = 72  # characters
Leaf = tuple[Path, Value, Value]
_STATEMENTS = ("Statement",)
_SCALAR = str | int | float | bool | None


def field_leaves(field: Field) -> list[Leaf] | None:
    """The leaves that differ within a field, where reading it whole would be long; never of a secret."""
    if field.secret or max(len(value_text(field.before)), len(value_text(field.after))) <= LONG:
        return None
    # None differ where only what they refer to will be another.
    return differences(field.before, field.after) or None


def differences(before: Value, after: Value) -> list[Leaf] | None:
    """The leaves that differ between two documents, maps or lists; `None` where they are not two of a kind."""
    left, right = _structure(before), _structure(after)
    if (isinstance(left, dict) and isinstance(right, dict)) or (isinstance(left, list) and isinstance(right, list)):
        try:
            return list(_leaves((), left, right))
        except RecursionError:
            return None  # deeper than anyone would read
    return None


def _structure(value: Value) -> Value:
    """The data of a document, spelt as a string or still to be composed; or the value itself."""
    if isinstance(value, Json):
        return value.content
    if isinstance(value, Concat):
        document = composed_document(value)
        return value if document is None else document
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value  # a string that only looks like one
    return value


def _leaves(path: Path, before: Value, after: Value) -> Iterator[Leaf]:
    if path[:1] == _STATEMENTS and isinstance(before, list) != isinstance(after, list):
        before, after = _alone(before), _alone(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _leaves((*path, key_text(key)), before.get(key, msgspec.UNSET), after.get(key, msgspec.UNSET))
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _items(path, list(before), list(after))
    elif type(before) is not type(after) or before != after:
        yield path, before, after


def _alone(value: Value) -> Value:
    """In policies one value is as good as a list of it alone (IAM user guide, "Grammar of the policy language")."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _items(path: Path, before: list[Value], after: list[Value]) -> Iterator[Leaf]:
    if all(isinstance(item, _SCALAR) for item in (*before, *after)):
        gone = [item for item in before if item not in after]
        new = [item for item in after if item not in before]
        if gone or new:
            yield from ((path, item, msgspec.UNSET) for item in gone)
            yield from ((path, msgspec.UNSET, item) for item in new)
        elif before != after:
            yield path, before, after
        return
    for index in range(max(len(before), len(after))):
        yield from _leaves(
            (*path, index),
            before[index] if index < len(before) else msgspec.UNSET,
            after[index] if index < len(after) else msgspec.UNSET,
        )
