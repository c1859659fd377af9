"""Deployments: a ReplicaSet for each template, rolled over by the strategy, with history and progress.

Called by the runtime. The arithmetic is `rollout`'s; pods are the ReplicaSets'.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import conditions, rollout
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, POD, REPLICA_SET
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, controller_of, itself, owner, owner_reference
from mlinfra.sandbox.kubernetes.controllers.deployment_status import status_of
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import has_ended, is_deleted, template_hash
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, clone
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "deployment-controller"
REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_HASH = "pod-template-hash"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Take the next step of a rollout, and report."""
    deployment = cluster.find(DEPLOYMENT, key)
    if deployment is None:
        return None
    if is_deleted(deployment):
        return _report(cluster, deployment)
    paused = bool(at(deployment, ("spec", "paused")))
    new = _newest(cluster, deployment, create=not paused)
    if _resized(cluster, deployment):
        _resize(cluster, deployment)
    elif not paused and new is not None:
        recreate = at(deployment, ("spec", "strategy", "type")) == "Recreate"
        (_recreate if recreate else _roll)(cluster, deployment, new)
        _forget(cluster, deployment)
    return _report(cluster, deployment)


def replicas_of(deployment: Object) -> int:
    """How many pods are wanted."""
    return int(at(deployment, ("spec", "replicas"), 1))


def bounds_of(deployment: Object) -> rollout.Limits:
    """How far a rollout may go."""
    rolling = at(deployment, ("spec", "strategy", "rollingUpdate")) or {}
    surge, unavailable = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
    return rollout.limits(replicas_of(deployment), surge, unavailable)


def _sets(cluster: Cluster, deployment: Object) -> Objects:
    """The deployment's ReplicaSets, oldest revision first."""
    return sorted(cluster.dependents(deployment, REPLICA_SET), key=_revision)


def _revision(replica_set: Object) -> int:
    return int(at(replica_set, ("metadata", "annotations", REVISION), "0"))


def _is_of(deployment: Object, replica_set: Object) -> bool:
    return _plain(replica_set["spec"]["template"]) == _plain(deployment["spec"]["template"])


def _plain(template: Object) -> Object:
    labels = {k: v for k, v in (at(template, ("metadata", "labels")) or {}).items() if k != _HASH}
    meta = {k: v for k, v in (template.get("metadata") or {}).items() if k not in ("labels", "creationTimestamp")}
    return {"meta": {k: v for k, v in meta.items() if v}, "labels": labels, "spec": template.get("spec")}


def _newest(cluster: Cluster, deployment: Object, *, create: bool) -> Object | None:
    """The ReplicaSet of the present template; found, or made with the next revision."""
    sets = _sets(cluster, deployment)
    found = next((item for item in sets if _is_of(deployment, item)), None)
    others = [item for item in sets if item is not found]
    revision = max((_revision(item) for item in others), default=0) + 1
    if found is None:
        return _make(cluster, deployment, revision) if create else None
    if _revision(found) < revision and create:  # rolled back to: it becomes the newest again
        found = cluster.patch(REPLICA_SET, found, {"metadata": {"annotations": {REVISION: str(revision)}}})
    if create:
        _note_revision(cluster, deployment, max(revision, _revision(found)))
    return found


def _note_revision(cluster: Cluster, deployment: Object, revision: int) -> None:
    if at(deployment, ("metadata", "annotations", REVISION)) != str(revision):
        cluster.patch(DEPLOYMENT, deployment, {"metadata": {"annotations": {REVISION: str(revision)}}})


def _make(cluster: Cluster, deployment: Object, revision: int) -> Object:
    name = template_hash(_plain(deployment["spec"]["template"]))
    template = clone(deployment["spec"]["template"])
    meta = template.setdefault("metadata", {})
    meta["labels"] = {**(meta.get("labels") or {}), _HASH: name}
    selector = clone(deployment["spec"]["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), _HASH: name}
    replicas = replicas_of(deployment)
    old = _numbers(cluster, deployment)
    recreate = at(deployment, ("spec", "strategy", "type")) == "Recreate"
    room = rollout.next_new(replicas, bounds_of(deployment), rollout.Set("", 0, 0), old)
    notes = {k: v for k, v in (deployment["metadata"].get("annotations") or {}).items() if not k.startswith("kubectl.")}
    replica_set: Object = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{name}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": meta["labels"],
            "annotations": {**notes, REVISION: str(revision), _DESIRED: str(replicas)},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": 0 if recreate else room,
            "minReadySeconds": int(at(deployment, ("spec", "minReadySeconds"), 0)),
            "selector": selector,
            "template": template,
        },
    }
    made = cluster.create(replica_set)
    _note_revision(cluster, deployment, revision)
    _tell(cluster, deployment, made, 0, replica_set["spec"]["replicas"])
    return made


def _numbers(cluster: Cluster, deployment: Object, new: Object | None = None) -> list[rollout.Set]:
    """The old sets in numbers, oldest first."""
    skipped = None if new is None else new["metadata"]["name"]
    return [number_of(item) for item in _sets(cluster, deployment) if item["metadata"]["name"] != skipped]


