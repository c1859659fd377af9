"""Rollouts: whether a workload is on its way to a new version or to more pods, how far it is, and since when.

For the judge of workloads and that of containers. What is on its way is no trouble until it is late: a pod may take as
long as its startup probe lets it, a Deployment as long as its own deadline says. Fields: kubernetes.io, "Deployments",
"StatefulSets" and "Perform a Rolling Update on a DaemonSet" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from mlinfra.health.replicas import replicas_of
from mlinfra.health.seen import Live, Seen, condition, counted, subject_of

STARTING = 600.0  # seconds that a pod may take without saying so itself
_DONE = "NewReplicaSetAvailable"
_LATE = "ProgressDeadlineExceeded"


def rollout_of(seen: Seen, kind: str, live: Live) -> str:
    """Where a workload stands between two versions, in words; empty where it is not between any, or is late."""
    ready, wanted = replicas_of(kind, live)
    updated = _updated(kind, live, wanted)
    if updated is None:
        return ""
    newest = _newest(seen, kind, live)
    began = min((str(one["metadata"].get("creationTimestamp")) for one in newest), default="")
    return f"rolling out: {updated} of {wanted} pods are of the new version, {ready} answer" + since(seen, began)


def _updated(kind: str, live: Live, wanted: int) -> int | None:
    """How many pods are of the new version already; nothing where all are, and no old one is left."""
    status, metadata = live.get("status") or {}, live["metadata"]
    if kind == "DaemonSet":
        updated = int(status.get("updatedNumberScheduled") or 0)
        return updated if updated < wanted else None
    updated = int(status.get("updatedReplicas") or 0)
    behind = int(status.get("observedGeneration") or 0) < int(metadata.get("generation") or 0)
    if kind == "StatefulSet":
        moving = status.get("updateRevision") not in (None, status.get("currentRevision"))
        return updated if moving and updated < wanted else None
    progress = condition(live, "Progressing").get("reason")
    if progress == _LATE:
        return None
    between = updated < wanted or int(status.get("replicas") or 0) > updated
    return updated if between and (behind or progress != _DONE) else None


def _newest(seen: Seen, kind: str, live: Live) -> list[Live]:
    """What is of the new version: the newest ReplicaSet, or the pods of the newest revision."""
    subject = subject_of(kind, live)
    if kind == "Deployment":
        sets = [one for one in seen.objects.get("ReplicaSet", ()) if seen.owner_of(one) == subject]
        return sorted(sets, key=lambda one: str(one["metadata"].get("creationTimestamp")))[-1:]
    pods = pods_of(seen, subject)
    if kind == "StatefulSet":
        revision = (live.get("status") or {}).get("updateRevision")
        return [pod for pod in pods if _label(pod, "controller-revision-hash") == revision]
    if not (live.get("status") or {}).get("updatedNumberScheduled"):
        return []  # all are of the old one still
    generation = max(
        (_label(pod, "pod-template-generation") for pod in pods), key=lambda text: (len(text), text), default=""
    )
    return [pod for pod in pods if _label(pod, "pod-template-generation") == generation]


def starting_of(seen: Seen, kind: str, live: Live) -> str:
    """Since when the pods that lack are starting, in words; empty where one is late, or nobody makes them."""
    ready, wanted = replicas_of(kind, live)
    pods = pods_of(seen, subject_of(kind, live))
    ending = [str(pod["metadata"]["deletionTimestamp"]) for pod in pods if pod["metadata"].get("deletionTimestamp")]
    late = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and not _is_ready(pod)]
    if not late and ending and all(seen.age(moment) < STARTING for moment in ending):
        more = "1 more is" if len(ending) == 1 else f"{len(ending)} more are"
        return f"{ready} of {counted(wanted, 'pod')} answer; {more} ending"
    if not late or any(seen.age(pod["metadata"].get("creationTimestamp")) > patience_with(pod) for pod in late):
        return ""
    began = min(str(pod["metadata"].get("creationTimestamp")) for pod in late)
    others = "the others are" if ready else "it is" if wanted == 1 else "they are"
    return f"{ready} of {counted(wanted, 'pod')} answer; {others} starting" + since(seen, began)


def are_starting(seen: Seen, subjects: Iterable[str]) -> bool:
    """Whether there are workloads among these, and the pods that lack of all of them are on their way."""
    named = [
        (subject.partition(" ")[0], seen.by_subject[subject]) for subject in subjects if subject in seen.by_subject
    ]
    workloads = [(kind, live) for kind, live in named if kind in ("Deployment", "StatefulSet", "DaemonSet")]
    return bool(workloads) and all(starting_of(seen, kind, live) for kind, live in workloads)


def _is_ready(pod: Live) -> bool:
    return condition(pod, "Ready").get("status") == "True"


def pods_of(seen: Seen, subject: str) -> list[Live]:
    """The pods that a workload has."""
    return [seen.by_subject[name] for name in sorted(seen.pods_of(subject))]


def patience_with(pod: Live) -> float:
    """The seconds that a pod may take until it is ready: what its startup probes allow, ten minutes at the least."""
    return max([STARTING, *map(_allowed, (pod.get("spec") or {}).get("containers") or ())])


def _allowed(container: Live) -> float:
    probe = container.get("startupProbe") or {}
    if not probe:
        return 0.0
    return float(probe.get("initialDelaySeconds") or 0) + float(probe.get("periodSeconds") or 10) * float(
        probe.get("failureThreshold") or 3
    )


def since(seen: Seen, text: str) -> str:
    """`, since 23:05 UTC (3 minutes)`; empty where no moment is named."""
    moment = seen.moment(text)
    if moment is None:
        return ""
    minutes = int(seen.age(text) // 60)
    lasted = "less than a minute" if minutes < 1 else f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f", since {moment.astimezone(UTC):%H:%M} UTC ({lasted})"


def _label(pod: Live, name: str) -> str:
    return str((pod["metadata"].get("labels") or {}).get(name, ""))
