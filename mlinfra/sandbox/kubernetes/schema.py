"""Schemas of kinds, built-in and custom, in one form: what may stand where, and how lists and maps merge.

Built-in schemas are those that the `kubernetes-validate` package carries for each Kubernetes version, read from its
files (it is found, not imported). Custom ones come from CustomResourceDefinitions. Called by pruning, defaulting,
validation, patches, server-side apply and OpenAPI. It must not look at objects.
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.values import Json, Object

_REFERENCE = "#/$defs/"
_EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis."
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_FREE_FORM = (
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
    "io.k8s.apimachinery.pkg.runtime.RawExtension",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray",
)
# Keys of associative lists may be left out where they have a default; the packaged schemas carry no defaults
# (kubernetes/kubernetes, api/openapi-spec/v3: `default: TCP` on both, read November 2026).
_KEY_DEFAULTS = {"protocol": "TCP"}


class Schema:
    """One node of a schema. `name` is that of its definition, or empty; `raw` is JSON Schema as the API publishes it.

    `custom` says that the node comes from a CustomResourceDefinition, where unknown keys, nulls and defaults follow the
    rules of structural schemas.
    """

    def __init__(self, raw: Object, definitions: Definitions, name: str = "", custom: bool = False) -> None:
        self.raw = raw
        self.name = name
        self.short_name = name.removeprefix("io.k8s.api.").removeprefix(_EXTENSIONS)
        self.custom = custom
        self._definitions = definitions
        found = raw.get("type", "")
        types = [found] if isinstance(found, str) else [item for item in found if item != "null"]
        self.type: str = types[0] if types else ""
        self.required: tuple[str, ...] = tuple(raw.get("required", ()))
        self.enum: list[Json] | None = raw.get("enum")
        self.int_or_string = bool(raw.get("x-kubernetes-int-or-string")) or name.endswith("IntOrString")
        self.nullable = bool(raw.get("nullable"))
        self.preserves = bool(raw.get("x-kubernetes-preserve-unknown-fields")) or name in _FREE_FORM
        self.embedded = bool(raw.get("x-kubernetes-embedded-resource"))
        self.list_keys: tuple[str, ...] = tuple(raw.get("x-kubernetes-list-map-keys", ()))
        self.list_type: str = raw.get("x-kubernetes-list-type", "atomic")
        self.atomic_map = raw.get("x-kubernetes-map-type") == "atomic"
        self.merge_key: str | None = raw.get("x-kubernetes-patch-merge-key")
        self.merge_strategies = frozenset(raw.get("x-kubernetes-patch-strategy", "").split(","))

    @cached_property
    def fields(self) -> dict[str, Schema]:
        """The declared keys of an object."""
        return {key: self._child(raw) for key, raw in self.raw.get("properties", {}).items()}

    @cached_property
    def values(self) -> Schema | None:
        """The schema of undeclared keys' values, for maps; None where keys must be declared."""
        found = self.raw.get("additionalProperties")
        if isinstance(found, dict):
            return self._child(found)
        return None

    @cached_property
    def items(self) -> Schema | None:
        """The schema of an array's items."""
        found = self.raw.get("items")
        return self._child(found) if isinstance(found, dict) else None

    @cached_property
    def opaque(self) -> bool:
        """Whether anything may stand below: no keys declared, none forbidden."""
        if self.preserves:
            return not self.fields
        return not self.custom and self.type in ("object", "") and not self.fields and self.values is None

    @cached_property
    def key_defaults(self) -> Object:
        """What the keys of an associative list's items are when left out."""
        declared = self.items.fields if self.items else {}
        found = {key: declared[key].raw["default"] for key in self.list_keys if "default" in _raw(declared.get(key))}
        return found if self.custom else {**{k: v for k, v in _KEY_DEFAULTS.items() if k in self.list_keys}, **found}

    def field(self, key: str) -> Schema | None:
        """The schema of the value at a key, declared or not; None when the key is unknown or anything goes."""
        return self.fields.get(key) or self.values

    def part(self, raw: Object) -> Schema:
        """A schema of the same value, out of `allOf`, `anyOf`, `oneOf` or `not`."""
        return self._child(raw)

    @cached_property
    def defaulted(self) -> tuple[tuple[str, Schema], ...]:
        """The fields that have a default of their own (custom kinds)."""
        return tuple((key, child) for key, child in self.fields.items() if "default" in child.raw)

    def _child(self, raw: Object) -> Schema:
        reference = raw.get("$ref", "").rpartition(_REFERENCE)[2]
        if not reference:
            return Schema(raw, self._definitions, custom=self.custom)
        node = self._definitions.node(reference)
        extra = {key: value for key, value in raw.items() if key.startswith("x-kubernetes-")}
        return Schema({**node.raw, **extra}, self._definitions, node.name) if extra else node


