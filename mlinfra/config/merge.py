"""Merging: files beneath one another, and what is left out.

The loader lays a stack file over the files that it extends. Mappings merge, everything else replaces, null removes.
Every part keeps the place in the file that it came from.
"""

from __future__ import annotations

import os

from mlinfra.config.codes import Code
from mlinfra.config.files import Files
from mlinfra.core.value import Path, path_text
from mlinfra.documents.codes import Code as DocumentCode
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import FAILED, Node

EXTENDS = "extends"
MOST_FILES = 100


def merge(under: Node, over: Node) -> Node:
    """`over` laid upon `under`."""
    if not (isinstance(under.value, dict) and isinstance(over.value, dict)):
        return over
    merged = dict(under.value)
    for name, node in over.value.items():
        merged[name] = merge(merged[name], node) if name in merged else node
    return over.with_value(merged)


def without_nulls(node: Node, findings: Findings, path: Path = ()) -> Node:
    """`node` without the keys whose value is null; values that were never written are findings.

    `kserve:` with nothing behind it could mean both "with all defaults" and "not at all": it must say which.
    """
    value = node.value
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            if item.value is None and item.text:
                continue
            kept[name] = without_nulls(item, findings, (*path, name))
        same = len(kept) == len(value) and all(kept[name] is item for name, item in value.items())
        return node if same else node.with_value(kept)
    if isinstance(value, list):
        items = [without_nulls(item, findings, (*path, index)) for index, item in enumerate(value)]
        return node if all(new is old for new, old in zip(items, value, strict=True)) else node.with_value(items)
    if value is None and node.text == "":
        findings.add(
            DocumentCode.EMPTY_VALUE, f"nothing is written for {path_text(path) or 'the document'}", node.place,
            hint="write a value, {} for all defaults, or null to leave it out",
        )  # fmt: skip
        return node.with_value(FAILED)
    return node


class Layers:
    """Assembles a stack file and what it extends into one tree."""

    def __init__(self, files: Files, findings: Findings) -> None:
        self._files = files
        self._findings = findings
        self._count = 0

    def assemble(self, file: str) -> Node | None:
        """The tree of `file` over those that it extends, in their order; `None` where it cannot be read."""
        document = self._files.read(file, None)
        if document is None:
            return None
        if not isinstance(document.root.value, dict):
            empty = document.root.value is None
            self._findings.add(
                Code.NOT_A_STACK, f"{file} is {'empty' if empty else 'not a mapping'}", document.root.source,
                hint="a stack file begins with apiVersion: mlinfra/v1",
            )  # fmt: skip
            return None
        return self._over(document.root, file, (file,))

    def _over(self, root: Node, file: str, chain: tuple[str, ...]) -> Node:
        """`root` laid upon what it extends."""
        merged: Node | None = None
        for entry in self._entries(root):
            below = self._below(entry, file, chain)
            if below is not None:
                merged = below if merged is None else merge(merged, below)
        return root if merged is None else merge(merged, root)

    def _entries(self, root: Node) -> list[Node]:
        extends = root.below(EXTENDS)
        value = extends.value if extends else None
        # What is no list of texts is refused by the schema later.
        return [item for item in value if isinstance(item.value, str)] if isinstance(value, list) else []

    def _below(self, entry: Node, file: str, chain: tuple[str, ...]) -> Node | None:
        if "${" in entry.value:
            self._findings.add(Code.NOT_HERE, "`extends` takes no expressions", entry.source, hint="write the path out")
            return None
        if "://" in entry.value:
            summary, hint = "`extends` takes files of the project, and no URLs", "keep a copy of it in the project"
            self._findings.add(Code.OUTSIDE, summary, entry.source, hint=hint)
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(file), entry.value))  # noqa: PTH118, PTH120
        if path in chain:
            circle = " -> ".join([*chain[chain.index(path) :], path])
            self._findings.add(Code.EXTENDS_CYCLE, f"files extend each other in a circle: {circle}", entry.source)
            return None
        self._count += 1
        if self._count > MOST_FILES:
            if self._count == MOST_FILES + 1:
                self._findings.add(Code.EXTENDS_TOO_MANY, f"more than {MOST_FILES} files are extended", entry.source)
            return None
        document = self._files.read(path, entry.source)
        if document is None:
            return None
        root = document.root
        if not isinstance(root.value, dict):
            self._findings.add(Code.NOT_A_STACK, f"{path} is empty or not a mapping", root.source)
            return None
        merged = self._over(root, path, (*chain, path))
        return merged.with_value({name: node for name, node in merged.value.items() if name != EXTENDS})
