"""CustomResourceDefinitions: the kinds and schemas they add, their conditions, and the end of both. A store reaction.

Conversion is by `None` alone: an object is the same at every version but for its apiVersion. Made once for each store.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.kinds import Column, GroupVersionKind, Kind, Registry
from mlinfra.sandbox.kubernetes.metadata import CRD_CLEANUP
from mlinfra.sandbox.kubernetes.schema import Schemas
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Clock, Object, at, timestamp
from mlinfra.sandbox.kubernetes.watch import Event

CRD = GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
_RESOURCE = "customresourcedefinitions.apiextensions.k8s.io"
_AGE = Column("Age", "date", ".metadata.creationTimestamp")
_STATUS = Write(manager="kube-apiserver", subresource="status")


class CustomResources:
    """Serves what CustomResourceDefinitions define."""

    def __init__(self, store: Store, schemas: Schemas, clock: Clock) -> None:
        self._store = store
        self._registry: Registry = store.registry
        self._schemas = schemas
        self._clock = clock
        store.react(self._react)

    def _react(self, event: Event) -> None:
        if event.kind.resource == _RESOURCE:
            self._define(event)
        elif event.kind.custom and event.type == "DELETED":
            self._finish(event.kind.resource)

    def _define(self, event: Event) -> None:
        definition = event.object
        if event.type == "DELETED":
            self._withdraw(definition)
        elif "deletionTimestamp" in definition["metadata"]:
            if event.previous is None or "deletionTimestamp" not in event.previous["metadata"]:
                self._empty(definition)
        elif event.previous is None or event.previous.get("spec") != definition.get("spec"):
            if event.previous is not None:
                self._withdraw(event.previous)
            for kind, schema in _served(definition):
                self._registry.add(kind)
                self._schemas.add(kind.gvk, schema)
            status = _status(definition, timestamp(self._clock()))
            name = definition["metadata"]["name"]
            self._store.modify(CRD, name, None, lambda old: {**old, "status": status}, _STATUS)

    def _withdraw(self, definition: Object) -> None:
        for kind, _ in _served(definition):
            self._registry.remove(kind)
            self._schemas.remove(kind.gvk)

    def _empty(self, definition: Object) -> None:
        name = definition["metadata"]["name"]
        for kind, _ in list(_served(definition))[:1]:
            for item in self._store.peek(kind):
                self._store.delete(kind.gvk, item["metadata"]["name"], item["metadata"].get("namespace"))
        self._finish(name)

    def _finish(self, name: str) -> None:
        found = self._store.exists(_RESOURCE, name)
        if found is None or CRD_CLEANUP not in (found["metadata"].get("finalizers") or ()) or self._store.any(name):
            return

        def change(old: Object) -> Object:
            kept = [item for item in old["metadata"]["finalizers"] if item != CRD_CLEANUP]
            return {**old, "metadata": {**old["metadata"], "finalizers": kept}}

        self._store.modify(CRD, name, None, change, Write(manager="kube-apiserver"))


def _served(definition: Object) -> Iterator[tuple[Kind, Object]]:
    spec = definition["spec"]
    for version in spec["versions"]:
        if version.get("served"):
            yield _kind(spec, version), at(version, ("schema", "openAPIV3Schema"), {"type": "object"})


def _kind(spec: Object, version: Object) -> Kind:
    names, parts = spec["names"], version.get("subresources") or {}
    scale = parts.get("scale")
    columns = version.get("additionalPrinterColumns")
    return Kind(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(name for name in ("status", "scale") if name in parts),
        generations=True,
        custom=True,
        list_kind=names.get("listKind") or f"{names['kind']}List",
        selectable_fields=tuple(item["jsonPath"].lstrip(".") for item in version.get("selectableFields") or ()),
        scale=_scale(scale) if scale else None,
        columns=tuple(map(_column, columns)) if columns else (_AGE,),
    )


def _scale(raw: Object) -> tuple[str, str, str]:
    keys = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
    spec, status, selector = (raw.get(key, "").lstrip(".") for key in keys)
    return spec, status, selector


def _column(raw: Object) -> Column:
    text = {key: raw.get(key, "") for key in ("format", "description")}
    return Column(raw["name"], raw["type"], raw["jsonPath"], priority=raw.get("priority", 0), **text)


def _status(definition: Object, now: str) -> Object:
    spec, before = definition["spec"], definition.get("status") or {}
    stored = next((item["name"] for item in spec["versions"] if item.get("storage")), "")
    versions = list(before.get("storedVersions") or [])
    if stored not in versions:
        versions.append(stored)
    return {
        "acceptedNames": spec["names"],
        "storedVersions": versions,
        "conditions": before.get("conditions")
        or [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ],
    }


def _condition(name: str, reason: str, message: str, now: str) -> Object:
    return {"type": name, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
