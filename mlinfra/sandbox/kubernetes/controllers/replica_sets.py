"""ReplicaSets: as many pods of one template as wanted. Called by the runtime; Deployments act through them alone."""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import POD, REPLICA_SET
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, controller_of, itself, owner, owner_reference
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import (
    create,
    delete,
    from_template,
    is_active,
    is_available,
    is_deleted,
    is_ready,
    phase,
)
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "replicaset-controller"
_BURST = 500
"""How many pods one look creates or deletes at most (kube-controller-manager's burstReplicas)."""


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Create what is missing, delete what is too much, report."""
    replica_set = cluster.find(REPLICA_SET, key)
    if replica_set is None:
        return None
    if not is_deleted(replica_set):
        _claim(cluster, replica_set)
        pods = [pod for pod in cluster.dependents(replica_set, POD) if is_active(pod)]
        try:
            _fit(cluster, replica_set, pods)
        except ApiError as error:
            report(cluster, replica_set, error.message)
            raise
    return report(cluster, replica_set)


def _claim(cluster: Cluster, replica_set: Object) -> None:
    """Adopt the pods that the selector means and nobody controls; release those that it means no longer."""
    matches = parse_labels(replica_set["spec"]["selector"])
    for pod in cluster.dependents(replica_set, POD):
        if not matches(pod["metadata"].get("labels") or {}) and not is_deleted(pod):
            _set_owners(cluster, pod, [ref for ref in pod["metadata"]["ownerReferences"] if not ref.get("controller")])
    for pod in cluster.pods.within(replica_set["metadata"]["namespace"]):
        orphan = is_active(pod) and controller_of(pod) is None
        if orphan and matches(pod["metadata"].get("labels") or {}):
            others = pod["metadata"].get("ownerReferences") or []
            _set_owners(cluster, pod, [*others, owner_reference(replica_set)])


def _set_owners(cluster: Cluster, pod: Object, references: Objects) -> None:
    cluster.patch(POD, pod, {"metadata": {"ownerReferences": references or None}})


def _fit(cluster: Cluster, replica_set: Object, pods: Objects) -> None:
    wanted = int(at(replica_set, ("spec", "replicas"), 1))
    for _ in range(min(wanted - len(pods), _BURST)):
        create(cluster, replica_set, from_template(replica_set, replica_set["spec"]["template"]), NAME)
    for pod in sorted(pods, key=_worth)[: max(0, len(pods) - wanted)]:
        delete(cluster, replica_set, pod, NAME)


def _worth(pod: Object) -> tuple[bool, bool, bool, int, str]:
    """What makes a pod worth keeping: on a node, running, ready, not marked cheap, old."""
    cost = at(pod, ("metadata", "annotations", "controller.kubernetes.io/pod-deletion-cost"), "0")
    age = "".join(chr(0x7F - ord(letter)) for letter in pod["metadata"]["creationTimestamp"])
    return bool(at(pod, ("spec", "nodeName"))), phase(pod) == "Running", is_ready(pod), int(cost), age


def report(cluster: Cluster, replica_set: Object, failure: str = "") -> Again | None:
    """Write the status; gives when pods may have become available meanwhile. `failure`: why a pod was refused."""
    pods = [pod for pod in cluster.dependents(replica_set, POD) if is_active(pod)]
    minimum, now = int(at(replica_set, ("spec", "minReadySeconds"), 0)), cluster.now()
    template = (at(replica_set, ("spec", "template", "metadata", "labels")) or {}).items()
    status: Object = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(template <= (pod["metadata"].get("labels") or {}).items() for pod in pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "availableReplicas": sum(is_available(pod, minimum, now) for pod in pods),
        "observedGeneration": replica_set["metadata"].get("generation", 0),
    }
    kept = {name: number for name, number in status.items() if number or name in ("replicas", "observedGeneration")}
    known = at(replica_set, ("status", "conditions"))
    others = known if failure else conditions.without(known, "ReplicaFailure")
    if failure and conditions.find(known, "ReplicaFailure") is None:  # each refusal names another pod: the first stays
        news = [conditions.condition("ReplicaFailure", True, "FailedCreate", failure)]
        others = conditions.merged(known, news, now)
    cluster.set_status(REPLICA_SET, replica_set, {**kept, "conditions": others} if others else kept)
    return until_available(pods, minimum, cluster)


def until_available(pods: Objects, minimum: int, cluster: Cluster) -> Again | None:
    """When the next of some ready pods will have been ready long enough."""
    if not minimum:
        return None
    ready = [
        c["lastTransitionTime"]
        for pod in pods
        if is_ready(pod)
        for c in pod["status"]["conditions"]
        if c["type"] == "Ready"
    ]
    left = [minimum - seconds_since(since, cluster.clock()) for since in ready]
    return min((Again(seconds) for seconds in left if seconds > 0), key=lambda again: again.seconds, default=None)


def _sets_of_pod(cluster: Cluster, event: Event) -> Iterable[Key]:
    """The ReplicaSet that controls a pod; of a pod that nobody controls, those that select it."""
    yield from owner("ReplicaSet")(cluster, event)
    labels = event.object["metadata"].get("labels") or {}
    if controller_of(event.object) is None and labels:
        for replica_set in cluster.peek(REPLICA_SET, event.object["metadata"]["namespace"]):
            if parse_labels(replica_set["spec"]["selector"])(labels):
                yield key_of(replica_set)


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"replicasets.apps": itself, "pods": _sets_of_pod},
)
