"""Definitions: what a stack's own CustomResourceDefinitions say of the custom resources beside them.

Their schemas are structural (kubernetes.io, "Extend the Kubernetes API with CustomResourceDefinitions", read November
2026): JSON Schema but for a few words. What they do not declare, the API would refuse or drop. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.core.source import Source
from mlinfra.core.value import Expression, Properties, Value, is_known
from mlinfra.documents.findings import Findings
from mlinfra.documents.node import Node
from mlinfra.documents.schema import Schema
from mlinfra.providers.kubernetes.manifest import without_nulls
from mlinfra.providers.kubernetes.token import Kind

DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
_PRESERVES = "x-kubernetes-preserve-unknown-fields"
_EITHER = "x-kubernetes-int-or-string"
_EMBEDS = "x-kubernetes-embedded-resource"
# Words that other validators understand, or that say nothing of the form.
_KEPT = frozenset({
    "type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "multipleOf", "required", "minProperties", "maxProperties",
})  # fmt: skip
_ANY_STRUCTURE = {"apiVersion", "kind", "metadata", "status"}
_NOWHERE = Source("")


def schemas_in(definitions: Iterable[Properties]) -> dict[Kind, Schema]:
    """The schema of each kind and version that definitions declare, as far as they are known."""
    found = {}
    for properties in definitions:
        spec = properties.get("spec")
        if not isinstance(spec, dict) or not is_known(spec):
            continue
        group, name = str(spec.get("group", "")), str((spec.get("names") or {}).get("kind", ""))
        for version in spec.get("versions") or ():
            structural = (version.get("schema") or {}).get("openAPIV3Schema")
            if isinstance(structural, dict):
                found[Kind(group, str(version.get("name", "")), name)] = schema_of(structural)
    return found


def schema_of(structural: Mapping[str, Any]) -> Schema:
    """What a structural schema asks of an object, beside what all objects have."""
    return Schema(_root(structural))


def complaints(schema: Schema, properties: Properties) -> Iterator[str]:
    """What a definition has against an object."""
    body = without_nulls({key: value for key, value in properties.items() if key not in _ANY_STRUCTURE})
    findings = Findings()
    schema.check(body, _node(body), findings)
    for one in findings.diagnostics():
        yield f"{one.summary}: {one.hint}" if one.hint else one.summary


def _root(structural: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of what the definition itself declares: what all objects have is held against other rules."""
    made = _json_schema(structural)
    made["properties"] = {k: v for k, v in made.get("properties", {}).items() if k not in _ANY_STRUCTURE}
    if "required" in made:
        made["required"] = [name for name in made["required"] if name not in _ANY_STRUCTURE]
    return made


def _json_schema(structural: Mapping[str, Any]) -> dict[str, Any]:
    if structural.get(_EITHER):
        return {"type": ["integer", "string"]}
    made = {word: value for word, value in structural.items() if word in _KEPT}
    if isinstance(fields := structural.get("properties"), dict):
        made["properties"] = {name: _json_schema(below) for name, below in fields.items()}
    others = structural.get("additionalProperties")
    open_ended = structural.get(_PRESERVES) or structural.get(_EMBEDS)
    if isinstance(others, dict):
        made["additionalProperties"] = _json_schema(others)
    elif "properties" in structural and not open_ended and others is not True:
        made["additionalProperties"] = False
    if isinstance(items := structural.get("items"), dict):
        made["items"] = _json_schema(items)
    return made


def _node(value: Value) -> Node:
    """A document's form of plain data, which came from no document."""
    if isinstance(value, dict):
        return Node({key: _node(item) for key, item in value.items() if not isinstance(key, Expression)}, _NOWHERE)
    if isinstance(value, list | tuple):
        return Node([_node(item) for item in value], _NOWHERE)
    return Node(value, _NOWHERE)
