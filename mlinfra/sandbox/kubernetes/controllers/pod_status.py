"""The status of a pod at each step of its life, as a kubelet writes it. Called by `kubelet`. Pure."""

from __future__ import annotations

from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.pod_resources import requests
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, timestamp


def creating(pod: Object, host: Object, now: datetime) -> Object:
    """A pod that has come to its node."""
    status = dict(pod.get("status") or {})
    addresses = {item["type"]: item["address"] for item in at(host, ("status", "addresses")) or ()}
    names = [container["name"] for container in at(pod, ("spec", "containers")) or ()]
    news = [
        conditions.condition("PodScheduled", True),
        conditions.condition("PodReadyToStartContainers", False),
        conditions.condition("Initialized", not at(pod, ("spec", "initContainers"))),
        conditions.condition(
            "Ready", False, "ContainersNotReady", f"containers with unready status: [{' '.join(names)}]"
        ),
        conditions.condition(
            "ContainersReady", False, "ContainersNotReady", f"containers with unready status: [{' '.join(names)}]"
        ),
    ]
    address = addresses.get("InternalIP", "")
    return {
        **status,
        "phase": "Pending",
        "conditions": conditions.merged(status.get("conditions"), news, now),
        "hostIP": address,
        "hostIPs": [{"ip": address}],
        "startTime": status.get("startTime", timestamp(now)),
        "qosClass": _quality(pod),
        "containerStatuses": [_container(c, {"waiting": {"reason": "ContainerCreating"}}) for c in _containers(pod)],
    }


def waiting(pod: Object, reason: str, message: str) -> Object:
    """A pod whose containers cannot be made."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {**pod["status"], "containerStatuses": [_container(c, state) for c in _containers(pod)]}


def running(pod: Object, address: str, now: datetime) -> Object:
    """A pod whose containers have started; not ready yet."""
    status = pod["status"]
    state = {"running": {"startedAt": timestamp(now)}}
    news = [conditions.condition("PodReadyToStartContainers", True), conditions.condition("Initialized", True)]
    return {
        **status,
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": conditions.merged(status.get("conditions"), news, now),
        "containerStatuses": [_container(c, state, started=True) for c in _containers(pod)],
        **_initialised(pod, now),
    }


def ready(pod: Object, is_ready: bool, now: datetime) -> Object:
    """A running pod that passes its probes, or fails them. It is ready once its readiness gates are open as well."""
    status = pod["status"]
    reason = "" if is_ready else "ContainersNotReady"
    gates = [one["conditionType"] for one in at(pod, ("spec", "readinessGates")) or ()]
    shut = [one for one in gates if not conditions.holds(pod, one)]
    gated = conditions.condition("Ready", False, "ReadinessGatesNotReady") if is_ready and shut else None
    news = [
        gated or conditions.condition("Ready", is_ready, reason),
        conditions.condition("ContainersReady", is_ready, reason),
    ]
    statuses = [{**item, "ready": is_ready} for item in status["containerStatuses"]]
    return {**status, "conditions": conditions.merged(status["conditions"], news, now), "containerStatuses": statuses}


def ended(pod: Object, code: int, now: datetime) -> Object:
    """A pod whose containers have exited for good."""
    status = pod.get("status") or {}
    word = "Completed" if code == 0 else "Error"
    reason = "PodCompleted" if code == 0 else "PodFailed"
    news = [conditions.condition(kind, False, reason) for kind in ("Ready", "ContainersReady")]
    return {
        **status,
        "phase": "Succeeded" if code == 0 else "Failed",
        "conditions": conditions.merged(status.get("conditions"), news, now),
        "containerStatuses": [_exited(item, code, word, now) for item in status.get("containerStatuses") or ()],
    }


def crashed(pod: Object, delay: float, now: datetime) -> Object:
    """A running pod whose containers exited with 1 and wait for their restart."""
    status = ready(pod, False, now)
    message = f"back-off {delay:g}s restarting failed container"
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": message}}
    statuses = [
        {**item, "started": False, "state": state, "lastState": _exited(item, 1, "Error", now)["state"]}
        for item in status["containerStatuses"]
    ]
    return {**status, "containerStatuses": statuses}


def restarted(pod: Object, now: datetime) -> Object:
    """A pod whose containers were started again."""
    state = {"running": {"startedAt": timestamp(now)}}
    statuses = [
        {**item, "started": True, "state": state, "restartCount": item.get("restartCount", 0) + 1}
        for item in pod["status"]["containerStatuses"]
    ]
    return {**pod["status"], "containerStatuses": statuses}


def debugged(pod: Object, now: datetime) -> Object:
    """A running pod whose containers for debugging have started, those that are new among them."""
    known = {item["name"]: item for item in at(pod, ("status", "ephemeralContainerStatuses")) or ()}
    state = {"running": {"startedAt": timestamp(now)}}
    statuses = [
        known.get(container["name"]) or _container(container, state, started=True)
        for container in at(pod, ("spec", "ephemeralContainers")) or ()
    ]
    return {**pod["status"], "ephemeralContainerStatuses": statuses}


def _containers(pod: Object) -> Objects:
    return at(pod, ("spec", "containers")) or []


def _container(container: Object, state: Object, *, started: bool = False) -> Object:
    image = container.get("image", "")
    return {
        "name": container["name"],
        "image": image,
        "imageID": f"{image.partition('@')[0]}@sha256:simulated" if started else "",
        "ready": False,
        "started": started,
        "restartCount": 0,
        "state": state,
        "lastState": {},
    }


def _exited(item: Object, code: int, reason: str, now: datetime) -> Object:
    since = at(item, ("state", "running", "startedAt")) or timestamp(now)
    end = {"exitCode": code, "reason": reason, "startedAt": since, "finishedAt": timestamp(now)}
    return {**item, "ready": False, "started": False, "state": {"terminated": end}}


def _initialised(pod: Object, now: datetime) -> Object:
    inits = at(pod, ("spec", "initContainers")) or ()
    if not inits:
        return {}
    statuses = []
    for container in inits:
        entry = _container(container, {"running": {"startedAt": timestamp(now)}}, started=True)
        sidecar = container.get("restartPolicy") == "Always"
        statuses.append({**entry, "ready": True} if sidecar else {**_exited(entry, 0, "Completed", now), "ready": True})
    return {"initContainerStatuses": statuses}


def _quality(pod: Object) -> str:
    """The quality-of-service class (kubernetes.io, "Pod Quality of Service Classes")."""
    containers = [*_containers(pod), *(at(pod, ("spec", "initContainers")) or ())]
    if not any((c.get("resources") or {}).get(part) for c in containers for part in ("requests", "limits")):
        return "BestEffort"
    for container in containers:
        limits = at(container, ("resources", "limits")) or {}
        asked = {**limits, **(at(container, ("resources", "requests")) or {})}
        if any(name not in limits or limits[name] != asked[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed" if requests(pod) else "BestEffort"
