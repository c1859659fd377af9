"""Garbage collection by ownerReferences: background, foreground, orphan. A reaction of the store: done at once.

The rules are those of the Kubernetes garbage collector (kubernetes.io, "Garbage Collection"): a
dependent goes when none of its owners is left, and loses the references of those that are gone; an owner deleted in the
foreground stays until the dependents that block it are gone.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Object
from mlinfra.sandbox.kubernetes.watch import Event

_WRITE = Write(manager="kube-controller-manager")


class GarbageCollector:
    """Deletes what its owners left behind. Made once for each store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.react(self._react)

    def _react(self, event: Event) -> None:
        if event.type == "DELETED":
            self._release_owners(event.object)
            for kind, dependent in self._store.dependents(event.object["metadata"]["uid"]):
                self._disown(kind, dependent, event.object["metadata"]["uid"])
        elif "deletionTimestamp" in event.object["metadata"]:
            self._begin(event.kind, event.object)
        elif event.type == "ADDED" and event.object["metadata"].get("ownerReferences"):
            self._disown(event.kind, event.object, "")

    def _begin(self, kind: Kind, owner: Object) -> None:
        finalizers = owner["metadata"].get("finalizers") or []
        if "orphan" in finalizers:
            for dependent_kind, dependent in self._store.dependents(owner["metadata"]["uid"]):
                self._drop_references(dependent_kind, dependent, {owner["metadata"]["uid"]})
            self._drop_finalizer(kind, owner, "orphan")
        elif "foregroundDeletion" in finalizers:
            for dependent_kind, dependent in self._store.dependents(owner["metadata"]["uid"]):
                if "deletionTimestamp" not in dependent["metadata"]:
                    self._delete(dependent_kind, dependent, "Foreground")
            self._finish(kind, owner)

    def _finish(self, kind: Kind, owner: Object) -> None:
        uid = owner["metadata"]["uid"]
        if not any(_blocks(item, uid) for _, item in self._store.dependents(uid)):
            self._drop_finalizer(kind, owner, "foregroundDeletion")

    def _release_owners(self, gone: Object) -> None:
        for reference in gone["metadata"].get("ownerReferences") or ():
            found = self._owner(reference, gone)
            if found and "foregroundDeletion" in (found[1]["metadata"].get("finalizers") or ()):
                self._finish(*found)

    def _disown(self, kind: Kind, dependent: Object, gone: str) -> None:
        references = dependent["metadata"].get("ownerReferences") or []
        living = {ref["uid"] for ref in references if ref["uid"] != gone and self._owner(ref, dependent)}
        if not living:
            self._delete(kind, dependent, "Background")
        elif gone:
            self._drop_references(kind, dependent, {ref["uid"] for ref in references} - living)

    def _owner(self, reference: Object, dependent: Object) -> tuple[Kind, Object] | None:
        kind = self._store.registry.get(GroupVersionKind.of(reference.get("apiVersion", ""), reference.get("kind", "")))
        if kind is None:
            return None
        namespace = dependent["metadata"].get("namespace", "") if kind.namespaced else ""
        found = self._store.exists(kind.resource, reference.get("name", ""), namespace)
        return (kind, found) if found and found["metadata"]["uid"] == reference.get("uid") else None

    def _delete(self, kind: Kind, obj: Object, propagation: str) -> None:
        meta = obj["metadata"]
        present = self._store.exists(kind.resource, meta["name"], meta.get("namespace", ""))
        if present and present["metadata"]["uid"] == meta["uid"]:
            self._store.delete(kind.gvk, meta["name"], meta.get("namespace"), DeleteOptions(propagation=propagation))

    def _drop_references(self, kind: Kind, obj: Object, uids: set[str]) -> None:
        def change(old: Object) -> Object:
            kept = [ref for ref in old["metadata"].get("ownerReferences") or () if ref["uid"] not in uids]
            return _with_list(old, "ownerReferences", kept)

        self._store.modify(kind.gvk, obj["metadata"]["name"], obj["metadata"].get("namespace"), change, _WRITE)

    def _drop_finalizer(self, kind: Kind, obj: Object, finalizer: str) -> None:
        def change(old: Object) -> Object:
            kept = [name for name in old["metadata"].get("finalizers") or () if name != finalizer]
            return _with_list(old, "finalizers", kept)

        if self._store.exists(kind.resource, obj["metadata"]["name"], obj["metadata"].get("namespace", "")):
            self._store.modify(kind.gvk, obj["metadata"]["name"], obj["metadata"].get("namespace"), change, _WRITE)


def _blocks(dependent: Object, uid: str) -> bool:
    references = dependent["metadata"].get("ownerReferences") or ()
    return any(ref["uid"] == uid and ref.get("blockOwnerDeletion") for ref in references)


def _with_list(obj: Object, field: str, items: list[object]) -> Object:
    meta = {key: value for key, value in obj["metadata"].items() if key != field}
    return {**obj, "metadata": {**meta, field: items} if items else meta}
