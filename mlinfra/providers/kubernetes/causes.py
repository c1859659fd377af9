"""Causes: why an object is not ready, in the words of the cluster: of its pods, their scheduler, or its events.

`waiting` asks it for people to read. What cannot be read is left out: a cause is never worth a failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.errors import ProviderError
from mlinfra.providers.kubernetes.api import Api, uid_of
from mlinfra.providers.kubernetes.conditions import Live, condition, is_true, status_of
from mlinfra.providers.kubernetes.discovery import Place
from mlinfra.providers.kubernetes.token import Kind

_POD = Kind("", "v1", "Pod")
_REPLICA_SET = Kind("apps", "v1", "ReplicaSet")
_EVENT = Kind("", "v1", "Event")
_WITH_PODS = frozenset(
    {("apps", "DaemonSet"), ("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("batch", "Job")}
)
_COMING = frozenset({"ContainerCreating", "PodInitializing"})  # no cause, but the way of all pods
_LONGEST = 300  # characters of a message


def cause_of(api: Api, place: Place, live: Live) -> str:
    """A sentence, or nothing where the cluster says nothing."""
    try:
        return next(_causes(api, place, live), "")
    except ProviderError:
        return ""


def _causes(api: Api, place: Place, live: Live) -> Iterator[str]:
    namespace = live["metadata"].get("namespace", "")
    owners = [live]
    if place.kind.same in _WITH_PODS:
        selector = _selector(live)
        pods = api.related(_POD, namespace, labelSelector=selector) if selector else []
        for pod in pods:
            yield from of_pod(pod)
        owners += pods
        if place.kind.same == ("apps", "Deployment") and selector:
            owners += api.related(_REPLICA_SET, namespace, labelSelector=selector)
    elif place.kind.same == _POD.same:
        yield from of_pod(live)
    for owner in owners:
        yield from _warnings(api, owner)


def of_pod(pod: Live) -> Iterator[str]:
    """What keeps a pod from being ready."""
    name, status = pod["metadata"]["name"], status_of(pod)
    if is_true(pod, "Ready") or status.get("phase") == "Succeeded":
        return
    for list_name in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(list_name) or ():
            if said := _of_container(container):
                yield f"pod {name}, container {container.get('name')}: {said}"
    scheduled = condition(pod, "PodScheduled")
    if scheduled is not None and scheduled.get("status") == "False":
        yield f"pod {name} has no node: {_short(scheduled.get('message') or scheduled.get('reason'))}"


def _of_container(container: Mapping[str, Any]) -> str:
    state = container.get("state") or {}
    waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
    if waiting.get("reason") and waiting["reason"] not in _COMING:
        return _sentence(waiting)
    return _sentence(ended) if ended.get("exitCode") else ""


def _sentence(state: Mapping[str, Any]) -> str:
    code = f"exit code {state['exitCode']}" if state.get("exitCode") else ""
    return _short(": ".join(filter(None, (state.get("reason"), state.get("message") or code))))


def _warnings(api: Api, live: Live) -> Iterator[str]:
    """The newest warning about an object."""
    namespace = live["metadata"].get("namespace", "") or "default"
    chosen = f"involvedObject.uid={uid_of(live)},type=Warning"
    found = api.related(_EVENT, namespace, fieldSelector=chosen)
    for event in sorted(found, key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or ""))[-1:]:
        yield f"{event.get('reason')}: {_short(event.get('message'))}"


def _selector(live: Live) -> str:
    labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _short(text: object) -> str:
    said = " ".join(str(text or "").split())
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"