def number_of(replica_set: Object) -> rollout.Set:
    """A ReplicaSet in numbers."""
    available = int(at(replica_set, ("status", "availableReplicas"), 0))
    return rollout.Set(replica_set["metadata"]["name"], int(at(replica_set, ("spec", "replicas"), 0)), available)


def _roll(cluster: Cluster, deployment: Object, new: Object) -> None:
    replicas, bounds = replicas_of(deployment), bounds_of(deployment)
    old = _numbers(cluster, deployment, new)
    wanted = rollout.next_new(replicas, bounds, number_of(new), old)
    if wanted != number_of(new).wanted:
        return _scale(cluster, deployment, new, wanted)
    fresh = cluster.store.exists("replicasets.apps", new["metadata"]["name"], new["metadata"]["namespace"]) or new
    for name, count in rollout.next_old(replicas, bounds, number_of(fresh), old).items():
        found = cluster.store.exists("replicasets.apps", name, new["metadata"]["namespace"])
        if found is not None and count != number_of(found).wanted:
            _scale(cluster, deployment, found, count)
    return None


def _recreate(cluster: Cluster, deployment: Object, new: Object) -> None:
    """All old pods go before the first new one comes."""
    old = [item for item in _sets(cluster, deployment) if item["metadata"]["name"] != new["metadata"]["name"]]
    for item in old:
        if number_of(item).wanted:
            _scale(cluster, deployment, item, 0)
    alive = any(not has_ended(pod) for item in old for pod in cluster.dependents(item, POD))
    if not alive and number_of(new).wanted != replicas_of(deployment):
        _scale(cluster, deployment, new, replicas_of(deployment))


def _resized(cluster: Cluster, deployment: Object) -> bool:
    """Whether `replicas` has changed since the ReplicaSets were last sized."""
    wanted = str(replicas_of(deployment))
    active = [item for item in _sets(cluster, deployment) if number_of(item).wanted]
    return any(at(item, ("metadata", "annotations", _DESIRED), wanted) != wanted for item in active)


def _resize(cluster: Cluster, deployment: Object) -> None:
    active = [item for item in _sets(cluster, deployment) if number_of(item).wanted]
    if len(active) == 1:
        return _scale(cluster, deployment, active[0], replicas_of(deployment))
    counts = rollout.proportional(
        replicas_of(deployment), bounds_of(deployment), [number_of(item) for item in reversed(active)]
    )
    for item in active:
        _scale(cluster, deployment, item, counts[item["metadata"]["name"]])
    return None


def _scale(cluster: Cluster, deployment: Object, replica_set: Object, count: int) -> None:
    before = number_of(replica_set).wanted
    notes = {"annotations": {_DESIRED: str(replicas_of(deployment))}}
    cluster.patch(REPLICA_SET, replica_set, {"metadata": notes, "spec": {"replicas": count}})
    _tell(cluster, deployment, replica_set, before, count)


def _tell(cluster: Cluster, deployment: Object, replica_set: Object, before: int, after: int) -> None:
    if before != after:
        way = "up" if after > before else "down"
        text = f"Scaled {way} replica set {replica_set['metadata']['name']} from {before} to {after}"
        cluster.record(deployment, NAME, "ScalingReplicaSet", text)


def _forget(cluster: Cluster, deployment: Object) -> None:
    """Delete old, empty ReplicaSets beyond the history limit."""
    limit = int(at(deployment, ("spec", "revisionHistoryLimit"), 10))
    old = [item for item in _sets(cluster, deployment) if not _is_of(deployment, item)]
    empty = [item for item in old if not number_of(item).wanted and not at(item, ("status", "replicas"))]
    for item in empty[: max(0, len(empty) - limit)]:
        cluster.delete(REPLICA_SET, item)


def _report(cluster: Cluster, deployment: Object) -> Again | None:
    sets = _sets(cluster, deployment)
    new = next((item for item in reversed(sets) if _is_of(deployment, item)), None)
    status = status_of(deployment, new, sets, bounds_of(deployment), cluster.now())
    cluster.set_status(DEPLOYMENT, deployment, status)
    progress = conditions.find(status["conditions"], "Progressing")
    deadline = at(deployment, ("spec", "progressDeadlineSeconds"), 600)
    if (
        progress is None
        or progress.get("reason") not in ("ReplicaSetUpdated", "NewReplicaSetCreated")
        or deadline is None
    ):
        return None
    left = deadline - seconds_since(progress["lastUpdateTime"], cluster.clock())
    return Again(max(1.0, left), quiet=True)


def _deployment_of_pod(cluster: Cluster, event: Event) -> list[Key]:
    """The Deployment above a pod that went: Recreate waits for it."""
    reference = controller_of(event.object)
    if event.type != "DELETED" or not reference or reference["kind"] != "ReplicaSet":
        return []
    namespace = event.object["metadata"]["namespace"]
    replica_set = cluster.store.exists("replicasets.apps", reference["name"], namespace)
    above = controller_of(replica_set) if replica_set else None
    return [(namespace, above["name"])] if above else []


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={
        "deployments.apps": itself,
        "replicasets.apps": owner("Deployment"),
        "pods": _deployment_of_pod,
    },
)
