"""Containers that do not run: images that cannot be had, programs that end again and again, settings that lack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.health import Finding, Severity
from mlinfra.health.downloads import download_of
from mlinfra.health.preparing import obstacle
from mlinfra.health.pulling import pull_failure
from mlinfra.health.replicas import replicas_of
from mlinfra.health.rollouts import STARTING, patience_with
from mlinfra.health.seen import Live, Seen, condition, short, subject_of
from mlinfra.health.turnover import unsettled

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"})
_SETTINGS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_CRASHES = frozenset({"CrashLoopBackOff"})
_UNADMITTED = frozenset({"UnexpectedAdmissionError", "NodeAffinity", "TopologyAffinityError"})
_SIGKILL = 137
# What containerd says of a command that its image does not have (containerd 2, runc 1.3; November 2026).
_UNSTARTED = re.compile(r'exec: "([^"]+)": [^:]*(?:not found|no such file|permission denied)[^:]*')
_LIVENESS = "Liveness probe failed"


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each pod that has a node. On a node that has only just come, or is going, it may be late."""
    moving = unsettled(seen)
    for pod in seen.each("Pod"):
        if node := (pod.get("spec") or {}).get("nodeName"):
            yield from list(_of(seen, pod, settled=node not in moving))[:1]


def _of(seen: Seen, pod: Live, *, settled: bool) -> Iterator[Finding]:
    status = pod.get("status") or {}
    for name in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(name) or ():
            if told := _container(seen, pod, container):
                waits = ((container.get("state") or {}).get("waiting") or {}).get("reason", "")
                begun = waits not in _IMAGE | _SETTINGS  # else no database has a part in it
                yield _finding(seen, pod, *told, serving=begun)
    if status.get("phase") == "Failed" and (told := _ended(status)):
        finding = _finding(seen, pod, *told)
        mended = _is_made_up_for(seen, pod)
        remedy = f"kubectl -n {pod['metadata'].get('namespace')} delete pod {pod['metadata']['name']}"
        yield msgspec.structs.replace(finding, severity=Severity.NOTE, remedy=remedy) if mended else finding
    if status.get("phase") == "Pending" and (found := obstacle(seen, pod)):
        words, remedy, passing = found
        finding = _finding(seen, pod, words, remedy)
        yield msgspec.structs.replace(finding, severity=Severity.WARNING) if passing else finding
    if settled:
        yield from _slow(seen, pod)


