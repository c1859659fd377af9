"""The layout: every top-level key of a stack file, the loader's own and the language's sections alike.

The loader, the published schema and `expand` all go through it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import msgspec

from mlinfra.config import model
from mlinfra.core.language import Language, Section
from mlinfra.core.lazy import Lazy

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


def _constant(value: str, description: str) -> Section:
    return Section(module="", schema={"const": value, "description": description})


@cache
def _of(kind: Any, *, many: bool = False) -> Section:
    return Section(module="", many=many, schema=_schema(kind))


# The keys that belong to no module.
_OWN: Mapping[str, Callable[[], Section]] = {
    "apiVersion": partial(_constant, model.API_VERSION, "the version of the language"),
    "kind": partial(_constant, model.KIND, "what the file holds"),
    "metadata": partial(_of, model.Metadata),
    "extends": partial(_of, model.Extends),
    INPUTS: partial(_of, model.Input, many=True),
    "target": partial(_of, model.Target),
    "state": partial(_of, model.State),
    STACKS: partial(_of, model.Neighbour, many=True),
    "moved": partial(_of, model.Moved),
    "lifecycle": partial(_of, model.Lifecycle),
}
_LAST: Mapping[str, Callable[[], Section]] = {
    "policies": partial(_of, model.Policies),
    OUTPUTS: partial(_of, model.Outputs),
    RESOURCES: partial(_of, model.Resource, many=True),
}


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
    """Every top-level key, in the order in which a stack file is usually written; each is described when asked for."""
    own = {**_OWN, **_LAST}
    names = dict.fromkeys((*_OWN, *language.sections, *_LAST))
    return Lazy(names, lambda name: own[name]() if name in own else language.sections[name])


# What holds of a stack whatever it desires, and what of that does not.
_FRAME = frozenset({"apiVersion", "kind", "metadata", "target", "state", "lifecycle"})
BESIDE_THE_FRAME: Mapping[str, frozenset[str]] = {
    "metadata": frozenset({"owner", "tags"}),
    "lifecycle": frozenset({"ttl", "extendOnApply", "hibernate", "budget"}),
}


def is_framed(key: str, language: Language) -> bool:
    """Whether a top-level key is looked at where only the frame is: what nobody knows may be a part of it, misspelt."""
    return key in _FRAME or key not in layout(language)


REQUIRED = ("apiVersion", "kind", "metadata", "target")
