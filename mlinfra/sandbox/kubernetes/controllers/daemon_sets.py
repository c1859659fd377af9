"""DaemonSets: one pod on every node that takes it, replaced as the strategy allows.

Called by the runtime. Each pod is bound to its node by node affinity, and bound by the scheduler as any other.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import revisions, rollout
from mlinfra.sandbox.kubernetes.controllers.catalog import DAEMON_SET, NODE, POD
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself, owner
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import (
    create,
    delete,
    from_template,
    has_ended,
    is_available,
    is_deleted,
    is_ready,
)
from mlinfra.sandbox.kubernetes.controllers.replica_sets import until_available
from mlinfra.sandbox.kubernetes.controllers.revisions import HASH
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling.affinity import matches_node
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import untolerated
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "daemonset-controller"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
# What every daemon's pod tolerates (kubernetes.io, "DaemonSet", table of tolerations, 1.33).
_TOLERATED = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
# The controller itself disregards a node that is not ready yet; the scheduler and the kubelet then wait for it.
_STARTING = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"}


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Create and delete pods until each fitting node has one, replace old ones, report."""
    daemons = cluster.find(DAEMON_SET, key)
    if daemons is None:
        return None
    revision = revisions.present(cluster, daemons)
    nodes = [NodeInfo(node) for node in cluster.peek(NODE)]
    if not is_deleted(daemons):
        _spread(cluster, daemons, nodes, revision)
        _update(cluster, daemons, nodes, revision)
    return _report(cluster, daemons, nodes, revision)


