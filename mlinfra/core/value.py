"""Values: plain data, or expressions over what is not known yet.

Modules and stack files write them, the engine resolves them, the codec stores them. A value that still holds an
expression is *unknown*; there is no other marker. Nothing here looks anything up by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeAlias

import msgspec

from mlinfra.core.address import Address

# Plain JSON data in which any part, map keys included, may be an Expression. Python's type system cannot say this
# without a cast at every step into the data, so the alias says it to the reader.
Value: TypeAlias = Any
Properties: TypeAlias = dict[Any, Any]
PathPart: TypeAlias = str | int
Path: TypeAlias = tuple[PathPart, ...]


class Expression(msgspec.Struct, frozen=True, tag_field="$mlinfra"):
    """What stands for a value that is computed later. Has no text, no format and no truth of its own."""

    def _refuse(self) -> NoReturn:
        raise TypeError(f"{self!r} is not known yet: combine it with Concat, Json, Base64 or TrimPrefix instead")

    def __str__(self) -> str:
        self._refuse()

    def __format__(self, spec: str) -> str:
        self._refuse()

    def __bool__(self) -> bool:
        self._refuse()


class Ref(Expression, frozen=True, tag="ref"):
    """An output of another resource: `Ref(network.vpc, ("id",))`."""

    address: Address
    path: Path = ("id",)


class Concat(Expression, frozen=True, tag="concat"):
    """The texts of its parts, joined."""

    parts: tuple[Value, ...]


class Json(Expression, frozen=True, tag="json"):
    """Its content as a compact JSON document with sorted keys."""

    content: Value


class Base64(Expression, frozen=True, tag="base64"):
    """The base64 text of a text."""

    content: Value


class TrimPrefix(Expression, frozen=True, tag="trim-prefix"):
    """A text without `prefix`, where it begins so: an issuer URL without its scheme."""

    content: Value
    prefix: str


class Secret(Expression, frozen=True, tag="secret"):
    """A reference to a secret, resolved at the call that needs it and nowhere else.

    `source` is `sm` (Secrets Manager), `ssm` (parameter) or `env`; `key` selects from a JSON secret.
    """

    source: str
    name: str
    key: str = ""


def is_known(value: Value) -> bool:
    """Whether no expression is left anywhere in `value`."""
    if isinstance(value, Expression):
        return False
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values()) and not any(isinstance(k, Expression) for k in value)
    if isinstance(value, list | tuple):
        return all(is_known(item) for item in value)
    return True


def expressions(value: Value) -> Iterator[Expression]:
    """Every expression in `value`, the nested ones included, outermost first."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from expressions(key)
            yield from expressions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, Expression):
        yield value
        if isinstance(value, Concat):
            yield from expressions(value.parts)
        elif isinstance(value, Json | Base64 | TrimPrefix):
            yield from expressions(value.content)


def refs(value: Value) -> Iterator[Ref]:
    """Every `Ref` in `value`."""
    return (expression for expression in expressions(value) if isinstance(expression, Ref))


def is_secret(value: Value) -> bool:
    """Whether `value` holds a secret, or anything made from one."""
    return any(isinstance(expression, Secret) for expression in expressions(value))


Lookup: TypeAlias = Callable[[Expression], Value]


def resolve(value: Value, lookup: Lookup) -> Value:
    """`value` with every expression computed as far as `lookup` knows.

    `lookup` is asked for each `Ref` and each `Secret`, and answers with a value, or with what it was given where it
    does not know. Expressions over what stays unknown stay, with their known parts resolved. Unchanged parts are
    shared with the argument, never copied.
    """
    if isinstance(value, dict):
        return _resolve_dict(value, lookup)
    if isinstance(value, list | tuple):
        items = [resolve(item, lookup) for item in value]
        return value if all(map(_same, items, value)) else type(value)(items)
    if isinstance(value, Expression):
        return _resolve_expression(value, lookup)
    return value


def _same(left: object, right: object) -> bool:
    return left is right


def _resolve_dict(value: dict[Any, Any], lookup: Lookup) -> dict[Any, Any]:
    resolved = {
        (_resolve_expression(key, lookup) if isinstance(key, Expression) else key): resolve(item, lookup)
        for key, item in value.items()
    }
    if len(resolved) == len(value) and all(
        left is right and resolved[left] is item for left, (right, item) in zip(resolved, value.items(), strict=True)
    ):
        return value
    return resolved


def _resolve_expression(value: Expression, lookup: Lookup) -> Value:
    match value:
        case Ref() | Secret():
            return lookup(value)
        case Concat(parts):
            resolved = tuple(resolve(part, lookup) for part in parts)
            return "".join(map(text_of, resolved)) if is_known(resolved) else Concat(resolved)
        case Json(content):
            inner = resolve(content, lookup)
            return canonical_json(inner) if is_known(inner) else Json(inner)
        case Base64(content):
            inner = resolve(content, lookup)
            return base64.b64encode(text_of(inner).encode()).decode() if is_known(inner) else Base64(inner)
        case TrimPrefix(content, prefix):
            inner = resolve(content, lookup)
            return text_of(inner).removeprefix(prefix) if is_known(inner) else TrimPrefix(inner, prefix)
    raise TypeError(f"{type(value).__name__} is no part of the algebra")


def text_of(value: Value) -> str:
    """A known scalar as the text that YAML and JSON would give it."""
    return value if isinstance(value, str) else json.dumps(value)


def canonical_json(value: Value) -> str:
    """Compact JSON with sorted keys: the one spelling of a document."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def at(value: Value, path: Path) -> Value:
    """What stands at `path` in plain data. Raises `LookupError` where nothing does."""
    for part in path:
        match value, part:
            case dict(), str():
                value = value[part]
            case list() | tuple(), int():
                value = value[part]
            case _:
                raise LookupError(path_text(path))
    return value


def path_text(path: Path) -> str:
    """A path as users write it: `scalingConfig.minSize`, `rules[0].port`, `tags["a.b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "").replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part)}]"
    return text


def parse_path(text: str) -> Path:
    """The path that `path_text` wrote as `text`. Raises `ValueError` where it cannot have."""
    parts: list[PathPart] = []
    decoder = json.JSONDecoder()
    while text:
        if text.startswith("["):
            part, end = decoder.raw_decode(text, 1)
            if not isinstance(part, str | int) or text[end : end + 1] != "]":
                raise ValueError(f"no path: {text}")
            text = text[end + 1 :]
        else:
            name = text.removeprefix(".") if parts else text
            end = min((name.find(mark) for mark in ".[" if mark in name), default=len(name))
            part, text = name[:end], name[end:]
        parts.append(part)
    return tuple(parts)
