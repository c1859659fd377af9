"""Workloads: rollouts that are stuck, replicas that lack, and what modules promise and nobody finds."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.claims import claims_of
from mlinfra.health.refusals import asked, is_refusal, refusal
from mlinfra.health.replicas import replicas_of
from mlinfra.health.rollouts import pods_of, rollout_of, starting_of
from mlinfra.health.seen import Live, Seen, condition, subject_of
from mlinfra.health.turnover import is_new, unsettled

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    moving = unsettled(seen)
    for kind in _KINDS:
        for live in seen.each(kind):
            yield from _of(seen, kind, live, moving)
    for one in seen.expected:
        if one.subject not in seen.by_subject and one.subject.partition(" ")[0] in seen.objects:
            yield Finding(
                severity=Severity.BROKEN,
                subject=one.subject,
                words=f"it is not there, although {one.address} brings it",
                remedy="apply again: mlinfra drift shows what else is missing",
                layer=4,
                address=one.address,
            )


def _of(seen: Seen, kind: str, live: Live, moving: frozenset[str]) -> Iterator[Finding]:
    ready, wanted = replicas_of(kind, live)
    subject = subject_of(kind, live)
    rollout = rollout_of(seen, kind, live)
    if (ready >= wanted and not rollout) or (live.get("spec") or {}).get("paused"):
        return
    failure, progress = condition(live, "ReplicaFailure"), condition(live, "Progressing")
    words, remedy, refused = f"{ready} of {wanted} replicas work", "", ""
    severity = Severity.BROKEN if ready == 0 else Severity.WARNING
    warned = seen.warning_about(live)
    if failure.get("status") == "True":
        refused = str(failure.get("message"))
    elif is_refusal(warned) and len(seen.pods_of(subject)) < wanted:  # only Deployments have such a condition
        refused = warned
    elif progress.get("reason") == "ProgressDeadlineExceeded":
        words += ": its rollout is stuck, and its deadline has passed"
        remedy = "mend the new version, or take it back and apply"
        remedy = f"old pods go on answering; {remedy}" if ready else remedy
    elif not rollout and kind == "DaemonSet" and _follows(seen, live, moving):
        return
    elif told := rollout or starting_of(seen, kind, live):
        severity, words = Severity.NOTE, told
    elif warned:
        words += f": {warned}"
    if refused:
        why, remedy = refusal(refused, live["metadata"].get("namespace", ""))
        words += f", and no more can be made: {why}"
    because = seen.pods_of(subject).union(*(claims_of(pod) for pod in pods_of(seen, subject)), asked(seen, refused))
    yield Finding(severity=severity, subject=subject, words=words, remedy=remedy, because=because, layer=4)


def _follows(seen: Seen, live: Live, moving: frozenset[str]) -> bool:
    """Whether all that a DaemonSet lacks are on nodes that came after it, or are going: it follows them by itself."""
    ready, wanted = replicas_of("DaemonSet", live)
    pods = {pod["spec"].get("nodeName"): pod for pod in pods_of(seen, subject_of("DaemonSet", live))}
    born = seen.age(live["metadata"].get("creationTimestamp"))
    others = 0
    for node in seen.objects.get("Node", ()):
        name, age = node["metadata"]["name"], seen.age(node["metadata"].get("creationTimestamp"))
        lacks = condition(pods.get(name) or {}, "Ready").get("status") != "True"
        others += lacks and name in moving and (age < born or not is_new(seen, node))
    return wanted - ready <= others
