"""Decoding of objects by their schema: what is unknown is dropped and told of, what has the wrong type is refused.

Built-in kinds are decoded as the API server decodes them into Go structs: nulls are dropped, a wrong type is 400.
Custom kinds are pruned as structural schemas say: unknown keys are dropped unless preserved; their types are
`validation`'s concern. Called by `rules`. Alters the object in place.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.quantity import is_quantity
from mlinfra.sandbox.kubernetes.schema import Schema
from mlinfra.sandbox.kubernetes.values import Json, Object

_EMBEDDED = ("apiVersion", "kind", "metadata")


def prune(obj: Object, schema: Schema, kind: Kind, *, keep_unknown: bool = False) -> list[str]:
    """Drop what the schema does not know; gives the paths, such as `spec.foo` or `spec.ports[0].foo`."""
    unknown: list[str] = []
    _Pruner(kind, unknown, keep_unknown).visit(obj, schema, "")
    return unknown


class _Pruner:
    def __init__(self, kind: Kind, unknown: list[str], keep_unknown: bool) -> None:
        self._keep_unknown = keep_unknown
        self._kind = kind
        self._unknown = unknown

    def visit(self, value: Json, schema: Schema, path: str) -> None:
        if not schema.custom:
            self._check_type(value, schema, path)
        if isinstance(value, dict):
            if not schema.opaque:
                self._visit_map(value, schema, path)
        elif isinstance(value, list) and schema.items is not None:
            for index, item in enumerate(value):
                if item is None and schema.items.type == "object" and not schema.custom:
                    value[index] = item = {}  # a null item of a Go slice is an empty struct
                self.visit(item, schema.items, f"{path}[{index}]")

    def _visit_map(self, value: Object, schema: Schema, path: str) -> None:
        dropped: list[str] = []
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            child = schema.field(key)
            if child is not None:
                if item is None and (not schema.custom or (not child.nullable and "default" not in child.raw)):
                    dropped.append(key)
                elif item is not None:
                    self.visit(item, child, below)
            elif not schema.preserves and not (schema.embedded and key in _EMBEDDED):
                self._unknown.append(below)
                if not self._keep_unknown:
                    dropped.append(key)
        for key in dropped:
            del value[key]

    def _check_type(self, value: Json, schema: Schema, path: str) -> None:
        if value is not None and schema.name.endswith(".api.resource.Quantity") and not _is_quantity(value):
            raise self._undecodable(_NO_QUANTITY)
        if value is None or not schema.type or schema.int_or_string or schema.preserves:
            return
        if not _TYPES[schema.type](value):
            raise self._mismatch(value, schema, path)

    def _mismatch(self, value: Json, schema: Schema, path: str) -> ApiError:
        expected = schema.raw.get("format", schema.type) if schema.type == "integer" else schema.type
        found = "bool" if isinstance(value, bool) else _GO_NAMES.get(type(value), "value")
        text = f"json: cannot unmarshal {found} into Go struct field {self._kind.kind}.{path} of type {expected}"
        return self._undecodable(text)

    def _undecodable(self, text: str) -> ApiError:
        kind = self._kind
        whole = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: {text}'
        return ApiError(400, whole)


def _is_quantity(value: Json) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool) and is_quantity(value)


# k8s.io/apimachinery, pkg/api/resource/quantity.go
_NO_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_GO_NAMES = {str: "string", int: "number", float: "number", list: "array", dict: "object"}
_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}
