"""Names and labels: what the API accepts as such. Called by `rules` and `checks`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_KEY = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
# Sentences of k8s.io/apimachinery/pkg/util/validation.
_SUBDOMAIN_WHY = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
LABEL_WHY = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
)
_VALUE_WHY = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE}')"
)
_KEY_WHY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LABEL_NAMED = ("namespaces", "services")


def check(kind: Kind, obj: Object) -> list[FieldError]:
    """Give the faults of an object's name and labels."""
    meta = obj["metadata"]
    if not meta.get("name"):
        why = "Required value: name or generateName is required"
        return [FieldError("metadata.name", "FieldValueRequired", why)]
    return [
        *_name(kind, meta["name"]),
        *label_errors(meta.get("labels") or {}, "metadata.labels"),
        *_keys(meta.get("annotations") or {}),
    ]


def _name(kind: Kind, name: str) -> Iterator[FieldError]:
    if kind.group == "rbac.authorization.k8s.io":
        if "/" in name or "%" in name or name in (".", ".."):
            yield invalid_field("metadata.name", name, "may not contain '/' or '%', nor be '.' or '..'")
        return
    if kind.resource in _LABEL_NAMED:
        if len(name) > 63:
            yield invalid_field("metadata.name", name, "must be no more than 63 bytes")
        if not re.fullmatch(LABEL, name):
            yield invalid_field("metadata.name", name, LABEL_WHY)
        return
    if len(name) > 253:
        yield invalid_field("metadata.name", name, "must be no more than 253 bytes")
    if not re.fullmatch(_SUBDOMAIN, name):
        yield invalid_field("metadata.name", name, _SUBDOMAIN_WHY)


def label_errors(labels: Object, path: str) -> Iterator[FieldError]:
    """Give the faults of the labels that stand at a path."""
    yield from _keys(labels, path)
    for value in labels.values():
        if len(value) > 63:
            yield invalid_field(path, value, "must be no more than 63 bytes")
        elif not re.fullmatch(_VALUE, value):
            yield invalid_field(path, value, _VALUE_WHY)


def _keys(found: Object, path: str = "metadata.annotations") -> Iterator[FieldError]:
    for key in found:
        prefix, _, name = key.rpartition("/")
        if not re.fullmatch(_KEY, name) or len(name) > 63:
            yield invalid_field(path, key, _KEY_WHY)
        elif prefix and not re.fullmatch(_SUBDOMAIN, prefix.lower()):
            yield invalid_field(path, key, f"prefix part {_SUBDOMAIN_WHY}")
