"""What a Deployment says of itself: counts, and the conditions Available and Progressing. Called by `deployments`."""

from __future__ import annotations

from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.rollout import Limits
from mlinfra.sandbox.kubernetes.values import Object, Objects, at

_COUNTS = ("replicas", "readyReplicas", "availableReplicas")


def status_of(deployment: Object, new: Object | None, sets: Objects, bounds: Limits, now: datetime) -> Object:
    """The status; `sets` are all its ReplicaSets, `new` the one of the present template."""
    old = deployment.get("status") or {}
    counts = {name: sum(int(at(item, ("status", name), 0)) for item in sets) for name in _COUNTS}
    wanted = int(at(deployment, ("spec", "replicas"), 1))
    counts["updatedReplicas"] = int(at(new or {}, ("status", "replicas"), 0))
    counts["unavailableReplicas"] = max(
        0, sum(int(at(s, ("spec", "replicas"), 0)) for s in sets) - counts["availableReplicas"]
    )
    news = [_available(counts["availableReplicas"] >= wanted - bounds.unavailable)]
    news += _progressing(deployment, new, counts, wanted, now)
    failure = conditions.find(at(new or {}, ("status", "conditions")), "ReplicaFailure")
    known = conditions.without(old.get("conditions"), "" if failure else "ReplicaFailure")
    if failure is not None:
        news.append(conditions.condition("ReplicaFailure", True, failure["reason"], failure["message"]))
    return {
        **{name: number for name, number in counts.items() if number},
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "conditions": conditions.merged(known, news, now, updated=True),
    }


def is_complete(counts: Object, wanted: int) -> bool:
    """Whether all pods are of the new template and available, and no old one is left."""
    return bool(counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == wanted)


def _available(enough: bool) -> Object:
    if enough:
        return conditions.condition(
            "Available", True, "MinimumReplicasAvailable", "Deployment has minimum availability."
        )
    text = "Deployment does not have minimum availability."
    return conditions.condition("Available", False, "MinimumReplicasUnavailable", text)


def _progressing(deployment: Object, new: Object | None, counts: Object, wanted: int, now: datetime) -> Objects:
    deadline = at(deployment, ("spec", "progressDeadlineSeconds"), 600)
    known = conditions.find(at(deployment, ("status", "conditions")), "Progressing")
    if at(deployment, ("spec", "paused")):
        return [conditions.condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")]
    if new is None:
        return []
    name = new["metadata"]["name"]
    if is_complete(counts, wanted):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return [conditions.condition("Progressing", True, "NewReplicaSetAvailable", text)]
    text = f'ReplicaSet "{name}" is progressing.'
    if _has_moved(deployment, counts) or known is None or name not in known.get("message", ""):
        return [{**conditions.condition("Progressing", True, "ReplicaSetUpdated", text), "lastUpdateTime": ""}]
    late = (
        deadline is not None
        and seconds_since(known.get("lastUpdateTime") or known["lastTransitionTime"], now) >= deadline
    )
    if late and known.get("reason") != "NewReplicaSetAvailable":
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return [conditions.condition("Progressing", False, "ProgressDeadlineExceeded", text)]
    if known.get("reason") == "NewReplicaSetAvailable":
        return []  # a finished rollout stays finished when pods come and go later
    return [conditions.condition("Progressing", known["status"], known["reason"], known["message"])]


def _has_moved(deployment: Object, counts: Object) -> bool:
    """Whether more is done than when last looked: new pods, fewer old ones, more of them ready."""
    old = deployment.get("status") or {}
    before = {name: int(old.get(name, 0)) for name in counts}
    gone = before["replicas"] - before["updatedReplicas"] > counts["replicas"] - counts["updatedReplicas"]
    more = any(counts[name] > before[name] for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return gone or more
