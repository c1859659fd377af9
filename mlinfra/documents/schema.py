"""Schemas: a document's values brought to the types that a JSON Schema asks for, and checked against it.

Configuration, policies and modules' own documents use it. Coercion comes first and never fails: where a schema wants
text, an unquoted scalar gives its own spelling, so that `version: 1.30` stays 1.30 and an account keeps its leading
zero; a quoted scalar is text and nothing else. The check then names everything that does not fit, in words. Values
that are expressions fit wherever what they will make may stand.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.value import Expression, Path, Value
from mlinfra.documents.conformance import Conformance
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import Node
from mlinfra.documents.subschema import Definition, Subschemas, kind_of


class Schema:
    """One JSON Schema (2020-12, references within itself only), ready to be used many times."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.subschemas = Subschemas(definition)
        self._conformance = Conformance(self.subschemas)
        self._root = self.subschemas.flat(definition)
        self._fits = self._conformance.test(definition)

    def load(self, node: Node, findings: Findings, *, path: Path = (), address: Address | None = None) -> Value:
        """The plain data of `node`, coerced and checked. `path` is where it stands in its document."""
        value = self.coerce(node)
        self.check(value, node, findings, path=path, address=address)
        return value

    def coerce(self, node: Node) -> Value:
        """The plain data of `node`, each scalar in the type that is asked for where its spelling allows."""
        return self._coerce(node, self._root)

    def check(
        self, value: Value, node: Node, findings: Findings, *, path: Path = (), address: Address | None = None
    ) -> None:
        """Add a finding for everything in `value`, made from `node`, that does not fit."""
        if not self._fits(value):
            # Imported only now: jsonschema takes its time, and most documents have no mistake to explain.
            from mlinfra.documents.violation import Violations

            Violations(self.subschemas, node, findings, path, address).report(value)

    def _coerce(self, node: Node, schema: Definition) -> Value:
        value = node.value
        if isinstance(value, dict):
            schema = self.fitting(node, schema)
            return {name: self._coerce(item, self.subschemas.below(schema, name)) for name, item in value.items()}
        if isinstance(value, list):
            schema = self.fitting(node, schema)
            return [self._coerce(item, self.subschemas.below(schema, index)) for index, item in enumerate(value)]
        return self._scalar(node, schema)

    def _scalar(self, node: Node, schema: Definition) -> Value:
        value = node.value
        if isinstance(value, str | Expression | None):
            return value
        kinds, kind = self.subschemas.kinds(schema), kind_of(value)
        if kinds is None or kind in kinds or (kind == "integer" and "number" in kinds):
            return value
        if node.text and "string" in kinds:
            return node.text
        if kind == "number" and "integer" in kinds and value.is_integer():
            return int(value)
        return value

    def fitting(self, node: Node, schema: Definition) -> Definition:
        """The alternative of a union that a mapping or list is meant for, as far as one can tell."""
        branches = self.subschemas.branches(schema)
        if not branches:
            return schema
        kind = kind_of(node.value)
        possible = [b for b in branches if (kinds := self.subschemas.kinds(b)) is None or kind in kinds]
        for branch in possible[:-1]:
            inner = self.fitting(node, branch)
            if self._conformance.test(branch)(self._coerce(node, inner)):
                return inner
        return self.fitting(node, possible[-1]) if possible else schema
