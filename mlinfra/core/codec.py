"""The wire form of nouns: states, plans and journal entries as JSON, and back.

Backends and plan files use it. Expressions are tagged objects under `$mlinfra`; a user's own key of that name, and
maps whose keys are expressions, are spelt out as lists of pairs, so that nothing in a stack can pass for one.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.value import Base64, Concat, Expression, Json, Ref, Secret, TrimPrefix, Value

_MARK = "$mlinfra"
_PAIRS = "pairs"
T = TypeVar("T")


def encode(noun: msgspec.Struct) -> bytes:
    """One line of JSON; the same noun always gives the same bytes."""
    return msgspec.json.encode(_plain(noun), enc_hook=str, order="deterministic")


def fingerprint(noun: msgspec.Struct) -> bytes:
    """Bytes that are equal for equal nouns, faster to come by than their wire form, and not to be decoded."""
    try:
        return msgspec.json.encode(noun, enc_hook=str, order="deterministic")
    except TypeError:  # a map whose keys are expressions
        return encode(noun)


def decode(text: bytes | str, kind: type[T]) -> T:
    """The noun that `text` spells. Raises `msgspec.DecodeError` or `msgspec.ValidationError`."""
    return revive(msgspec.json.decode(text), kind)


def revive(data: Any, kind: type[T]) -> T:
    """The noun that decoded JSON spells. It takes `data` apart. Raises `msgspec.ValidationError`."""
    return msgspec.convert(_revived(data), type=kind, dec_hook=_decode_hook)


def _plain(value: Value) -> Any:
    """`value` as JSON data: structs become objects, expressions marked ones."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        fields = {
            name: _plain(item)
            for name in value.__struct_fields__
            if (item := getattr(value, name)) is not msgspec.UNSET
        }
        return {config.tag_field: config.tag, **fields} if config.tag_field else fields
    if isinstance(value, dict):
        if _MARK in value or any(not isinstance(key, str) for key in value):
            return {_MARK: _PAIRS, "items": [[_plain(key), _plain(item)] for key, item in value.items()]}
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(_plain(item) for item in value)
    return value


def _revived(value: Any) -> Value:
    """`value` with expressions in the place of marked objects. All else stays where it is: most of a state is data."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                value[index] = _revived(item)
        return value
    if not isinstance(value, dict):
        return value
    for key, item in value.items():
        if isinstance(item, dict | list):
            value[key] = _revived(item)
    mark = value.pop(_MARK, None)
    if mark is None:
        return value
    if mark == _PAIRS:
        return dict(value["items"])
    return _expression(mark, value)


def _expression(mark: str, fields: dict[str, Any]) -> Expression:
    match mark:
        case "ref":
            return Ref(Address(fields["address"]), tuple(fields["path"]))
        case "concat":
            return Concat(tuple(fields["parts"]))
        case "json":
            return Json(fields["content"])
        case "base64":
            return Base64(fields["content"])
        case "trim-prefix":
            return TrimPrefix(fields["content"], fields["prefix"])
        case "secret":
            return Secret(fields["source"], fields["name"], fields.get("key", ""))
    raise msgspec.ValidationError(f"no expression is called {mark!r}")


def _decode_hook(kind: type, value: Any) -> Any:
    if kind is Address:
        try:
            return Address(value)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from error
    raise NotImplementedError(kind)
