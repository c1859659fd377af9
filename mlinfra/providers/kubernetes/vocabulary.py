"""The vocabulary: kinds that every cluster has, and the fields of what they are made of.

`vocabulary.json` says where it is from. A field's code is `s` (text), `i`, `n`, `b`, `q` (a quantity), `x` (a number or
a text), `B` (base64), `*` (anything), the name of a definition; `{}` before the code of a map's values; `[]` before
that of a list's items, `[name,...]` where these fields tell them apart, `[*]` where they do so themselves. Read by the
declarations of types and by validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

SCALARS = frozenset("sinbqxB")
ANYTHING = "*"


class BuiltIn(msgspec.Struct, frozen=True, array_like=True):
    """One kind: the name of its collection, whether its objects stand in namespaces, its definition."""

    plural: str
    namespaced: bool
    definition: str


class Definition(msgspec.Struct, frozen=True):
    """One kind of block: the codes of its fields, and those of them that must be there."""

    fields: Mapping[str, str]
    required: frozenset[str]


class _File(msgspec.Struct, frozen=True):
    source: str
    kinds: dict[str, BuiltIn]
    definitions: dict[str, dict[str, str]]


@cache
def _file() -> _File:
    return msgspec.json.decode(files(__package__).joinpath("vocabulary.json").read_bytes(), type=_File)


def built_in(api_version: str, kind: str) -> BuiltIn | None:
    """A kind that every cluster has; `None` for all others."""
    return _file().kinds.get(f"{api_version}/{kind}")


def built_in_kinds() -> Mapping[str, BuiltIn]:
    """All of them, by `apiVersion/Kind`."""
    return _file().kinds


@cache
def definition(name: str) -> Definition:
    """What a block of that name consists of."""
    raw = _file().definitions[name]
    required = frozenset(field[:-1] for field in raw if field.endswith("!"))
    return Definition({field.removesuffix("!"): code for field, code in raw.items()}, required)


def split(code: str) -> tuple[str, tuple[str, ...], str]:
    """The shape of a code, its key and the code of what is within: `[name]a.B` is `("list", ("name",), "a.B")`.

    The shape is `map`, `list`, `set`, `scalar`, `any` or `block`; the last three have nothing within but themselves.
    """
    if code.startswith("{}"):
        return "map", (), code[2:]
    if code.startswith("["):
        key, _, inner = code[1:].partition("]")
        return ("set", (), inner) if key == "*" else ("list", tuple(filter(None, key.split(","))), inner)
    if code in SCALARS:
        return "scalar", (), code
    return ("any" if code == ANYTHING else "block"), (), code
