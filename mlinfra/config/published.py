"""The published schema: what editors and other tools may check a stack file against, as one JSON Schema.

`mlinfra schema` prints it. It is more lenient than the loader, since it sees the file before anything is merged or
substituted: a reference may stand at every leaf, null removes, text may be an unquoted number, and a file that
`extends` others need not be complete. The loader has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlinfra.config import model
from mlinfra.config.expression import REFERENCE_PATTERN
from mlinfra.config.layout import INPUTS, PLAIN, REQUIRED, RESOURCES, layout
from mlinfra.core.language import Language, Section

Json = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "reference"
_WHOLE, _OVERLAY = "whole", "overlay"
_ANNOTATIONS = ("title", "description", "default", "examples", "deprecated")
# Keywords below which schemas stand: by name, in a list, or one alone.
_BY_NAME = ("properties", "patternProperties", "$defs")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_ALONE = ("items", "additionalProperties")


def publish_schema(language: Language) -> Json:
    """The JSON Schema (2020-12) of a stack file. `#/$defs/overlay` is that of a file that others extend."""
    definitions: Json = {
        _REFERENCE: {
            "description": "an expression, or null to leave it out",
            "anyOf": [{"type": "string", "pattern": REFERENCE_PATTERN}, {"type": "null"}],
        }
    }
    for token, schema in language.types.items():
        _define(definitions, token, schema, partial=False, plain=False)
    for kind in (_WHOLE, _OVERLAY):
        partial = kind == _OVERLAY
        properties = {
            name: _section(definitions, kind, name, section, partial=partial)
            for name, section in layout(language).items()
        }
        definitions[kind] = {
            "type": "object", "properties": properties, "additionalProperties": False,
            **({} if partial else {"required": list(REQUIRED)}),
        }  # fmt: skip
        definitions[f"{kind}.{RESOURCES}"]["allOf"] = [_typed(token) for token in language.types]
    return {
        "$schema": _DIALECT, "title": "mlinfra stack", "description": "a machine-learning cluster in one file",
        "if": {"type": "object", "required": ["extends"]},
        "then": _reference(_OVERLAY), "else": _reference(_WHOLE), "$defs": definitions,
    }  # fmt: skip


def _section(definitions: Json, kind: str, name: str, section: Section, *, partial: bool) -> Json:
    """The schema of one top-level key, that of its value or of its entries filed under the definitions."""
    key = f"{kind}.{name}"
    _define(definitions, key, section.schema, partial=partial, plain=name in PLAIN)
    if not section.many:
        return _reference(key) if name in PLAIN else _or_reference(_reference(key))
    form = model.FIELD_NAME if name == INPUTS else model.ENTRY_NAME
    entries = {"type": "object", "propertyNames": {"pattern": form}, "additionalProperties": _reference(key)}
    if not partial:
        return entries
    return {**entries, "additionalProperties": {"anyOf": [_reference(key), {"type": "null"}]}}


def _define(definitions: Json, key: str, schema: Mapping[str, Any], *, partial: bool, plain: bool) -> None:
    """File `schema` under `key`, and its own definitions under names that begin with it."""
    lenient = _Lenient(key, partial=partial, plain=plain)
    own = {name: value for name, value in schema.items() if name != "$defs"}
    definitions[key] = lenient.inside(own)
    for name, definition in schema.get("$defs", {}).items():
        definitions[f"{key}.{name}"] = lenient.inside(definition)


def _typed(token: str) -> Json:
    """The properties of resources of one type."""
    return {
        "if": {"properties": {"type": {"const": token}}, "required": ["type"]},
        "then": {"properties": {"properties": _or_reference(_reference(token))}},
    }


class _Lenient:
    """Loosens one schema document. `plain`: no expressions are taken there."""

    def __init__(self, key: str, *, partial: bool, plain: bool) -> None:
        self._key = key
        self._partial = partial
        self._plain = plain

    def inside(self, schema: Any) -> Any:
        """The schema itself, with everything below it loosened."""
        if not isinstance(schema, Mapping):
            return schema
        found: Json = {}
        for keyword, operand in schema.items():
            if keyword == "required" and self._partial:
                continue
            if keyword in _BY_NAME:
                found[keyword] = {name: self.around(below) for name, below in operand.items()}
            elif keyword in _LISTED:
                found[keyword] = [self.inside(below) for below in operand]
            elif keyword in _ALONE:
                found[keyword] = self.around(operand)
            elif keyword == "$ref":
                found[keyword] = _pointer(self._key + operand.removeprefix("#").replace("/$defs/", "."))
            elif keyword != "discriminator":  # its mapping would point at the old places
                found[keyword] = operand
        return found

    def around(self, schema: Any) -> Any:
        """The schema of a property or an item: itself loosened, or a reference."""
        found = self.inside(schema)
        if self._plain or not isinstance(found, dict) or not (set(found) - set(_ANNOTATIONS)):
            return found
        if found.get("type") == "string":
            found = {**found, "type": ["string", "number", "boolean"]}
        return _or_reference(found)


def _or_reference(schema: Json) -> Json:
    about = {name: schema[name] for name in _ANNOTATIONS if name in schema}
    rest = {name: value for name, value in schema.items() if name not in about}
    return {**about, "anyOf": [rest, _reference(_REFERENCE)]}


def _reference(key: str) -> Json:
    return {"$ref": _pointer(key)}


def _pointer(key: str) -> str:
    return "#/$defs/" + key.replace("~", "~0").replace("/", "~1")