def _raw(schema: Schema | None) -> Object:
    return schema.raw if schema else {}


class Definitions:
    """The named schemas of one Kubernetes version."""

    def __init__(self, raw: dict[str, Object]) -> None:
        self.raw = raw
        self._nodes: dict[str, Schema] = {}
        self._names = {
            GroupVersionKind(item["group"], item["version"], item["kind"]): name
            for name, definition in raw.items()
            for item in definition.get("x-kubernetes-group-version-kind", ())
        }

    def node(self, name: str) -> Schema:
        """Find a definition by its full name."""
        if name not in self._nodes:
            self._nodes[name] = Schema(self.raw[name], self, name)
        return self._nodes[name]

    def name_of(self, gvk: GroupVersionKind) -> str | None:
        """The name of the definition of a kind."""
        return self._names.get(gvk)


class Schemas:
    """The schemas that one cluster serves: those of its version, and those of its CustomResourceDefinitions."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self._custom: dict[GroupVersionKind, Schema] = {}
        self.changes = 0
        """How often kinds came or went."""

    def upgrade(self, definitions: Definitions) -> None:
        """Serve the built-in kinds of another version; custom ones stay."""
        self.definitions = definitions
        self.changes += 1

    @cached_property
    def metadata(self) -> Schema:
        """The schema of an object of which only the metadata is looked at; it is the same in all versions."""
        return Schema({"properties": {"metadata": {"$ref": _REFERENCE + _META}}}, self.definitions)

    def get(self, gvk: GroupVersionKind) -> Schema | None:
        """Find the schema of a kind."""
        name = self.definitions.name_of(gvk)
        return self._custom.get(gvk) if name is None else self.definitions.node(name)

    def add(self, gvk: GroupVersionKind, raw: Object) -> None:
        """Take up the structural schema of a custom kind."""
        strings = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        fields = {**raw.get("properties", {}), **strings, "metadata": {"type": "object"}}
        schema = Schema({**raw, "type": "object", "properties": fields}, self.definitions, custom=True)
        schema.fields["metadata"] = self.definitions.node(_META)
        self._custom[gvk] = schema
        self.changes += 1

    def remove(self, gvk: GroupVersionKind) -> None:
        """Forget a custom kind."""
        self._custom.pop(gvk, None)
        self.changes += 1


@lru_cache(maxsize=4)
def load_definitions(version: str) -> Definitions:
    """Read the definitions of a version such as `1.33`: of the latest packaged one that is not newer."""
    wanted = _number(version)
    found = [folder for number, folder in _packaged() if number <= wanted]
    if not found:
        raise ApiError(500, f"no schemas of Kubernetes {version} or older are installed")
    return Definitions(json.loads((found[-1] / "_definitions.json").read_bytes())["$defs"])


def _packaged() -> list[tuple[tuple[int, int], Path]]:
    spec = find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ApiError(500, "the Kubernetes emulator needs the kubernetes-validate package for its schemas")
    folders = Path(spec.submodule_search_locations[0], "kubernetes-json-schema").glob("v*-local")
    return sorted((_number(folder.name), folder) for folder in folders)


def _number(version: str) -> tuple[int, int]:
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if found is None:
        raise ApiError(500, f'"{version}" is not a Kubernetes version such as 1.33')
    return int(found[1]), int(found[2])
