"""The scheduler: gives each waiting pod a node, or says why it has none. One key; a run looks at all waiting pods.

Called by the runtime whenever pods, nodes, claims or priorities change. It binds, nominates and evicts; it never starts
anything.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.admission import SYSTEM_PRIORITIES
from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import BUDGET, CLAIM, NAMESPACE, NODE, POD, PRIORITY_CLASS
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, always
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import claims_of, controlled_budgets
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling import verdict
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement, Refusal
from mlinfra.sandbox.kubernetes.controllers.scheduling.preemption import Eviction, Preemption
from mlinfra.sandbox.kubernetes.controllers.scheduling.scores import best
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.values import Object, at

NAME = "default-scheduler"
SELECTED_NODE = "volume.kubernetes.io/selected-node"


def reconcile(cluster: Cluster, _: Key) -> Again | None:
    """Try every waiting pod, most important and oldest first."""
    waiting = [pod for pod in cluster.pods.waiting() if _is_ours(pod)]
    if not waiting:
        return None
    snapshot = take_snapshot(cluster)
    for pod in sorted(waiting, key=lambda item: _rank(cluster, item)):
        _schedule(cluster, snapshot, pod)
    return None


def take_snapshot(cluster: Cluster) -> Snapshot:
    """The nodes of a cluster with their pods, as they are now."""
    bound = cluster.pods.bound()
    namespaces = {item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in cluster.peek(NAMESPACE)}
    nodes = cluster.peek(NODE)
    return Snapshot([NodeInfo(node, bound.get(node["metadata"]["name"], ())) for node in nodes], namespaces)


def priority(cluster: Cluster, pod: Object) -> int:
    """A pod's priority: that of the class it names, else its own, else the default class's."""
    spec = pod.get("spec") or {}
    name = spec.get("priorityClassName")
    if name in SYSTEM_PRIORITIES:
        return SYSTEM_PRIORITIES[name]
    classes = cluster.peek(PRIORITY_CLASS)
    known = next((c for c in classes if (c["metadata"]["name"] == name if name else c.get("globalDefault"))), None)
    if known is not None and (name or not spec.get("priority")):
        return int(known["value"])
    return int(spec.get("priority") or 0)


def _is_ours(pod: Object) -> bool:
    spec = pod.get("spec") or {}
    return spec.get("schedulerName", NAME) == NAME and not spec.get("schedulingGates")


def _rank(cluster: Cluster, pod: Object) -> tuple[int, str, int]:
    meta = pod["metadata"]
    return -priority(cluster, pod), meta["creationTimestamp"], int(meta["resourceVersion"])


def _schedule(cluster: Cluster, snapshot: Snapshot, pod: Object) -> None:
    obstacle, volumes, unbound = volumes_of(cluster, pod)
    if obstacle:
        return _reject(cluster, pod, verdict.rejected(len(snapshot.nodes), obstacle))
    if not snapshot.nodes:
        return _reject(cluster, pod, verdict.NO_NODES)
    placement = Placement(pod, snapshot, volumes)
    refusals = {name: placement.refusal(info) for name, info in snapshot.nodes.items()}
    fitting = [snapshot.nodes[name] for name, refusal in refusals.items() if refusal is None]
    if not fitting:
        return _preempt(cluster, snapshot, pod, volumes, {name: r for name, r in refusals.items() if r is not None})
    node = best(placement, fitting)
    snapshot.place(pod, node.name)
    if unbound:
        return _choose_for_claims(cluster, unbound, node.name)
    return _bind(cluster, pod, node.name)


def volumes_of(cluster: Cluster, pod: Object) -> tuple[str, list[Object], list[Object]]:
    """What a pod's claims mean for its place: an obstacle, node affinities of volumes, claims to be provisioned."""
    affinities, unbound = [], []
    namespace = pod["metadata"].get("namespace", "")
    for name in claims_of(pod):
        claim = cluster.store.exists("persistentvolumeclaims", name, namespace)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found', [], []
        if "deletionTimestamp" in claim["metadata"]:
            return f'persistentvolumeclaim "{name}" is being deleted', [], []
        if at(claim, ("status", "phase")) == "Lost":
            return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume', [], []
        volume = cluster.store.exists("persistentvolumes", at(claim, ("spec", "volumeName"), ""))
        if at(claim, ("status", "phase")) == "Bound" and volume is not None:
            affinities.append(at(volume, ("spec", "nodeAffinity", "required")))
        elif _waits_for_pod(cluster, claim):
            unbound.append(claim)
        else:
            return "pod has unbound immediate PersistentVolumeClaims", [], []
    return "", [item for item in affinities if item], unbound


