"""Pods by node, by namespace, and those that wait for a node: kept with every write, so that nobody lists all pods.

Made by `Cluster`; read by the scheduler, kubelets and workload controllers. What it gives is stored: do not alter it.
"""

from __future__ import annotations

from typing import TypeAlias

from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, Objects
from mlinfra.sandbox.kubernetes.watch import Event

Key: TypeAlias = tuple[str, str]
"""Namespace (empty for cluster-wide kinds) and name."""
_ENDED = ("Succeeded", "Failed")
_POD = GroupVersionKind("", "v1", "Pod")


class PodIndex:
    """A reaction of the store: what it says is never behind the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_node: dict[str, dict[Key, Object]] = {}
        self._by_namespace: dict[str, dict[Key, Object]] = {}
        self._waiting: dict[Key, Object] = {}
        self._generation = 0
        for pod in store.peek(store.kind(_POD)):
            self._add(pod)
        store.react(self._react)

    @property
    def generation(self) -> int:
        """Changes with every change of a pod."""
        return self._generation

    def on(self, node: str) -> Objects:
        """The pods that are bound to a node and have not ended."""
        with self._store.lock:
            return list(self._by_node.get(node, {}).values())

    def bound(self) -> dict[str, Objects]:
        """All pods that are bound to a node and have not ended, by node."""
        with self._store.lock:
            return {node: list(pods.values()) for node, pods in self._by_node.items()}

    def within(self, namespace: str) -> Objects:
        """The pods of a namespace."""
        with self._store.lock:
            return list(self._by_namespace.get(namespace, {}).values())

    def waiting(self) -> Objects:
        """The pods without a node, that have neither ended nor been deleted."""
        with self._store.lock:
            return list(self._waiting.values())

    def nodes(self) -> set[str]:
        """The names of the nodes that have pods."""
        with self._store.lock:
            return set(self._by_node)

    def _react(self, event: Event) -> None:
        if event.kind.resource != "pods":
            return
        if event.previous is not None:
            self._drop(event.previous)
        if event.type != "DELETED":
            self._add(event.object)
        self._generation += 1

    def _add(self, pod: Object) -> None:
        key, node = key_of(pod), (pod.get("spec") or {}).get("nodeName")
        self._by_namespace.setdefault(key[0], {})[key] = pod
        if (pod.get("status") or {}).get("phase") in _ENDED:
            return
        if node:
            self._by_node.setdefault(node, {})[key] = pod
        elif "deletionTimestamp" not in pod["metadata"]:
            self._waiting[key] = pod

    def _drop(self, pod: Object) -> None:
        key, node = key_of(pod), (pod.get("spec") or {}).get("nodeName")
        self._by_namespace.get(key[0], {}).pop(key, None)
        self._waiting.pop(key, None)
        if node and node in self._by_node:
            self._by_node[node].pop(key, None)
            if not self._by_node[node]:
                del self._by_node[node]


def key_of(obj: Object) -> Key:
    """The namespace and name of an object."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
