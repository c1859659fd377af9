"""The normal form of properties: equal meanings get equal spellings before anything is compared.

Called by the diff and the seal. Pure; leaves expressions as they are.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import UNSET

from mlinfra.core.property import Kind, Property
from mlinfra.core.value import Expression, Value, canonical_json, text_of

_LONGEST = 120  # of a value that is shown
_PLAIN = frozenset({str, int, bool, float})


def normalise(declared: Property, value: Value) -> Value:
    """`value` with documents spelt canonically, sets sorted, nulls gone and the type's own rules applied.

    A keyed list becomes a map from keys to elements, where each of them has a key of its own.
    """
    if type(value) in _PLAIN and declared.kind is not Kind.DOCUMENT and declared.canonical is None:
        return value  # most leaves by far
    if isinstance(value, Expression) or value is None:
        return value
    match declared.kind:
        case Kind.BLOCK:
            value = _normalise_block(declared, value)
        case Kind.MAP if isinstance(value, dict):
            value = {key: _item(declared, item) for key, item in value.items() if item is not None}
        case Kind.LIST if isinstance(value, list | tuple):
            value = [_item(declared, item) for item in value]
            value = value if declared.key is None else _keyed(declared, value)
        case Kind.SET if isinstance(value, list | tuple):
            value = _normalise_set([_item(declared, item) for item in value])
        case Kind.DOCUMENT if isinstance(value, str):
            value = _normalise_document(value)
    return declared.canonical(value) if declared.canonical is not None else value


def _item(declared: Property, value: Value) -> Value:
    return normalise(declared.items, value) if declared.items is not None else value


def _normalise_block(declared: Property, value: Value) -> Value:
    if not isinstance(value, dict):
        return value
    fields, others = declared.fields, declared.items
    return {
        key: normalise(below, item) if (below := fields.get(key, others)) is not None else item
        for key, item in value.items()
        if item is not None
    }


def _keyed(declared: Property, items: list[Any]) -> Value:
    """The elements by key; the list itself where an element has none yet, or shares it."""
    keyed: dict[str, Value] = {}
    for item in items:
        key = _key_of(declared, item)
        if key is None or key in keyed:
            return items
        keyed[key] = item
    return keyed


def _key_of(declared: Property, item: Value) -> str | None:
    """What tells an element apart: `8080/TCP`. A part of the key that is left out has its declared default."""
    if not declared.key:
        return text_of(item) if type(item) in _PLAIN else None
    if not isinstance(item, dict):
        return None
    fields = declared.items.fields if declared.items is not None else {}
    parts = [item.get(name, fields[name].default if name in fields else None) for name in declared.key]
    return "/".join(map(text_of, parts)) if all(type(part) in _PLAIN for part in parts) else None


def _normalise_set(items: list[Any]) -> list[Any]:
    unique = {_spelling(item): item for item in items}
    return [unique[key] for key in sorted(unique)]


def _spelling(item: Value) -> str:
    # An expression has no text yet; its repr is stable and serves to order the members of a set.
    return item if isinstance(item, str) else repr(item) if isinstance(item, Expression) else _try_json(item)


def _try_json(item: Value) -> str:
    try:
        return canonical_json(item)
    except TypeError:  # an expression somewhere within
        return repr(item)


def _normalise_document(text: str) -> str:
    try:
        return canonical_json(json.loads(text))
    except ValueError:
        # Not a document after all: compared as the text it is; the type's schema reports it.
        return text


def shown(value: Value) -> str:
    """A value on one line, and no longer than a sentence can bear."""
    if value is UNSET:
        return "nothing"
    text = value if isinstance(value, str) and value.isprintable() and value else canonical_json(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