def _waits_for_pod(cluster: Cluster, claim: Object) -> bool:
    found = cluster.store.exists("storageclasses.storage.k8s.io", at(claim, ("spec", "storageClassName")) or "")
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def _choose_for_claims(cluster: Cluster, claims: list[Object], node: str) -> None:
    """Name the node for which volumes are to be made; the pod is bound once they are."""
    for claim in claims:
        if at(claim, ("metadata", "annotations", SELECTED_NODE)) not in _node_names(cluster):
            cluster.patch(CLAIM, claim, {"metadata": {"annotations": {SELECTED_NODE: node}}})


def _node_names(cluster: Cluster) -> set[str]:
    return {node["metadata"]["name"] for node in cluster.peek(NODE)}


def _bind(cluster: Cluster, pod: Object, node: str) -> None:
    scheduled = conditions.condition("PodScheduled", True)
    namespace, name = key_of(pod)
    cluster.patch(POD, pod, {"spec": {"nodeName": node}})
    status = {**(pod.get("status") or {}), "phase": "Pending"}
    status.pop("nominatedNodeName", None)
    status["conditions"] = conditions.merged(status.get("conditions"), [scheduled], cluster.now())
    cluster.set_status(POD, pod, status, "kube-scheduler")
    cluster.record(pod, NAME, "Scheduled", f"Successfully assigned {namespace}/{name} to {node}")


def _preempt(
    cluster: Cluster, snapshot: Snapshot, pod: Object, volumes: list[Object], refusals: dict[str, Refusal]
) -> None:
    reasons = [reason for refusal in refusals.values() for reason in refusal.reasons]
    count = len(refusals)
    if at(pod, ("spec", "preemptionPolicy")) == "Never":
        return _reject(cluster, pod, verdict.sentence(count, reasons, verdict.NEVER))
    if _waits_for_victims(cluster, pod):
        why = "not eligible due to terminating pod on the nominated node."
        return _reject(cluster, pod, verdict.sentence(count, reasons, why))
    budgets = cluster.peek(BUDGET)

    def protected(other: Object) -> bool:
        found = controlled_budgets(other, budgets)
        return any(at(budget, ("status", "disruptionsAllowed"), 0) < 1 for budget in found)

    preemption = Preemption(snapshot, lambda other: priority(cluster, other), protected)
    eviction, why = preemption.find(pod, volumes, refusals)
    if eviction is not None:
        _evict(cluster, snapshot, pod, eviction)
        return _reject(cluster, pod, verdict.sentence(count, reasons), eviction.node)
    return _reject(cluster, pod, verdict.sentence(count, reasons, why))


def _waits_for_victims(cluster: Cluster, pod: Object) -> bool:
    node = at(pod, ("status", "nominatedNodeName"))
    mine = priority(cluster, pod)
    return bool(node) and any(
        "deletionTimestamp" in other["metadata"] and priority(cluster, other) < mine for other in cluster.pods.on(node)
    )


def _evict(cluster: Cluster, snapshot: Snapshot, pod: Object, eviction: Eviction) -> None:
    text = f"{NAME}: preempting to accommodate a higher priority pod"
    for victim in eviction.victims:
        cluster.record(victim, NAME, "Preempted", f"Preempted by pod {pod['metadata']['uid']} on node {eviction.node}")
        target = conditions.condition("DisruptionTarget", True, "PreemptionByScheduler", text)
        status = dict(victim.get("status") or {})
        status["conditions"] = conditions.merged(status.get("conditions"), [target], cluster.now())
        cluster.set_status(POD, victim, status, "kube-scheduler")
        cluster.delete(POD, victim)
        snapshot.nodes[eviction.node].remove(victim)
    snapshot.place(pod, eviction.node)  # nobody else gets the room


def _reject(cluster: Cluster, pod: Object, message: str, nominated: str = "") -> None:
    condition = conditions.condition("PodScheduled", False, "Unschedulable", message)
    status = {**(pod.get("status") or {}), "phase": "Pending"}
    known = conditions.find(status.get("conditions"), "PodScheduled") or {}
    status["conditions"] = conditions.merged(status.get("conditions"), [condition], cluster.now())
    if nominated:
        status["nominatedNodeName"] = nominated
    if known.get("message") != message:
        cluster.record(pod, NAME, "FailedScheduling", message, warning=True)
    cluster.set_status(POD, pod, status, "kube-scheduler")


_CAUSES = (
    "pods",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "storageclasses.storage.k8s.io",
    "priorityclasses.scheduling.k8s.io",
)
CONTROLLER = Controller(name="scheduler", reconcile=reconcile, triggers=dict.fromkeys(_CAUSES, always("pods")))
