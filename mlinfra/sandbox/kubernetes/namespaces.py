"""The life of namespaces: the four that every cluster has, and how a deleted one is emptied. A reaction of the store.

A deleted namespace is Terminating, takes nothing new, loses its contents, and goes when the last of them has gone.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_DEFAULTS = ("default", "kube-system", "kube-public", "kube-node-lease")
_WRITE = Write(manager="kube-controller-manager")


class NamespaceLifecycle:
    """Makes the default namespaces, and finalises those that are deleted. Made once for each store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.react(self._react)
        for name in _DEFAULTS:
            store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, _WRITE)

    def _react(self, event: Event) -> None:
        if event.kind.resource == "namespaces":
            deleting = event.type == "MODIFIED" and "deletionTimestamp" in event.object["metadata"]
            if deleting and at(event.object, ("status", "phase")) != "Terminating":
                self._empty(event.object["metadata"]["name"])
        elif event.type == "DELETED" and event.kind.namespaced:
            self._finalise(event.object["metadata"]["namespace"])

    def _empty(self, namespace: str) -> None:
        status = Write(manager=_WRITE.manager, subresource="status")
        self._store.modify(NAMESPACE, namespace, None, _terminating, status)
        for kind, item in self._store.contents(namespace):
            if self._store.exists(kind.resource, item["metadata"]["name"], namespace):
                self._store.delete(kind.gvk, item["metadata"]["name"], namespace)
        self._finalise(namespace)

    def _finalise(self, namespace: str) -> None:
        found = self._store.exists("namespaces", namespace)
        if found is None or at(found, ("status", "phase")) != "Terminating" or self._store.contents(namespace):
            return
        if at(found, ("spec", "finalizers")):
            self._store.modify(NAMESPACE, namespace, None, lambda old: {**old, "spec": {}}, _WRITE)


def _terminating(old: Object) -> Object:
    return {**old, "status": {**(old.get("status") or {}), "phase": "Terminating"}}
