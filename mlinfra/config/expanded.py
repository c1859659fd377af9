"""The expanded stack: every effective value, with where it comes from. For `mlinfra show --expanded`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from mlinfra.config.layout import INPUTS, RESOURCES, layout
from mlinfra.core.language import Language, Section
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, Value, path_text
from mlinfra.documents.effective import Leaf, leaves
from mlinfra.documents.node import Node, Places
from mlinfra.documents.schema import Schema

DEFAULT = "default"
Types: TypeAlias = Mapping[str, Mapping[str, Any]]


class Expanded(msgspec.Struct, frozen=True):
    """One effective value.

    path: `nodeGroups.gpu.max`. value: plain data or an expression; a secret stands as its reference.
    origin: `stack.yaml:12:10`; `--set gpuMax`; an environment variable or another stack; or `default`.
    """

    path: str
    value: Value
    origin: str


def expand(stack: Stack, language: Language) -> tuple[Expanded, ...]:
    """Every effective value of a stack that `load_stack` made, in the order of the language."""
    assert isinstance(stack.positions, Places)
    root, rows = stack.positions.root, []
    for name, section in layout(language).items():
        node = root.below(name)
        if node is not None and section.many:
            schema = Schema({} if name == INPUTS else section.schema)  # of inputs, the values are shown
            for entry, item in node.value.items():
                types = language.types if name == RESOURCES else {}
                rows += [_row((name, entry, *leaf.path), leaf) for leaf in _entry(schema, item, types)]
        elif node is not None or _has_effect(name, section, language):
            rows += [_row((name, *leaf.path), leaf) for leaf in leaves(Schema(section.schema), node)]
    return tuple(rows)


def _has_effect(name: str, section: Section, language: Language) -> bool:
    """Whether a key that is left out has defaults: a section of the language is then simply not there."""
    return not section.many and name not in language.sections


def _entry(schema: Schema, node: Node, types: Types) -> Iterator[Leaf]:
    """The leaves of one entry; those of a resource's properties after the schema of its type."""
    kind = node.below("type")
    properties = node.below("properties")
    if kind is None or properties is None or kind.value not in types:
        yield from leaves(schema, node)
        return
    rest = {name: item for name, item in node.value.items() if name != "properties"}
    yield from (leaf for leaf in leaves(schema, node.with_value(rest)) if leaf.path[0] != "properties")
    for leaf in leaves(Schema(types[kind.value]), properties):
        yield Leaf(("properties", *leaf.path), leaf.value, leaf.node)


def _row(path: Path, leaf: Leaf) -> Expanded:
    origin = DEFAULT if leaf.node is None else leaf.node.origin or str(leaf.node.source)
    return Expanded(path_text(path), leaf.value, origin)
