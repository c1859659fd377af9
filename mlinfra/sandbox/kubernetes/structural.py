"""What a CustomResourceDefinition must be: named rightly, one storage version, structural schemas.

Called by `strategies`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, missing_field
from mlinfra.sandbox.kubernetes.values import Object, at


def check_definition(new: Object, _: Object | None) -> Iterator[FieldError]:
    """Give the faults of a definition: its name, its versions, and schemas that are not structural."""
    spec = new.get("spec") or {}
    wanted = f"{at(spec, ('names', 'plural'), '')}.{spec.get('group', '')}"
    if new["metadata"]["name"] != wanted:
        yield invalid_field("metadata.name", new["metadata"]["name"], 'must be spec.names.plural+"."+spec.group')
    versions = spec.get("versions") or []
    if sum(1 for version in versions if version.get("storage")) != 1:
        yield invalid_field("spec.versions", [item.get("name") for item in versions],
                            "must have exactly one version marked as storage version")  # fmt: skip
    if spec.get("scope") not in ("Namespaced", "Cluster"):
        why = f'Unsupported value: "{spec.get("scope")}": supported values: "Cluster", "Namespaced"'
        yield FieldError("spec.scope", "FieldValueNotSupported", why)
    for index, version in enumerate(versions):
        path = f"spec.versions[{index}].schema.openAPIV3Schema"
        schema = at(version, ("schema", "openAPIV3Schema"))
        if schema is None:
            yield FieldError(path, "FieldValueRequired", "Required value: schemas are required")
        else:
            yield from _structural(schema, path)


def _structural(schema: Object, path: str) -> Iterator[FieldError]:
    free = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-int-or-string")
    if not schema.get("type") and not free:
        error = missing_field(f"{path}.type")
        yield FieldError(error.path, error.reason, "Required value: must not be empty for specified object fields")
    for key, child in (schema.get("properties") or {}).items():
        yield from _structural(child, f"{path}.properties[{key}]")
    if isinstance(schema.get("items"), dict):
        yield from _structural(schema["items"], f"{path}.items")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _structural(schema["additionalProperties"], f"{path}.additionalProperties")
    for key in schema.get("x-kubernetes-list-map-keys") or ():
        item = at(schema, ("items",), {})
        if key not in (item.get("required") or ()) and "default" not in at(item, ("properties", key), {}):
            why = (
                "Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a "
                "required property"
            )
            yield FieldError(f"{path}.items.properties[{key}].default", "FieldValueRequired", why)
