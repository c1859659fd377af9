"""What single kinds demand beyond their schema: what the server fills in at creation, and what must not change.

One function for each concern, looked up by versionless resource. Called by `rules` after pruning and defaulting, before
validation. Alters the new object in place; raises `errors.invalid`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

from mlinfra.sandbox.kubernetes import limit_ranges
from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field
from mlinfra.sandbox.kubernetes.structural import check_definition
from mlinfra.sandbox.kubernetes.values import Json, Object, at

Check = Callable[[Object, Object | None], Iterator[FieldError]]


def complete(resource: str, new: Object, old: Object | None) -> None:
    """Fill in what the server gives an object of this kind."""
    if resource in _COMPLETIONS:
        _COMPLETIONS[resource](new, old)


def check(resource: str, new: Object, old: Object | None) -> list[FieldError]:
    """Give the faults that only this kind knows."""
    found = list(_CHECKS[resource](new, old)) if resource in _CHECKS else []
    if old is not None:
        found += _immutable(resource, new, old)
    return found


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


def _check_selector(new: Object, old: Object | None) -> Iterator[FieldError]:
    wanted: Object = at(new, ("spec", "selector", "matchLabels"), {}) or {}
    labels: Object = at(new, ("spec", "template", "metadata", "labels"), {}) or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        yield invalid_field("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _check_pod(new: Object, old: Object | None) -> Iterator[FieldError]:
    if not at(new, ("spec", "containers")):
        yield FieldError("spec.containers", "FieldValueRequired", "Required value")


def _check_job(new: Object, old: Object | None) -> Iterator[FieldError]:
    policy = at(new, ("spec", "template", "spec", "restartPolicy"))
    if policy not in ("OnFailure", "Never"):
        why = f'Unsupported value: "{policy}": supported values: "OnFailure", "Never"'
        yield FieldError("spec.template.spec.restartPolicy", "FieldValueNotSupported", why)


def _check_kept_data(new: Object, old: Object | None) -> Iterator[FieldError]:
    if old is None or not old.get("immutable"):
        return
    if any(new.get(key) != old.get(key) for key in ("data", "binaryData", "stringData", "immutable")):
        why = "Forbidden: field is immutable when `immutable` is set"
        yield FieldError("data", "FieldValueForbidden", why)


_CHECKS: dict[str, Check] = {
    "customresourcedefinitions.apiextensions.k8s.io": check_definition,
    "pods": _check_pod,
    "deployments.apps": _check_selector,
    "replicasets.apps": _check_selector,
    "statefulsets.apps": _check_selector,
    "daemonsets.apps": _check_selector,
    "jobs.batch": _check_job,
    "configmaps": _check_kept_data,
    "secrets": _check_kept_data,
}

_FIXED: dict[str, tuple[str, ...]] = {
    "deployments.apps": ("spec.selector",),
    "replicasets.apps": ("spec.selector",),
    "daemonsets.apps": ("spec.selector",),
    "jobs.batch": ("spec.selector", "spec.template", "spec.completionMode"),
    "rolebindings.rbac.authorization.k8s.io": ("roleRef",),
    "clusterrolebindings.rbac.authorization.k8s.io": ("roleRef",),
    "storageclasses.storage.k8s.io": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "priorityclasses.scheduling.k8s.io": ("value",),
    "secrets": ("type",),
}
_STATEFUL_SET = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                 "persistentVolumeClaimRetentionPolicy", "minReadySeconds")  # fmt: skip
_POD = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "nodeName", "schedulingGates")


def _immutable(resource: str, new: Object, old: Object) -> Iterator[FieldError]:
    for path in _FIXED.get(resource, ()):
        value = at(new, path.split("."))
        if value != at(old, path.split(".")):
            yield invalid_field(path, value, "field is immutable")
    if resource == "statefulsets.apps" and _others(new, _STATEFUL_SET) != _others(old, _STATEFUL_SET):
        allowed = ", ".join(f"'{name}'" for name in _STATEFUL_SET[:-1])
        why = (
            f"Forbidden: updates to statefulset spec for fields other than {allowed} "
            "and 'minReadySeconds' are forbidden"
        )
        yield FieldError("spec", "FieldValueForbidden", why)
    if resource == "pods" and _pod_core(new) != _pod_core(old):
        why = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
            "negative)"
        )
        yield FieldError("spec", "FieldValueForbidden", why)


def _others(obj: Object, changeable: tuple[str, ...]) -> Object:
    return {key: value for key, value in (obj.get("spec") or {}).items() if key not in changeable}


def _pod_core(obj: Object) -> Object:
    core = _others(obj, _POD)
    for part in ("containers", "initContainers"):
        core[part] = [_without_image(item) for item in core.get(part) or ()]
    return core


def _without_image(container: Json) -> Object:
    return {key: value for key, value in container.items() if key not in ("image", "resources")}
