"""What the server fills into single kinds beyond their defaults, mostly at creation.

One function for each concern, looked up by versionless resource. Called by `rules` after pruning and defaulting, before
validation. Alters the new object in place.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from mlinfra.sandbox.kubernetes import limit_ranges
from mlinfra.sandbox.kubernetes.values import Object, at


def complete(resource: str, new: Object, old: Object | None) -> None:
    """Fill in what the server gives an object of this kind."""
    if resource in _COMPLETIONS:
        _COMPLETIONS[resource](new, old)


def _namespace(new: Object, old: Object | None) -> None:
    name = new["metadata"]["name"]
    new["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name
    if old is None:
        new.setdefault("spec", {})["finalizers"] = ["kubernetes"]
        new["status"] = {"phase": "Active"}


def _secret(new: Object, old: Object | None) -> None:
    new.setdefault("type", (old or {}).get("type", "Opaque"))
    for key, text in (new.pop("stringData", None) or {}).items():
        new.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


_TOLERATED = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def _pod(new: Object, old: Object | None) -> None:
    spec = new.setdefault("spec", {})
    if old is not None:
        return
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    if not spec.get("priorityClassName"):  # admission gives those that name one the value of their class
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
        spec.setdefault("priority", 0)
    tolerations = spec.setdefault("tolerations", [])
    for key in _TOLERATED:
        if not any(
            item.get("key") in (key, None) and item.get("effect") in ("NoExecute", None) for item in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        _default_container(container, bool(spec.get("hostNetwork")))
    new["status"] = {"phase": "Pending", "qosClass": _quality(spec)}


def _default_container(container: Object, host_network: bool) -> None:
    """What a container gets in a Pod, though not in a template: requests like its limits, the ports of the host."""
    resources = container.get("resources") or {}
    for name, amount in (resources.get("limits") or {}).items():
        resources.setdefault("requests", {}).setdefault(name, amount)
    for port in container.get("ports") or () if host_network else ():
        port.setdefault("hostPort", port.get("containerPort"))


def _quality(spec: Object) -> str:
    """The quality of service class: kubernetes.io, "Pod Quality of Service Classes"."""
    containers = [*spec.get("containers", ()), *(spec.get("initContainers") or ())]
    resources = [item.get("resources") or {} for item in containers]
    amounts = [part for item in resources for kind in ("requests", "limits") for part in (item.get(kind) or {})]
    if not any(name in ("cpu", "memory") for name in amounts):
        return "BestEffort"
    names = ("cpu", "memory")
    full = all(
        name in (item.get("limits") or {}) and at(item, ("requests", name)) in (None, item["limits"][name])
        for item in resources
        for name in names
    )
    return "Guaranteed" if full else "Burstable"


def _job(new: Object, old: Object | None) -> None:
    """Make the selector and the labels of a job's pods, unless the author selects by hand."""
    spec = new.setdefault("spec", {})
    if old is not None:
        return
    own_labels = at(spec, ("template", "metadata", "labels"))
    if own_labels and not new["metadata"].get("labels"):
        new["metadata"]["labels"] = dict(own_labels)
    if spec.get("manualSelector"):
        return
    uid, name = new["metadata"]["uid"], new["metadata"]["name"]
    labels = spec.setdefault("template", {}).setdefault("metadata", {}).setdefault("labels", {})
    labels.update({"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid})
    labels.update({"batch.kubernetes.io/job-name": name, "job-name": name})
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def _volume_claim(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {"phase": "Pending"}
        _finalizer(new, "kubernetes.io/pvc-protection")


def _volume(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {"phase": "Pending"}
        _finalizer(new, "kubernetes.io/pv-protection")


def _finalizer(new: Object, name: str) -> None:
    finalizers = new["metadata"].setdefault("finalizers", [])
    if name not in finalizers:
        finalizers.append(name)


def _scaled(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {"replicas": 0}


def _daemon_set(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {
            "currentNumberScheduled": 0,
            "desiredNumberScheduled": 0,
            "numberMisscheduled": 0,
            "numberReady": 0,
        }


def _empty_status(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {}


def _limit_range(new: Object, old: Object | None) -> None:
    for limit in at(new, ("spec", "limits")) or ():
        limit_ranges.complete(limit)


def _load_balanced(new: Object, old: Object | None) -> None:
    if old is None:
        new["status"] = {"loadBalancer": {}}


_COMPLETIONS: dict[str, Callable[[Object, Object | None], None]] = {
    "namespaces": _namespace,
    "secrets": _secret,
    "pods": _pod,
    "jobs.batch": _job,
    "persistentvolumeclaims": _volume_claim,
    "persistentvolumes": _volume,
    "replicasets.apps": _scaled,
    "statefulsets.apps": _scaled,
    "deployments.apps": _empty_status,
    "daemonsets.apps": _daemon_set,
    "cronjobs.batch": _empty_status,
    "limitranges": _limit_range,
    "services": _load_balanced,
    "ingresses.networking.k8s.io": _load_balanced,
}
