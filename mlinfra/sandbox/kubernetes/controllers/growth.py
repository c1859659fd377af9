"""What both autoscalers start from: the pods that wait for room, and the nodes there will be once all machines are up.

Called by `cluster_autoscaler` and `karpenter`. It must not ask for machines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import DAEMON_SET, NODE
from mlinfra.sandbox.kubernetes.controllers.cloud import Machine, Shape
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.controllers.daemon_sets import daemon_pod, wants
from mlinfra.sandbox.kubernetes.controllers.pods import has_ended, is_deleted
from mlinfra.sandbox.kubernetes.controllers.scheduling.scheduler import priority, take_snapshot
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.values import Object, Objects, at


def pending(cluster: Cluster) -> Objects:
    """The pods that the scheduler found no room for, most important first."""
    found = [pod for pod in cluster.pods.waiting() if _is_unschedulable(pod)]
    return sorted(found, key=lambda pod: (-priority(cluster, pod), pod["metadata"]["creationTimestamp"]))


def _is_unschedulable(pod: Object) -> bool:
    found = conditions.find(at(pod, ("status", "conditions")), "PodScheduled")
    refused = found is not None and found["status"] == "False" and found.get("reason") == "Unschedulable"
    return refused and not at(pod, ("status", "nominatedNodeName"))


def outlook(cluster: Cluster, machines: Sequence[Machine]) -> Snapshot:
    """The nodes as they will be: those that are still starting are taken as complete."""
    snapshot = take_snapshot(cluster)
    for machine in machines:
        info = snapshot.nodes.get(machine.name)
        if info is None or not is_complete(info.node, machine):
            imagined = imagine(cluster, machine.name, machine.shape)
            pods = [] if info is None else list(info.pods.values())
            snapshot.add(NodeInfo(imagined.node, pods or imagined.pods.values()))
    return snapshot


def is_complete(node: Object, machine: Machine) -> bool:
    """Whether a node is Ready and shows all accelerators that its machine has."""
    shown = at(node, ("status", "allocatable")) or {}
    return conditions.holds(node, "Ready") and all(name in shown for name in machine.shape.capacity)


def imagine(cluster: Cluster, name: str, shape: Shape) -> NodeInfo:
    """A node of some shape as it will be when it has come up: with its labels, taints and daemons."""
    node = node_of(name, shape.labels, shape.taints, shape.offered())
    info = NodeInfo(node)
    for daemons in cluster.peek(DAEMON_SET):
        if wants(daemons, info):
            pod = daemon_pod(daemons, name)
            pod["metadata"]["uid"] = f"{daemons['metadata']['uid']}/{name}"
            info.add(pod)
    return info


def node_of(name: str, labels: Mapping[str, str], taints: Sequence[Object], resources: Mapping[str, str]) -> Object:
    """A Node that exists nowhere."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, "kubernetes.io/hostname": name}},
        "spec": {"taints": list(taints)},
        "status": {"allocatable": dict(resources)},
    }


def is_empty(cluster: Cluster, node: str) -> bool:
    """Whether nothing but daemons runs on a node."""
    return all(has_ended(pod) or is_of_daemon(pod) for pod in cluster.pods.on(node))


def is_of_daemon(pod: Object) -> bool:
    """Whether a pod belongs to its node, and goes with it."""
    return any(ref["kind"] in ("DaemonSet", "Node") for ref in pod["metadata"].get("ownerReferences") or ())


def evictable(cluster: Cluster, node: str) -> Objects:
    """The pods of a node that must be moved before it may go."""
    return [pod for pod in cluster.pods.on(node) if not is_of_daemon(pod) and not is_deleted(pod)]


def nodes(cluster: Cluster) -> dict[str, Object]:
    """All nodes by name."""
    return {node["metadata"]["name"]: node for node in cluster.peek(NODE)}
