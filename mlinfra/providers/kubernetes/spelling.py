"""Spellings: values that Kubernetes takes for the same are spelt the same before they are compared.

Used by the declarations of types. Pure; leaves alone what it does not understand.
"""

from __future__ import annotations

import base64
import binascii

from mlinfra.core.value import Expression, Value, text_of
from mlinfra.documents.quantity import format_quantity, parse_quantity

# Below these keys, wherever they stand, amounts of resources are written: in custom resources too, whose controllers
# write them back in the canonical form.
_AMOUNTS = frozenset({"requests", "limits"})


def quantity(value: Value) -> Value:
    """`1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`."""
    try:
        return format_quantity(parse_quantity(text_of(value)), binary=True)
    except (ValueError, TypeError):
        return value


def int_or_text(value: Value) -> Value:
    """A port by its number is the same whether quoted or not."""
    return text_of(value) if isinstance(value, int) and not isinstance(value, bool) else value


def base64_text(value: Value) -> Value:
    """Line breaks and spaces in base64 mean nothing."""
    try:
        return base64.b64encode(base64.b64decode("".join(value.split()), validate=True)).decode()
    except (binascii.Error, ValueError, AttributeError):
        return value


def free_form(value: Value) -> Value:
    """What has no schema: nulls are absent, amounts are spelt canonically."""
    if isinstance(value, dict):
        return {key: _below(key, item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [free_form(item) for item in value]
    return value


def _below(key: Value, item: Value) -> Value:
    if key in _AMOUNTS and isinstance(item, dict):
        return {name: amount if isinstance(amount, Expression) else quantity(amount) for name, amount in item.items()}
    return free_form(item)
