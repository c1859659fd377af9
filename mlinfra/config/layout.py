"""The layout: every top-level key of a stack file, the loader's own and the language's sections alike.

The loader, the published schema and `expand` all go through it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from mlinfra.config import model
from mlinfra.core.language import Language, Section

INPUTS, STACKS, RESOURCES, OUTPUTS = "inputs", "stacks", "resources", "outputs"

# What each key's value may refer to, besides inputs and environment variables.
_REFERENCES: dict[str, frozenset[str]] = {
    RESOURCES: frozenset({"secret", "stacks", "section"}),
    OUTPUTS: frozenset({"stacks", "section"}),
    **dict.fromkeys(
        ("metadata", "target", "state", "stacks", "moved", "lifecycle", "policies"), frozenset()
    ),
}  # fmt: skip
_OF_A_SECTION = frozenset({"secret", "stacks"})
PLAIN = frozenset({"apiVersion", "kind", "extends", INPUTS})  # take no expressions at all


def references_of(key: str) -> frozenset[str]:
    """What the value of a top-level key may refer to, besides inputs and environment variables."""
    return _REFERENCES.get(key, _OF_A_SECTION)


@cache
def _own() -> Mapping[str, Section]:
    """The keys that belong to no module."""
    one = {
        "apiVersion": {"const": model.API_VERSION, "description": "the version of the language"},
        "kind": {"const": model.KIND, "description": "what the file holds"},
        "metadata": _schema(model.Metadata),
        "extends": _schema(model.Extends),
        "target": _schema(model.Target),
        "state": _schema(model.State),
        "moved": _schema(model.Moved),
        "lifecycle": _schema(model.Lifecycle),
        "policies": _schema(model.Policies),
        OUTPUTS: _schema(model.Outputs),
    }
    many = {INPUTS: model.Input, STACKS: model.Neighbour, RESOURCES: model.Resource}
    sections = {name: Section(module="", schema=schema) for name, schema in one.items()}
    return sections | {name: Section(module="", many=True, schema=_schema(kind)) for name, kind in many.items()}


def _schema(kind: Any) -> dict[str, Any]:
    schema = msgspec.json.schema(kind)
    reference = schema.pop("$ref", "")
    if not reference:
        return schema
    # The one definition that everything is about becomes the schema itself.
    definitions = schema.pop("$defs")
    root = definitions.pop(reference.removeprefix("#/$defs/"))
    return {**root, **({"$defs": definitions} if definitions else {})}


def layout(language: Language) -> Mapping[str, Section]:
    """Every top-level key, in the order in which a stack file is usually written."""
    own = _own()
    order = ("apiVersion", "kind", "metadata", "extends", INPUTS, "target", "state", STACKS, "moved", "lifecycle")
    head = {name: own[name] for name in order}
    return {**head, **language.sections, **{name: own[name] for name in own if name not in head}}


REQUIRED = ("apiVersion", "kind", "metadata", "target")
