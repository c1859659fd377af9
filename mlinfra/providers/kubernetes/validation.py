"""Validation: what can be said against an object without asking anybody.

Built-in kinds are held against their schemas, all kinds against the rules that every object follows. What is not known
yet is passed over; what has no schema here is left to the API, which validates strictly when it is applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from mlinfra.core.value import Expression, Path, Properties, Value, is_secret, path_text
from mlinfra.documents.quantity import parse_quantity
from mlinfra.providers.kubernetes import marks
from mlinfra.providers.kubernetes.limits import AGREEMENTS, LIMITS
from mlinfra.providers.kubernetes.manifest import SECRET
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in, definition, split

# kubernetes.io, "Object Names and IDs" (read November 2026). Names in rbac are more liberal: any part of a path.
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST, _LONGEST_LABEL = 253, 63
_LABELS = frozenset({("", "Namespace"), ("", "Service")})  # whose names become parts of host names
_LIBERAL = "rbac.authorization.k8s.io"
_SECRET_DATA = ("data", "stringData")
_HARMLESS = frozenset({"", "true", "false"})


def complaints(kind: Kind, properties: Properties) -> Iterator[str]:
    """Sentences, each beginning with the property that it is about."""
    yield from _identity(kind, properties)
    yield from _names(kind, properties.get("metadata"))
    yield from _secrets(kind, properties)
    if "status" in properties:
        yield "status is the cluster's to say, and cannot be declared"
    known = built_in(kind.api_version, kind.name)
    if known is not None:
        yield from _block(known.definition, {k: v for k, v in properties.items() if k != "status"}, ())
    elif isinstance(metadata := properties.get("metadata"), dict):
        yield from _block("meta.v1.ObjectMeta", metadata, ("metadata",))


def _identity(kind: Kind, properties: Properties) -> Iterator[str]:
    for name, expected in (("apiVersion", kind.api_version), ("kind", kind.name)):
        given = properties.get(name, expected)
        if isinstance(given, str) and given != expected:
            yield f"{name} is {given}, and the type says {expected}"


def _names(kind: Kind, metadata: Value) -> Iterator[str]:
    if isinstance(metadata, Expression):
        return
    if not isinstance(metadata, dict) or "name" not in metadata:
        yield "metadata.name is missing: every object has a name of its own"
        return
    if "generateName" in metadata:
        yield "metadata.generateName would give another name each time: write metadata.name"
    yield from _name(kind, metadata["name"])
    namespace = metadata.get("namespace")
    known = built_in(kind.api_version, kind.name)
    if namespace is not None and known is not None and not known.namespaced:
        yield f"metadata.namespace is set, and a {kind.name} stands in no namespace"
    elif isinstance(namespace, str) and not (_LABEL.fullmatch(namespace) and len(namespace) <= _LONGEST_LABEL):
        yield f"metadata.namespace is no name of a namespace: {namespace!r}"
    for place in ("labels", "annotations"):
        for key in metadata.get(place) or () if isinstance(metadata.get(place), dict) else ():
            if isinstance(key, str) and key.startswith(marks.PREFIX):
                yield f"metadata.{place} has {key}: what begins with {marks.PREFIX} is mlinfra's own"


def _name(kind: Kind, name: Value) -> Iterator[str]:
    if not isinstance(name, str):
        return
    if kind.group == _LIBERAL:
        if not name or name in (".", "..") or "/" in name or "%" in name:
            yield f"metadata.name is no name: {name!r}"
    elif kind.same in _LABELS:
        if not (_LABEL.fullmatch(name) and len(name) <= _LONGEST_LABEL):
            yield f"metadata.name must be small letters, digits and dashes, at most {_LONGEST_LABEL}: {name!r}"
    elif not (_SUBDOMAIN.fullmatch(name) and len(name) <= _LONGEST):
        yield f"metadata.name must be small letters, digits, dashes and dots, at most {_LONGEST}: {name!r}"


def _secrets(kind: Kind, properties: Properties) -> Iterator[str]:
    """Secrets stand in the data of a Secret, and nothing but references stands there: all else would be remembered."""
    for path, value in _leaves(properties, ()):
        in_data = kind.same == SECRET and path[0] in _SECRET_DATA
        if in_data and isinstance(value, str) and value not in _HARMLESS:
            yield f"{path_text(path)} is written out: write ${{secret.sm:NAME#KEY}}, or a ConfigMap for what is none"
        if not in_data and isinstance(value, Expression) and is_secret(value):
            yield (
                f"{path_text(path)} holds a secret, which anybody could read there: put it into the stringData of a "
                "Secret, and refer to that"
            )


def _leaves(value: Value, path: Path) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key if isinstance(key, str) else repr(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _block(name: str, value: Value, path: Path) -> Iterator[str]:
    if isinstance(value, Expression) or value is None:
        return
    if not isinstance(value, dict):
        yield f"{path_text(path)} is {_words(value)}, expected a block"
        return
    about, limits = definition(name), LIMITS.get(name, {})
    for key, item in value.items():
        if not isinstance(key, str):
            continue
        code = about.fields.get(key)
        if code is None:
            near = get_close_matches(key, about.fields, 1)
            yield f"{path_text((*path, key))} is no property" + (f": did you mean {near[0]}?" if near else "")
        elif item is not None:
            yield from _value(code, item, (*path, key))
            check = limits.get(key)
            if check is not None and not isinstance(item, Expression):
                yield from (f"{path_text((*path, key))} {said}" for said in check(item))
    for key in sorted(about.required - {k for k, v in value.items() if v is not None}):
        yield f"{path_text((*path, key))} is missing"
    if (agree := AGREEMENTS.get(name)) is not None:
        yield from (f"{path_text((*path, *below))} {said}" for below, said in agree(value))


def _value(code: str, value: Value, path: Path) -> Iterator[str]:
    if isinstance(value, Expression) or value is None:
        return
    shape, _, inner = split(code)
    match shape:
        case "any":
            return
        case "block":
            yield from _block(inner, value, path)
        case "map" if isinstance(value, dict):
            for key, item in value.items():
                yield from _value(inner, item, (*path, key if isinstance(key, str) else repr(key)))
        case "list" | "set" if isinstance(value, list | tuple):
            for index, item in enumerate(value):
                yield from _value(inner, item, (*path, index))
        case "scalar":
            if not _is_scalar(inner, value):
                yield f"{path_text(path)} is {_words(value)}, expected {_EXPECTED[inner]}"
        case _:
            yield f"{path_text(path)} is {_words(value)}, expected {'a block' if shape == 'map' else 'a list'}"


_EXPECTED = {
    "s": "a text",
    "i": "a whole number",
    "n": "a number",
    "b": "true or false",
    "q": "a quantity such as 500m or 8Gi",
    "x": "a number or a text",
    "B": "a text in base64",
}


def _is_scalar(code: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match code:
        case "s" | "B":
            return isinstance(value, str)
        case "i":
            return number and value == int(value)
        case "n":
            return number
        case "b":
            return isinstance(value, bool)
        case "q":
            return number or (isinstance(value, str) and _is_quantity(value))
    return number or isinstance(value, str)


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _words(value: Value) -> str:
    match value:
        case dict():
            return "a block"
        case list() | tuple():
            return "a list"
    return repr(value)
