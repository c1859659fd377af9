"""JSON Schemas of kinds, for stack files and editors: of built-in ones all of it, of others what all objects share.

Made from the vocabulary, for one kind at a time: a pod's definitions are many, and a stack names few kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in, definition, split

_METADATA = "meta.v1.ObjectMeta"
_SCALARS: Mapping[str, Mapping[str, Any]] = {
    "s": {"type": "string"},
    "i": {"type": "integer"},
    "n": {"type": "number"},
    "b": {"type": "boolean"},
    "q": {"type": "string"},  # as Pulumi has it; a number in a stack file becomes its text
    "x": {"type": ["string", "integer"]},
    "B": {"type": "string"},
}
_NOT_DECLARED = frozenset({"status"})  # the cluster says it


def schema_of(token: str) -> Mapping[str, Any]:
    """The schema of a type's properties. Raises `ValueError` for what is no token of an object."""
    kind = Kind.of(token)
    known = built_in(kind.api_version, kind.name)
    definitions: dict[str, Any] = {}
    if known is None:
        _define(_METADATA, definitions)
        texts = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": _reference(_METADATA)}
        return {"type": "object", "properties": texts, "$defs": definitions}
    _define(known.definition, definitions)
    root = dict(definitions.pop(known.definition))
    root["properties"] = {k: v for k, v in root["properties"].items() if k not in _NOT_DECLARED}
    return {**root, "$defs": definitions}


def _define(name: str, definitions: dict[str, Any]) -> None:
    if name in definitions:
        return
    about = definition(name)
    made: dict[str, Any] = {"type": "object", "additionalProperties": False}
    definitions[name] = made
    made["properties"] = {field: _of(code, definitions) for field, code in about.fields.items()}
    if about.required:
        made["required"] = sorted(about.required)


def _of(code: str, definitions: dict[str, Any]) -> Mapping[str, Any]:
    shape, _, inner = split(code)
    match shape:
        case "map":
            return {"type": "object", "additionalProperties": _of(inner, definitions)}
        case "list" | "set":
            return {"type": "array", "items": _of(inner, definitions)}
        case "block":
            _define(inner, definitions)
            return _reference(inner)
        case "scalar":
            return _SCALARS[inner]
    return {}


def _reference(name: str) -> Mapping[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
