"""Workloads: rollouts that are stuck, replicas that lack, and what modules promise and nobody finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.replicas import replicas_of
from mlinfra.health.rollouts import pods_of, rollout_of, starting_of
from mlinfra.health.seen import Live, Seen, condition, short, subject_of
from mlinfra.health.turnover import is_new, unsettled

_ACCOUNT = re.compile(r'serviceaccount "([^"]+)" not found')
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
    words, remedy = f"{ready} of {wanted} replicas work", ""
    severity = Severity.BROKEN if ready == 0 else Severity.WARNING
    warned = seen.warning_about(live)
    if failure.get("status") == "True":
        words, remedy = _refused(words, short(failure.get("message")), live)
    elif (
        _ACCOUNT.search(warned) and len(seen.pods_of(subject)) < wanted
    ):  # StatefulSets and DaemonSets have no such condition
        words, remedy = _refused(words, warned, live)
    elif progress.get("reason") == "ProgressDeadlineExceeded":
        words += ": its rollout is stuck, and its deadline has passed"
        remedy = "old pods go on answering; mend the new version, or take it back and apply"
    elif not rollout and kind == "DaemonSet" and _follows(seen, live, moving):
        return
    elif told := rollout or starting_of(seen, kind, live):
        severity, words = Severity.NOTE, told
    elif warned:
        words += f": {warned}"
    because = seen.pods_of(subject)
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


def _refused(words: str, told: str, live: Live) -> tuple[str, str]:
    """What is said of pods that the API refuses, in its words, and what helps."""
    if found := _ACCOUNT.search(told):
        name, namespace = found.group(1), live["metadata"].get("namespace", "")
        return (
            f"{words}, and no more can be made: its service account {name} is not there",
            f"create it, or name one that is there: kubectl create serviceaccount {name} -n {namespace}",
        )
    remedy = "a quota or an admission rule refuses its pods: change that, or what they ask for"
    return f"{words}, and no more can be made: {told}", remedy
