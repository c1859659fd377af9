"""ConfigMaps and Secrets: keys, encoding, size, and those that may not change. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, forbidden_field, invalid_field, too_long_field
from mlinfra.sandbox.kubernetes.values import Object

_LARGEST = 1024 * 1024  # bytes; MaxSecretSize
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_WHY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def check_config_map(new: Object, old: Object | None) -> Iterator[FieldError]:
    """Give what is wrong with a ConfigMap, or with a change of it."""
    texts, blobs = new.get("data") or {}, new.get("binaryData") or {}
    yield from _keys(texts, "data")
    yield from _keys(blobs, "binaryData")
    for key in texts.keys() & blobs.keys():
        yield invalid_field(f"data[{key}]", "data", f'duplicate of key "{key}" present in binaryData')
    if sum(len(text.encode()) for text in texts.values()) + _decoded(blobs) > _LARGEST:
        yield too_long_field("[]", _LARGEST)  # the root of the object
    yield from _kept(new, old)


def check_secret(new: Object, old: Object | None) -> Iterator[FieldError]:
    """Give what is wrong with a Secret, or with a change of it."""
    yield from _keys(new.get("data") or {}, "data")
    if _decoded(new.get("data") or {}) > _LARGEST:
        yield too_long_field("data", _LARGEST)
    yield from _kept(new, old)


def _keys(data: Object, path: str) -> Iterator[FieldError]:
    for key in data:
        if len(key) > 253:
            yield invalid_field(f"{path}[{key}]", key, "must be no more than 253 characters")
        elif not _KEY.fullmatch(key):
            yield invalid_field(f"{path}[{key}]", key, _KEY_WHY)


def _decoded(data: Object) -> int:
    """How many bytes some base64 texts stand for."""
    total = 0
    for text in data.values():
        if len(text) * 3 // 4 + total > _LARGEST:  # only what is near the limit is worth counting exactly
            return sum(len(base64.b64decode(one)) for one in data.values())
        total += len(text) * 3 // 4
    return total


def _kept(new: Object, old: Object | None) -> Iterator[FieldError]:
    if old is None or not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield forbidden_field("immutable", "field is immutable when `immutable` is set")
    for key in ("data", "binaryData"):
        if (new.get(key) or {}) != (old.get(key) or {}):
            yield forbidden_field(key, "field is immutable when `immutable` is set")
