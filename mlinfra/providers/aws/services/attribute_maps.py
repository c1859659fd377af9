"""Attribute maps: settings that a service keeps as texts under keys of its own, beside the object or as a map of it.

SQS, SNS and load balancers do so. A declaration says which property stands under which key; nobody else needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mlinfra.core.property import Kind, Property, Unset
from mlinfra.providers.aws.aws_type import Item, Shape
from mlinfra.providers.aws.template import Template, prop
from mlinfra.providers.aws.work import Work


def as_text(value: Any) -> Any:
    """A value as an attribute has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


class AttributeMap(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of one type.

    fields: the declared inputs. keys: the attribute's key by property, which may be `block.field`. blank: whether an
    empty text takes an attribute away; otherwise what has no default stays as it is.
    """

    fields: Mapping[str, Property]
    keys: Mapping[str, str]
    blank: bool = False

    @property
    def properties(self) -> tuple[str, ...]:
        """The top-level properties that stand among the attributes."""
        return tuple(dict.fromkeys(path.partition(".")[0] for path in self.keys))

    def names(self) -> dict[str, str]:
        """The names by which a declaration finds what `shown` answers: the properties' own."""
        levels = {path: path.rpartition(".")[2] for path in self.keys}
        return {name: name for name in self.properties} | levels

    def shapes(self) -> dict[str, Shape]:
        """Texts outward, and what was declared inward."""
        return {path: _shape(self._declared(path)) for path in self.keys}

    def template(self) -> Template:
        """All attributes as a parameter of a create call."""
        return {key: prop(path) for path, key in self.keys.items()}

    def shown(self, attributes: Mapping[str, str]) -> Item:
        """What a service shows, under the properties' own names."""
        found: Item = {}
        for path, key in self.keys.items():
            block, _, name = path.rpartition(".")
            if attributes.get(key):
                (found.setdefault(block, {}) if block else found)[name] = attributes[key]
        return found

    def asked(self, work: Work) -> dict[str, str]:
        """What is to be set: the changed properties, or, while the object is made, all that differ from a new one's."""
        asked = {key: self._asked(work, path) for path, key in self.keys.items()}
        return {key: value for key, value in asked.items() if value is not None}

    def _asked(self, work: Work, path: str) -> str | None:
        declared = self._declared(path)
        standard: str | None = None if isinstance(declared.default, Unset) else as_text(declared.default)
        value: str | None = work.api(path)
        if not work.changed:
            return value if value != standard else None
        if path.partition(".")[0] not in work.changed_names:
            return None
        if value is None and _is_changed(work, path):  # it was taken out of the stack
            return standard if standard is not None else "" if self.blank else None
        return value

    def _declared(self, path: str) -> Property:
        root, _, rest = path.partition(".")
        return self.fields[root].fields[rest] if rest else self.fields[root]


def _is_changed(work: Work, path: str) -> bool:
    parts = tuple(path.split("."))
    return any(parts[: len(changed)] == changed for changed in work.changed)


def _shape(declared: Property) -> Shape:
    match declared.kind:
        case Kind.BOOLEAN:
            return Shape(outward=as_text, inward=lambda shown: shown == "true" if isinstance(shown, str) else shown)
        case Kind.INTEGER:
            return Shape(outward=as_text, inward=int)
    return Shape(outward=as_text, inward=lambda shown: shown)
