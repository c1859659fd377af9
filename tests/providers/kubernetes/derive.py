"""Derives what mlinfra knows of the built-in kinds from the schemas that the Kubernetes project publishes.

    python -m tests.providers.kubernetes.derive > mlinfra/providers/kubernetes/vocabulary.json

A test holds the file to what comes out here. The schemas are those that the `kubernetes-validate` package carries; the
kinds, their plurals and scopes those of the sandbox's own table, which says where it has them from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.schema import Definitions, load_definitions

VERSION = "1.37"
SOURCE = f"kubernetes/kubernetes v{VERSION}, api/openapi-spec, as packaged by kubernetes-validate 1.37.0; November 2026"

_SHORT = (
    "io.k8s.api.",
    "io.k8s.apimachinery.pkg.apis.",
    "io.k8s.apiextensions-apiserver.pkg.apis.",
    "io.k8s.kube-aggregator.pkg.apis.",
)
_SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
_SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "x",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "s",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "s",
    # Without an end, or without a form: taken as they are.
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "*",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "*",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "*",
}


def vocabulary() -> dict[str, Any]:
    """Kinds by `apiVersion/Kind`, and the fields of the definitions that they are made of."""
    return _Derivation(load_definitions(VERSION)).vocabulary()


class _Derivation:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._found: dict[str, dict[str, str]] = {}

    def vocabulary(self) -> dict[str, Any]:
        kinds = dict(sorted(self._kinds()))
        return {"source": SOURCE, "kinds": kinds, "definitions": dict(sorted(self._found.items()))}

    def _kinds(self) -> Iterator[tuple[str, list[Any]]]:
        for kind in builtin_kinds(lambda gvk: self._definitions.name_of(gvk) is not None):
            name = self._definitions.name_of(kind.gvk)
            assert name is not None
            version = f"{kind.group}/{kind.version}".lstrip("/")
            yield f"{version}/{kind.kind}", [kind.plural, kind.namespaced, self._definition(name)]

    def _definition(self, name: str) -> str:
        short = name
        for prefix in _SHORT:
            short = short.removeprefix(prefix)
        if short not in self._found:
            self._found[short] = {}
            raw = self._definitions.raw[name]
            required = set(raw.get("required", ()))
            self._found[short] = {
                field + ("!" if field in required else ""): self._code(schema)
                for field, schema in sorted(raw.get("properties", {}).items())
            }
        return short

    def _code(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            if name in _SPECIAL:
                return _SPECIAL[name]
            definition = self._definitions.raw[name]
            if not definition.get("properties"):
                return "{}*" if "object" in _types(definition) else "*"
            return self._definition(name)
        for kind in _types(schema):
            if kind == "array":
                return f"[{_key(schema)}]{self._code(schema['items'])}"
            if kind == "object":
                inner = schema.get("additionalProperties")
                return "{}" + (self._code(inner) if isinstance(inner, dict) else "*")
            if kind == "string" and schema.get("format") == "byte":
                return "B"
            if kind in _SCALARS:
                return _SCALARS[kind]
        return "*"


def _types(schema: dict[str, Any]) -> list[str]:
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else found


def _key(schema: dict[str, Any]) -> str:
    match schema.get("x-kubernetes-list-type"):
        case "map":
            return ",".join(schema["x-kubernetes-list-map-keys"])
        case "set":
            return "*"
    return ""


def spelt(found: dict[str, Any]) -> str:
    """As the file has it: a line for each kind and each definition."""

    def lines(table: dict[str, Any]) -> str:
        return ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in table.items())

    kinds, definitions = lines(found["kinds"]), lines(found["definitions"])
    source = json.dumps(found["source"])
    return f'{{"source": {source},\n"kinds": {{\n{kinds}\n}},\n"definitions": {{\n{definitions}\n}}}}\n'


if __name__ == "__main__":
    sys.stdout.write(spelt(vocabulary()))
