"""Nodes: a document's values, each with the place where it was written and how it was spelt.

The YAML reader makes them, configuration merges and substitutes in them, schema-directed coercion turns them into
plain data. A node is never changed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mlinfra.core.source import Source
from mlinfra.core.value import Expression, Path, PathPart, Value


class Failed(Expression, frozen=True, tag="failed"):
    """Stands where a value could not be made out, and a finding says so: nothing further is said about it."""


FAILED = Failed()
ENVIRONMENT = "environment variable"  # how the origin of a value begins that the machine's environment gave


class Node(msgspec.Struct, frozen=True, gc=False):
    """One value of a document.

    value: `None`, a bool, int, float, str or `Expression`; or a `dict[str, Node]`, or a `list[Node]`.
    source: where the value stands.
    text: how a plain (unquoted) scalar was spelt: `1.30`, `007`; `None` for all others.
    key: where the key stands that it was written under, if any.
    origin: where the value came from, if not from `source`: `--set gpuMax`.
    """

    value: Any
    source: Source
    text: str | None = None
    key: Source | None = None
    origin: str = ""

    @property
    def place(self) -> Source:
        """Where a reader looks for it: its key, or else itself."""
        return self.key or self.source

    @property
    def is_private(self) -> bool:
        """Whether it is of the machine's environment, in part or as a whole: no message repeats that."""
        return self.origin.startswith(ENVIRONMENT)

    def below(self, part: PathPart) -> Node | None:
        """The node under one key or at one index."""
        value = self.value
        if isinstance(value, dict):
            return value.get(part)
        if isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
            found: Node = value[part]
            return found
        return None

    def find(self, path: Path) -> Node | None:
        """The node at `path`."""
        node: Node | None = self
        for part in path:
            node = node.below(part) if node else None
        return node

    def plain(self) -> Value:
        """Its content as plain data, without positions."""
        value = self.value
        if isinstance(value, dict):
            return {name: node.plain() for name, node in value.items()}
        if isinstance(value, list):
            return [node.plain() for node in value]
        return value

    def with_value(self, value: Any) -> Node:
        """The same place with another value."""
        return Node(value, self.source, self.text, self.key, self.origin)


class Document(msgspec.Struct, frozen=True):
    """A document that was read: `digest` is the SHA-256 of its bytes, in hexadecimal."""

    file: str
    root: Node
    digest: str


class Places:
    """Where each part of a tree of nodes was written: `mlinfra.core.stack.Positions`."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def at(self, path: Path) -> Source | None:
        """Where `path` stands, or else its nearest ancestor below the root."""
        found: Source | None = None
        node: Node | None = self.root
        for part in path:
            node = node.below(part) if node else None
            if node is None:
                break
            found = node.place
        return found