def _ended(status: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a node did to a pod that it will not run again, and what helps."""
    reason, message = str(status.get("reason") or ""), short(status.get("message"))
    if reason == "Evicted":
        return f"evicted: {message}", "have it ask for what it uses (resources.requests): who uses more goes first"
    if reason in _UNADMITTED or reason.startswith("OutOf"):
        ill = "unhealthy devices" in message or "no healthy devices" in message
        remedy = "its node's devices are ill: drain the node and end its machine, and its group makes another"
        return f"its node refused it: {message} ({reason})", remedy if ill else "the next one may be placed better"
    return None


def _is_made_up_for(seen: Seen, pod: Live) -> bool:
    """Whether what it was of has all its pods without it."""
    owner = seen.owner_of(pod)
    live = seen.by_subject.get(owner)
    kind = owner.partition(" ")[0]
    if live is None or kind not in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        return False
    ready, wanted = replicas_of(kind, live)
    return ready >= wanted


def _container(seen: Seen, pod: Live, container: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a container suffers from, and what to do."""
    name = container.get("name")
    waiting = (container.get("state") or {}).get("waiting") or {}
    reason, message = waiting.get("reason", ""), short(waiting.get("message"))
    where = f"-n {pod['metadata'].get('namespace')}"
    if reason in _IMAGE:
        why, remedy = pull_failure(seen, pod, message)
        return f"container {name}: its image {_image(pod, name)} cannot be pulled ({why or reason})", remedy
    if reason in _SETTINGS and (found := _UNSTARTED.search(message)):
        words = f"container {name} cannot be started: {found[1]} is no program of its image"
        return words, f"mend its command, or the image {_image(pod, name)}: {short(found[0], 120)}"
    if reason in _SETTINGS:
        why = message.removeprefix("Error: ") or "see kubectl describe of the pod"
        remedy = f"make what it names, or mend the name: kubectl {where} get secrets,configmaps"
        return f"container {name} cannot be made: {why} ({reason})", remedy
    between = (container.get("state") or {}).get("terminated") or {}
    if reason in _CRASHES or (between.get("exitCode") and container.get("restartCount")):
        ended = (container.get("lastState") or {}).get("terminated") or between
        if (told := download_of(pod, str(name), str(ended.get("message") or ""))) is not None:
            return told
        warned = seen.warning_about(pod)
        if ended.get("reason") != "OOMKilled" and warned.startswith(_LIVENESS):
            words = f"container {name} is ended again and again by its own liveness probe: {warned}"
            return words, "see what the probe asks for and how long it waits (failureThreshold, timeoutSeconds)"
        words = f"container {name} ends again and again{_end(ended)}"
        return words, _crash_remedy(ended, f"kubectl logs {where} {pod['metadata']['name']} -c {name} --previous")
    return None


def _end(ended: Mapping[str, Any]) -> str:
    if ended.get("reason") == "OOMKilled":
        return ": it needs more memory than its limit"
    if ended.get("exitCode") is not None:
        said = f", saying {short(ended['message'], 120)!r}" if ended.get("message") else ""
        return f": exit code {ended['exitCode']}{said}"
    return ""


def _crash_remedy(ended: Mapping[str, Any], logs: str) -> str:
    if ended.get("reason") == "OOMKilled":
        return "raise its memory limit, or give it less to hold at once"
    if ended.get("exitCode") == _SIGKILL:
        return f"somebody killed it: its node for memory, or a probe; kubectl describe of the pod, and {logs}"
    if ended.get("exitCode") == 0:
        return f"its program is done and ends, and a pod like that has to go on: mend its command; {logs}"
    return f"its last words: {logs}"


def _said(message: str) -> str:
    return f"; the node says: {message}" if message else ""


def _image(pod: Live, name: object) -> str:
    spec = pod.get("spec") or {}
    every = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    return next((str(one.get("image")) for one in every if one.get("name") == name), "")


def _slow(seen: Seen, pod: Live) -> Iterator[Finding]:
    """Pods that have been starting for too long, or run and are not ready."""
    status = pod.get("status") or {}
    if condition(pod, "Ready").get("status") == "True" or status.get("phase") not in ("Pending", "Running"):
        return
    node = f"node {pod['spec']['nodeName']}"
    since = condition(pod, "Ready").get("lastTransitionTime") or status.get("startTime")
    if status.get("phase") == "Running" and seen.age(since) > patience_with(pod):
        words = "it runs and is not ready: its readiness probe fails" + _said(seen.warning_about(pod))
        yield _finding(seen, pod, words, "see what the probe asks for, and the container's log", serving=True)
    elif status.get("phase") == "Pending" and seen.age(status.get("startTime")) > STARTING:
        words = f"it has been starting on {node} for {int(seen.age(status.get('startTime')) // 60)} minutes"
        yield _finding(seen, pod, words + _said(seen.warning_about(pod)), "see kubectl describe of the pod")
    elif _is_lost(seen, node):
        yield _finding(seen, pod, f"its {node} does not answer", "")


def _is_lost(seen: Seen, node: str) -> bool:
    name = node.removeprefix("node ")
    found = next((one for one in seen.objects.get("Node", ()) if one["metadata"]["name"] == name), None)
    return found is not None and condition(found, "Ready").get("status") != "True"


def _finding(seen: Seen, pod: Live, words: str, remedy: str, *, serving: bool = False) -> Finding:
    """serving: whether what it lacks may be its database."""
    lost = frozenset({_node(pod)}) if _is_lost(seen, _node(pod)) else frozenset()
    return Finding(
        severity=Severity.BROKEN,
        subject=subject_of("Pod", pod),
        owner=seen.owner_of(pod),
        words=words,
        remedy=remedy,
        because=lost | (seen.databases_of(seen.owner_of(pod)) if serving else frozenset()),
        layer=3,
    )


def _node(pod: Live) -> str:
    return f"node {pod['spec']['nodeName']}"
