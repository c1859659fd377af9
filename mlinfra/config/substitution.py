"""Substitution: every `${...}` of a stack replaced by what it stands for.

The loader calls it once, on the merged tree, before coercion. One pass: what is put in is data and is not looked at
again. What only an apply can tell becomes an expression of `mlinfra.core.value`; a mistake becomes a finding, and
`FAILED` in its place.
"""

from __future__ import annotations

from mlinfra.config.codes import Code
from mlinfra.config.expression import Malformed, Name, parse
from mlinfra.config.layout import PLAIN, RESOURCES, references_of
from mlinfra.config.site import Scope, Site
from mlinfra.core.value import Concat, Expression, Path, Secret, Value, text_of
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import FAILED, Node
from mlinfra.documents.text import shown


class Substitution:
    """Applies one scope to the values of a stack."""

    def __init__(self, scope: Scope, findings: Findings) -> None:
        self._scope = scope
        self._findings = findings

    def apply(self, key: str, node: Node) -> Node:
        """The value of one top-level key, with everything in it replaced."""
        return self._node(node, (key,), references_of(key))

    def _node(self, node: Node, path: Path, allowed: frozenset[str]) -> Node:
        value = node.value
        if isinstance(value, str):
            return self._text(node, value, path, allowed) if "$" in value else node
        if isinstance(value, dict):
            items = {name: self._entry(name, item, path, allowed) for name, item in value.items()}
            return node if all(items[name] is item for name, item in value.items()) else node.with_value(items)
        if isinstance(value, list):
            found = [self._node(item, (*path, index), allowed) for index, item in enumerate(value)]
            return node if all(map(_is, found, value)) else node.with_value(found)
        return node

    def _entry(self, name: str, node: Node, path: Path, allowed: frozenset[str]) -> Node:
        if "${" in name:
            self._findings.add(
                Code.IN_KEY, f"the key {shown(name)} holds an expression", node.place,
                hint="only values may; write the key out",
            )  # fmt: skip
        if path[0] == RESOURCES and len(path) == 2 and name != "properties":
            allowed = frozenset()
        return self._node(node, (*path, name), allowed)

    def _text(self, node: Node, text: str, path: Path, allowed: frozenset[str]) -> Node:
        parts = parse(text)
        if not any(isinstance(part, Name | Secret | Malformed) for part in parts):
            return node.with_value("".join(map(str, parts)))
        if self._findings.full:
            return node.with_value(FAILED)
        site = Site(self._scope, self._findings, node, path, allowed)
        if path[0] in PLAIN:
            return site.fail(Code.NOT_HERE, f"`{path[0]}` takes no expressions", "write the value out")
        found = [site.evaluate(part) for part in parts]
        if len(found) == 1:
            return found[0]
        return _joined(site, found)


def _is(left: object, right: object) -> bool:
    return left is right


def _joined(site: Site, found: list[Node]) -> Node:
    """A longer text with expressions in it."""
    texts: list[Value] = []
    for part in found:
        value = part.value
        if value is FAILED:
            return site.node.with_value(FAILED)
        if isinstance(value, Secret | dict | list | None):
            what = "a secret" if isinstance(value, Secret) else "a list, a mapping or null"
            return site.fail(Code.NOT_WHOLE, f"{what} stands within a longer text", "let it be the whole value")
        texts.append(value if isinstance(value, Expression) else part.text or text_of(value))
    if not any(isinstance(text, Expression) for text in texts):
        private = next((part.origin for part in found if part.is_private), "")
        return Node("".join(texts), site.node.source, None, site.node.key, private)
    return Node(Concat(tuple(texts)), site.node.source, None, site.node.key)
