"""Readiness: which object of a release holds it up, and why.

Helm names the object that it waited for; the cause is with its pods, and in the objects' own conditions. Only looks,
and only once something has failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.errors import ProviderError
from mlinfra.providers.helm.cluster import Object
from mlinfra.providers.helm.manifest import Piece, read_manifest
from mlinfra.providers.helm.releases import Revision
from mlinfra.providers.helm.work import Work

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"})
_MOST = 3  # causes told


def causes(work: Work, revision: Revision) -> str:
    """What is wrong with the objects of a revision, in a few sentences; empty where nothing shows."""
    try:
        found = list(dict.fromkeys(_causes(work, revision)))
    except ProviderError:
        return ""  # what Helm said is what matters; this would have been more
    return " ".join(found[:_MOST])


def _causes(work: Work, revision: Revision) -> Iterator[str]:
    for piece in read_manifest(revision.manifest, revision.namespace):
        if piece.kind in _WORKLOADS:
            live = work.cluster.get(piece.api_version, piece.kind, piece.namespace, piece.name)
            yield from _of_workload(work, piece, live or {})


def _of_workload(work: Work, piece: Piece, live: Object) -> Iterator[str]:
    for condition in (live.get("status") or {}).get("conditions") or ():
        if condition.get("type") in ("ReplicaFailure", "Failed") and condition.get("status") == "True":
            yield f"{piece.title}: {_words(condition)}."
    chosen = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    if chosen:
        selector = ",".join(f"{key}={value}" for key, value in sorted(chosen.items()))
        for pod in work.cluster.list("v1", "Pod", labels=selector, namespace=piece.namespace):
            yield from (f"{piece.title}: pod {pod['metadata']['name']} {said}." for said in _of_pod(pod))


def _of_pod(pod: Object) -> Iterator[str]:
    status: dict[str, Any] = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"finds no node: {_words(condition)}"
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            yield f"waits in container {container.get('name')}: {_words(waiting)}"
        elif ended.get("exitCode"):
            yield f"ended in container {container.get('name')} with exit code {ended['exitCode']}"


def _words(said: dict[str, Any]) -> str:
    reason, message = said.get("reason") or "", said.get("message") or ""
    return f"{reason}: {message}" if reason and message else reason or message
