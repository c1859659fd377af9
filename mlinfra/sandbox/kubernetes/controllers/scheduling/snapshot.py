"""The nodes with what runs on them, as one scheduling run sees them; and nodes that are only imagined.

Made by the scheduler and the autoscalers; changed by them as they place pods. It must not touch the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import host_ports
from mlinfra.sandbox.kubernetes.pod_resources import requests
from mlinfra.sandbox.kubernetes.quantity import Amounts, amounts
from mlinfra.sandbox.kubernetes.values import Object, Objects, at


class NodeInfo:
    """A node, its pods, and what is left of it. `node` and the pods must not be altered."""

    def __init__(self, node: Object, pods: Iterable[Object] = ()) -> None:
        self.node = node
        self.name: str = node["metadata"]["name"]
        self.labels: Mapping[str, str] = node["metadata"].get("labels") or {}
        self.taints: Objects = at(node, ("spec", "taints")) or []
        self.allocatable: Amounts = amounts(at(node, ("status", "allocatable")))
        self.used: Amounts = {}
        self.ports: set[tuple[str, str, int]] = set()
        self.pods: dict[str, Object] = {}
        for pod in pods:
            self.add(pod)

    def add(self, pod: Object) -> None:
        """Put a pod on the node."""
        self.pods[pod["metadata"]["uid"]] = pod
        for name, number in requests(pod).items():
            self.used[name] = self.used.get(name, 0) + number
        self.ports |= host_ports(pod)

    def remove(self, pod: Object) -> None:
        """Take a pod off the node."""
        del self.pods[pod["metadata"]["uid"]]
        for name, number in requests(pod).items():
            self.used[name] -= number
        self.ports = set().union(*(host_ports(other) for other in self.pods.values()))

    def copy(self) -> NodeInfo:
        """A node to try things on."""
        return NodeInfo(self.node, self.pods.values())


class Snapshot:
    """All nodes of one moment, by name."""

    def __init__(self, nodes: Iterable[NodeInfo], namespaces: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.nodes = {info.name: info for info in nodes}
        self.namespaces = namespaces or {}
        """Labels of namespaces: pod affinity may select by them."""
        self._repelling = {
            pod["metadata"]["uid"]: (info, pod)
            for info in self.nodes.values()
            for pod in info.pods.values()
            if at(pod, ("spec", "affinity", "podAntiAffinity"))
        }

    def place(self, pod: Object, node: str) -> None:
        """Put a pod on a node."""
        info = self.nodes[node]
        info.add(pod)
        if at(pod, ("spec", "affinity", "podAntiAffinity")):
            self._repelling[pod["metadata"]["uid"]] = (info, pod)

    def add(self, info: NodeInfo) -> None:
        """Add a node."""
        self.nodes[info.name] = info

    def repelling(self) -> Iterable[tuple[NodeInfo, Object]]:
        """The pods that keep others away, with their nodes."""
        return (pair for pair in self._repelling.values() if pair[1]["metadata"]["uid"] in pair[0].pods)

    def replace(self, info: NodeInfo) -> Snapshot:
        """The same nodes, with one of them changed."""
        return Snapshot([info if other.name == info.name else other for other in self.nodes.values()], self.namespaces)
