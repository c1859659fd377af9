"""Rooms of a cluster: a namespace, and a kind that a definition brings; who deletes one deletes all that is in it.

Sources: kubernetes.io, "Namespaces" and "Extend the Kubernetes API with CustomResourceDefinitions", on deletion (read
November 2026). Called by `types`, and for releases. Pure.
"""

from __future__ import annotations

from mlinfra.core.resource_type import Rooms
from mlinfra.core.value import Properties
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.providers.kubernetes.vocabulary import built_in


def _namespace(properties: Properties) -> tuple[str, ...]:
    metadata = properties.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return (f"namespace {name}",) if isinstance(name, str) else ()


def _definition(properties: Properties) -> tuple[str, ...]:
    spec = properties.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    names = spec.get("names")
    kind, group = names.get("kind") if isinstance(names, dict) else None, spec.get("group")
    return (f"kind {kind} of {group}",) if isinstance(kind, str) and isinstance(group, str) else ()


# By group and kind: the rooms that objects are.
HOLDS: dict[tuple[str, str], Rooms] = {
    ("", "Namespace"): _namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}


def around(kind: Kind) -> Rooms:
    """The rooms that objects of a kind lie in."""
    known = built_in(kind.api_version, kind.name)
    own = (f"kind {kind.name} of {kind.group}",) if known is None else ()

    def lies_in(properties: Properties) -> tuple[str, ...]:
        metadata = properties.get("metadata")
        namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
        return (f"namespace {namespace}", *own) if isinstance(namespace, str) and namespace else own

    return lies_in
