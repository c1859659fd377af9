"""Values: plain data, or expressions over what is not known yet.

Modules and stack files write them, the engine resolves them, the codec stores them. A value that still holds an
expression is *unknown*; there is no other marker. Nothing here looks anything up by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, NoReturn, TypeAlias

import msgspec

from mlinfra.core.address import Address

# Plain JSON data in which any part, map keys included, may be an Expression. Python's type system cannot say this
# without a cast at every step into the data, so the alias says it to the reader.
Value: TypeAlias = Any
Properties: TypeAlias = dict[Any, Any]
PathPart: TypeAlias = str | int
Path: TypeAlias = tuple[PathPart, ...]


class Expression(msgspec.Struct, frozen=True, gc=False, tag_field="$mlinfra"):
    """What stands for a value that is computed later. Has no text, no format and no truth of its own."""

    def _refuse(self) -> NoReturn:
        raise TypeError(f"{self!r} is not known yet: combine it with Concat, Json, Base64 or TrimPrefix instead")

    def __str__(self) -> str:
        self._refuse()

    def __format__(self, spec: str) -> str:
        self._refuse()

    def __bool__(self) -> bool:
        self._refuse()


class Ref(Expression, frozen=True, gc=False, tag="ref"):
    """An output of another resource: `Ref(network.vpc, ("id",))`."""

    address: Address
    path: Path = ("id",)


class Concat(Expression, frozen=True, gc=False, tag="concat"):
    """The texts of its parts, joined."""

    parts: tuple[Value, ...]


class Json(Expression, frozen=True, gc=False, tag="json"):
    """Its content as a compact JSON document with sorted keys."""

    content: Value


class Base64(Expression, frozen=True, gc=False, tag="base64"):
    """The base64 text of a text."""

    content: Value


class TrimPrefix(Expression, frozen=True, gc=False, tag="trim-prefix"):
    """A text without `prefix`, where it begins so: an issuer URL without its scheme."""

    content: Value
    prefix: str


class Secret(Expression, frozen=True, gc=False, tag="secret"):
    """A reference to a secret, resolved at the call that needs it and nowhere else.

    `source` is `sm` (Secrets Manager), `ssm` (parameter) or `env`; `key` selects from a JSON secret.
    """

    source: str
    name: str
    key: str = ""


_SCALARS = frozenset({str, int, bool, float, type(None), Address})


def is_known(value: Value) -> bool:
    """Whether no expression is left anywhere in `value`."""
    return type(value) in _SCALARS or not expressions(value)


def expressions(value: Value) -> list[Expression]:
    """Every expression in `value`, the nested ones included, outermost first."""
    found: list[Expression] = []
    _collect(value, found)
    return found


def _collect(value: Value, found: list[Expression]) -> None:
    """Every resource of every plan passes here several times: hence the dispatch by exact type, cheapest first."""
    kind = type(value)
    if kind in _SCALARS:
        return
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                _collect(key, found)
            if type(item) not in _SCALARS:
                _collect(item, found)
    elif kind is list or kind is tuple:
        for item in value:
            if type(item) not in _SCALARS:
                _collect(item, found)
    elif isinstance(value, Expression):
        found.append(value)
        if isinstance(value, Concat):
            _collect(value.parts, found)
        elif isinstance(value, Json | Base64 | TrimPrefix):
            _collect(value.content, found)


def refs(value: Value) -> list[Ref]:
    """Every `Ref` in `value`."""
    return [expression for expression in expressions(value) if isinstance(expression, Ref)]


def is_secret(value: Value) -> bool:
    """Whether `value` holds a secret, or anything made from one."""
    return type(value) not in _SCALARS and any(isinstance(expression, Secret) for expression in expressions(value))


Lookup: TypeAlias = Callable[[Expression], Value]


def referred(expression: Expression, outputs_of: Callable[[Address], Any]) -> Value:
    """What a reference stands for where the outputs of its address are known and hold it; otherwise itself.

    `outputs_of` answers a mapping, or `None` for an address of which nothing is known.
    """
    outputs = outputs_of(expression.address) if isinstance(expression, Ref) else None
    if outputs is None or not isinstance(expression, Ref):
        return expression
    try:
        return at(outputs, expression.path)
    except LookupError:
        return expression


def resolve(value: Value, lookup: Lookup) -> Value:
    """`value` with every expression computed as far as `lookup` knows.

    `lookup` is asked for each `Ref` and each `Secret`, and answers with a value, or with what it was given where it
    does not know. Expressions over what stays unknown stay, with their known parts resolved. Unchanged parts are
    shared with the argument, never copied.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return _resolve_dict(value, lookup)
    if kind is list or kind is tuple:
        items = [item if type(item) in _SCALARS else resolve(item, lookup) for item in value]
        return value if all(map(is_, items, value)) else kind(items)
    return _resolve_expression(value, lookup) if isinstance(value, Expression) else value


def _resolve_dict(value: dict[Any, Any], lookup: Lookup) -> dict[Any, Any]:
    changed = {}
    odd = False  # a key is an expression
    for key, item in value.items():
        odd = odd or type(key) is not str
        if type(item) not in _SCALARS:
            resolved = resolve(item, lookup)
            if resolved is not item:
                changed[key] = resolved
    if not odd:
        return {**value, **changed} if changed else value
    return {
        (_resolve_expression(key, lookup) if isinstance(key, Expression) else key): changed.get(key, item)
        for key, item in value.items()
    }


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


def block_of(value: object) -> Mapping[Any, Any]:
    """A block as it is; of anything else, an empty one."""
    return value if isinstance(value, Mapping) else {}


def items_of(value: object) -> list[Any]:
    """The items of a list; of anything else, none."""
    return list(value) if isinstance(value, list | tuple) else []


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