def daemon_pod(daemons: Object, node: str = "", revision: str = "") -> Object:
    """The pod of a DaemonSet for a node; autoscalers ask for it to know what a new node will carry."""
    pod = from_template(daemons, daemons["spec"]["template"], {HASH: revision} if revision else {})
    spec = pod["spec"]
    tolerations = [{"key": key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
    if spec.get("hostNetwork"):
        tolerations.append(
            {"key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"}
        )
    known = spec.get("tolerations") or []
    spec["tolerations"] = [*known, *(item for item in tolerations if item not in known)]
    if node:
        spec["affinity"] = _pinned(spec.get("affinity") or {}, node)
    return pod


def wants(daemons: Object, info: NodeInfo, effects: tuple[str, ...] = ("NoSchedule", "NoExecute")) -> bool:
    """Whether a DaemonSet runs on a node."""
    pod = daemon_pod(daemons)
    pod["spec"]["tolerations"].append(_STARTING)
    return matches_node(pod, info) and untolerated(pod, info.taints, effects) is None


def _pinned(affinity: Object, node: str) -> Object:
    """Affinity with the node's name in every term, as the real controller writes it."""
    name = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = at(affinity, ("nodeAffinity", _REQUIRED, "nodeSelectorTerms")) or [{}]
    pinned = [{**term, "matchFields": [name]} for term in terms]
    node_affinity = {**(affinity.get("nodeAffinity") or {}), _REQUIRED: {"nodeSelectorTerms": pinned}}
    return {**affinity, "nodeAffinity": node_affinity}


def target_of(pod: Object) -> str:
    """The node that a daemon's pod is on or meant for."""
    if node := at(pod, ("spec", "nodeName")):
        return str(node)
    terms = at(pod, ("spec", "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")) or [{}]
    fields = terms[0].get("matchFields") or [{}]
    return str((fields[0].get("values") or [""])[0])


def _by_node(cluster: Cluster, daemons: Object) -> dict[str, Objects]:
    found: dict[str, Objects] = {}
    for pod in cluster.dependents(daemons, POD):
        found.setdefault(target_of(pod), []).append(pod)
    return found


def _spread(cluster: Cluster, daemons: Object, nodes: list[NodeInfo], revision: Object) -> None:
    pods = _by_node(cluster, daemons)
    label = revision["metadata"]["labels"][HASH]
    for info in nodes:
        here = pods.pop(info.name, [])
        for pod in here:
            if (has_ended(pod) or not wants(daemons, info, ("NoExecute",))) and not is_deleted(pod):
                delete(cluster, daemons, pod, NAME)
        if not here and wants(daemons, info):
            create(cluster, daemons, daemon_pod(daemons, info.name, label), NAME)
    for strays in pods.values():  # their nodes are gone
        for pod in strays:
            if not is_deleted(pod):
                delete(cluster, daemons, pod, NAME)


def _update(cluster: Cluster, daemons: Object, nodes: list[NodeInfo], revision: Object) -> None:
    """Delete old pods as long as no more than maxUnavailable nodes go without; with maxSurge, new ones come first."""
    strategy = at(daemons, ("spec", "updateStrategy")) or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return None
    rolling = strategy.get("rollingUpdate") or {}
    label = revision["metadata"]["labels"][HASH]
    wanted = [info.name for info in nodes if wants(daemons, info)]
    pods = _by_node(cluster, daemons)
    surge = rollout.resolve(rolling.get("maxSurge", 0), len(wanted), up=True)
    if surge:
        return _surge(cluster, daemons, pods, label, surge)
    allowed = max(1, rollout.resolve(rolling.get("maxUnavailable", 1), len(wanted), up=True))
    down = [node for node in wanted if not any(_is_well(cluster, daemons, pod) for pod in pods.get(node, []))]
    for node in sorted(pods, key=lambda name: name not in down):
        for pod in pods[node]:
            if at(pod, ("metadata", "labels", HASH)) == label or is_deleted(pod):
                continue
            if node not in down and len(down) >= allowed:
                continue
            down = down if node in down else [*down, node]
            delete(cluster, daemons, pod, NAME)
    return None


def _surge(cluster: Cluster, daemons: Object, pods: dict[str, Objects], label: str, surge: int) -> None:
    def is_new(pod: Object) -> bool:
        return bool(at(pod, ("metadata", "labels", HASH)) == label)

    doubled = sum(len([pod for pod in here if not is_deleted(pod)]) > 1 for here in pods.values())
    for node, here in sorted(pods.items()):
        old = [pod for pod in here if not is_new(pod) and not is_deleted(pod)]
        new = [pod for pod in here if is_new(pod) and not is_deleted(pod)]
        if old and any(_is_well(cluster, daemons, pod) for pod in new):
            for pod in old:
                delete(cluster, daemons, pod, NAME)
        elif old and not new and doubled < surge:
            doubled += 1
            create(cluster, daemons, daemon_pod(daemons, node, label), NAME)


def _is_well(cluster: Cluster, daemons: Object, pod: Object) -> bool:
    minimum = int(at(daemons, ("spec", "minReadySeconds"), 0))
    return not is_deleted(pod) and is_available(pod, minimum, cluster.now())


def _report(cluster: Cluster, daemons: Object, nodes: list[NodeInfo], revision: Object) -> Again | None:
    pods, label = _by_node(cluster, daemons), revision["metadata"]["labels"][HASH]
    wanted = {info.name for info in nodes if wants(daemons, info)}
    living = {node: [p for p in here if not is_deleted(p)] for node, here in pods.items()}
    available = sum(any(_is_well(cluster, daemons, pod) for pod in living.get(node, [])) for node in wanted)
    updated = (any(at(p, ("metadata", "labels", HASH)) == label for p in living.get(node, [])) for node in wanted)
    status = {
        "desiredNumberScheduled": len(wanted),
        "currentNumberScheduled": sum(bool(living.get(node)) for node in wanted),
        "numberMisscheduled": sum(node not in wanted and bool(here) for node, here in living.items()),
        "numberReady": sum(any(is_ready(pod) for pod in living.get(node, [])) for node in wanted),
        "updatedNumberScheduled": sum(updated),
        "numberAvailable": available,
        "numberUnavailable": len(wanted) - available,
        "observedGeneration": daemons["metadata"].get("generation", 0),
    }
    optional = ("updatedNumberScheduled", "numberAvailable", "numberUnavailable")
    cluster.set_status(DAEMON_SET, daemons, {k: v for k, v in status.items() if v or k not in optional})
    revisions.forget(cluster, daemons, {revision["metadata"]["name"]})
    minimum = int(at(daemons, ("spec", "minReadySeconds"), 0))
    return until_available([pod for here in living.values() for pod in here], minimum, cluster)


def _all_daemons(cluster: Cluster, event: Event) -> list[Key]:
    """Every DaemonSet, when a node came, went, or changed its labels or taints; heartbeats concern none."""
    before, after = event.previous, event.object
    if event.type == "MODIFIED" and before is not None and _place(before) == _place(after):
        return []
    return list(all_of(DAEMON_SET)(cluster, event))


def _place(node: Object) -> tuple[Object | None, Object | None]:
    """What of a node decides who runs on it."""
    return node.get("spec"), node["metadata"].get("labels")


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"daemonsets.apps": itself, "pods": owner("DaemonSet"), "nodes": _all_daemons},
)
