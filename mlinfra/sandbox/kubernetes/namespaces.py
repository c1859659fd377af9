"""The life of namespaces: the four that every cluster has, and how a deleted one is emptied. A reaction of the store.

A deleted namespace is Terminating, takes nothing new, loses its contents, says what remains and what holds it, and goes
when the last of it has gone.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes import remains
from mlinfra.sandbox.kubernetes.controllers.conditions import merged
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Clock, Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAMESPACE = GroupVersionKind("", "v1", "Namespace")
_DEFAULTS = ("default", "kube-system", "kube-public", "kube-node-lease")
_WRITE = Write(manager="kube-controller-manager")


class NamespaceLifecycle:
    """Makes the default namespaces, and finalises those that are deleted. Made once for each store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._emptying: set[str] = set()  # of these it is said once what remains, and not at each deletion
        store.react(self._react)
        for name in _DEFAULTS:
            store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, _WRITE)

    def _react(self, event: Event) -> None:
        if event.kind.resource == "namespaces":
            deleting = event.type == "MODIFIED" and "deletionTimestamp" in event.object["metadata"]
            if deleting and at(event.object, ("status", "phase")) != "Terminating":
                self._empty(event.object["metadata"]["name"])
        elif event.kind.namespaced and (event.type == "DELETED" or "deletionTimestamp" in event.object["metadata"]):
            self._finalise(event.object["metadata"]["namespace"])

    def _empty(self, namespace: str) -> None:
        status = Write(manager=_WRITE.manager, subresource="status")
        self._store.modify(NAMESPACE, namespace, None, _terminating, status)
        self._emptying.add(namespace)
        for kind, item in self._store.contents(namespace):
            if self._store.exists(kind.resource, item["metadata"]["name"], namespace):
                self._store.delete(kind.gvk, item["metadata"]["name"], namespace)
        self._emptying.discard(namespace)
        self._finalise(namespace)

    def _finalise(self, namespace: str) -> None:
        found = self._store.exists("namespaces", namespace)
        if found is None or namespace in self._emptying or at(found, ("status", "phase")) != "Terminating":
            return
        remaining = self._store.contents(namespace)
        news = remains.conditions(remaining)
        told = merged(at(found, ("status", "conditions")), news, self._clock())
        if told != at(found, ("status", "conditions")):
            self._store.merge(NAMESPACE, namespace, None, {"status": {"conditions": told}}, "status", _WRITE.manager)
        if remaining:
            return
        if at(found, ("spec", "finalizers")):
            self._store.modify(NAMESPACE, namespace, None, lambda old: {**old, "spec": {}}, _WRITE)


def _terminating(old: Object) -> Object:
    return {**old, "status": {**(old.get("status") or {}), "phase": "Terminating"}}
