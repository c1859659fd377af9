"""JSON Schema and descriptions of typed structs, for editors, validation and the reference.

Reads types alone.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

_PREFIX = "#/$defs/"


@cache  # however many sessions a process opens: nobody changes what was worked out
def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of `kind` with every level in place: no `$ref`, so that it can stand anywhere in another one."""
    # Defaults may be tuples there; a schema is JSON.
    whole = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(kind)))
    definitions = whole.pop("$defs", {})
    inlined = _inlined(whole, definitions)
    assert isinstance(inlined, dict)
    return inlined


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix(_PREFIX)]
        rest = {key: item for key, item in schema.items() if key != "$ref"}
        schema = {**target, **rest}
    named = {
        key: _named(item, definitions) if key == "properties" else _inlined(item, definitions)
        for key, item in schema.items()
        # Titles are names of classes, which say nothing to users; defaults are data, never schemas.
        if key not in {"title", "default", "required"}
    }
    if schema.get("required"):
        named["required"] = schema["required"]
    if all(isinstance(item, str) for item in schema.get("enum", [0])):
        # Whoever reads a file by its schema must learn from it that `1.30` is a text here.
        named["type"] = "string"
    return {**named, "default": schema["default"]} if "default" in schema else named


def _named(properties: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return {name: _inlined(item, definitions) for name, item in properties.items()}


@cache
def outputs_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The outputs that stack files may name, with their descriptions: the described fields, by outside name."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(kind):
        if description := _description(hints[field.name]):
            found[field.encode_name] = description
    return found


def _description(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return ""
    return next((meta.description or "" for meta in get_args(hint)[1:] if isinstance(meta, msgspec.Meta)), "")
