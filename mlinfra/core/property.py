"""Properties: what is known of each input of a resource type, declared once.

A type's declaration is a tree of `Property`. Its JSON Schema, the comparison, the normal form, replacement and
removal are all read off that tree. The builders at the end are how declarations are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from mlinfra.core.value import Path, Value


class Kind(StrEnum):
    """The shape of a value. A document is a JSON text, compared by content; any is whatever JSON allows."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BLOCK = "block"
    LIST = "list"
    SET = "set"
    MAP = "map"
    DOCUMENT = "document"
    ANY = "any"


class Replace(StrEnum):
    """Which comes first when a change of this property replaces the object."""

    CREATE_FIRST = "create-first"
    DELETE_FIRST = "delete-first"


class Unset(msgspec.Struct, frozen=True):
    """The declared absence of a default: taking this property out of the stack cannot unset it."""


UNSET = Unset()


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a type, or one level of it.

    replace: a change replaces the object, in this order.
    initial: set at creation only; afterwards others own it (autoscalers), and it is never compared.
    write_only: the API never shows it; compared with what was last applied.
    witness: of what cannot be seen, the output that changes whenever somebody writes it.
    default: what the object has once the property is removed from the stack; `None` says that it is then absent.
    floating: its default is what it becomes when it is taken out of the stack, and not what it always is without: that
        follows from another property, or from a setting of the account. So a change of it by others is only told, as
        one against what was last applied.
    refers: the token of the type whose identity it holds; orders deletes where no record can.
    keeps: what it names cannot go while it is named. Where that goes before its successor comes, so does the object.
    canonical: brings equal spellings of one scalar or block together (host bits of a CIDR, a rewritten principal).
    masked: it is shown that it is there, never what it says: compared with what was last applied, unless it is gone.
    key: of a list whose elements are told apart by these of their fields, or by themselves where it is empty. Such a
        list is compared as a map: its elements may stand in any order, and others may add theirs. `None`: no such list.
    ordered: of such a list: the order of the declared elements among each other means something.
    rules: further JSON Schema keywords (`enum`, `pattern`, `minimum`, ...).
    """

    kind: Kind
    required: bool = False
    fields: Mapping[str, Property] = {}
    items: Property | None = None
    replace: Replace | None = None
    initial: bool = False
    write_only: bool = False
    witness: str = ""
    default: Value | Unset = UNSET
    floating: bool = False
    refers: str = ""
    keeps: bool = False
    canonical: Callable[[Any], Any] | None = None
    masked: bool = False
    key: tuple[str, ...] | None = None
    ordered: bool = False
    rules: Mapping[str, Any] = {}
    description: str = ""

    def below(self, part: str | int) -> Property | None:
        """The declaration of one key or element; `None` where nothing is declared.

        A block with `items` is open: they declare what other keys than its fields hold. What is below anything is
        anything.
        """
        if self.kind is Kind.ANY:
            return self
        return self.fields.get(part, self.items) if isinstance(part, str) and self.kind is Kind.BLOCK else self.items

    def json_schema(self) -> dict[str, Any]:
        """This level, and all below it, as JSON Schema (2020-12)."""
        schema: dict[str, Any] = {**_SCHEMA_OF[self.kind], **self.rules}
        if self.kind is Kind.STRING and (self.write_only or self.masked):
            schema["writeOnly"] = True  # so that no message repeats it
        if self.description:
            schema["description"] = self.description
        if self.kind is Kind.BLOCK:
            schema["properties"] = {name: field.json_schema() for name, field in self.fields.items()}
            schema["additionalProperties"] = self.items.json_schema() if self.items else False
            if required := [name for name, field in self.fields.items() if field.required]:
                schema["required"] = required
        elif self.kind is Kind.MAP:
            schema["additionalProperties"] = self.items.json_schema() if self.items else True
        elif self.items is not None:
            schema["items"] = self.items.json_schema()
        return schema


_SCHEMA_OF: dict[Kind, dict[str, Any]] = {
    Kind.STRING: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.BLOCK: {"type": "object"},
    Kind.LIST: {"type": "array"},
    Kind.SET: {"type": "array", "uniqueItems": True},
    Kind.MAP: {"type": "object"},
    Kind.DOCUMENT: {"type": "string", "contentMediaType": "application/json"},
    Kind.ANY: {},
}


_SCALARS = frozenset({Kind.STRING, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})


def is_watched(declared: Property) -> bool:
    """Whether a property is as its default says while nobody says otherwise, so that a change of it by others shows.

    A plain one that can be read, and be changed once the object is there.
    """
    hidden = declared.initial or declared.write_only or declared.masked or declared.floating
    plain = declared.kind in _SCALARS and isinstance(declared.default, bool | int | float | str)
    return plain and not hidden and declared.replace is None


def watched_in(declared: Property, passed: Iterable[Property] = ()) -> list[str]:
    """The fields of a block of which that is true; none where one of those `passed` on the way to it cannot be put
    right or follows from something else."""
    if any(one.replace is not None or one.floating for one in passed):
        return []
    return [name for name, field in declared.fields.items() if is_watched(field)]


def lineage_of(root: Property, path: Path) -> tuple[Property, ...]:
    """The declarations passed on the way from `root` down `path`, `root` first, as far as anything is declared."""
    passed = [root]
    for part in path:
        below = passed[-1].below(part)
        if below is None:
            break
        passed.append(below)
    return tuple(passed)


def text(**about: Any) -> Property:
    """A string."""
    return _build(Kind.STRING, about)


def integer(**about: Any) -> Property:
    """A whole number."""
    return _build(Kind.INTEGER, about)


def number(**about: Any) -> Property:
    """Any number."""
    return _build(Kind.NUMBER, about)


def boolean(**about: Any) -> Property:
    """True or false."""
    return _build(Kind.BOOLEAN, about)


def block(fields: Mapping[str, Property], **about: Any) -> Property:
    """An object with declared fields."""
    return _build(Kind.BLOCK, {"fields": fields, **about})


def list_of(items: Property, **about: Any) -> Property:
    """An ordered list."""
    return _build(Kind.LIST, {"items": items, **about})


def keyed_list(items: Property, *key: str, **about: Any) -> Property:
    """A list that others may add to, its elements told apart by the fields `key`, or by themselves."""
    return _build(Kind.LIST, {"items": items, "key": key, **about})


def set_of(items: Property, **about: Any) -> Property:
    """A list whose order means nothing."""
    return _build(Kind.SET, {"items": items, **about})


def map_of(items: Property, **about: Any) -> Property:
    """An object with keys of the user's."""
    return _build(Kind.MAP, {"items": items, **about})


def document(**about: Any) -> Property:
    """A JSON document in a string, equal to any document of the same content."""
    return _build(Kind.DOCUMENT, about)


def anything(**about: Any) -> Property:
    """Whatever JSON allows."""
    return _build(Kind.ANY, about)


_OWN = frozenset(Property.__struct_fields__)


def _build(kind: Kind, about: Mapping[str, Any]) -> Property:
    rules = {_camel(name): value for name, value in about.items() if name not in _OWN}
    own = {name: value for name, value in about.items() if name in _OWN}
    return Property(kind=kind, rules={**rules, **own.pop("rules", {})}, **own)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)
