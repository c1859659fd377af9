"""What an update may not change, by kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, forbidden_field, invalid_field
from mlinfra.sandbox.kubernetes.values import Json, Object, at

_FIXED: dict[str, tuple[str, ...]] = {
    "deployments.apps": ("spec.selector",),
    "replicasets.apps": ("spec.selector",),
    "daemonsets.apps": ("spec.selector",),
    "jobs.batch": (
        "spec.selector",
        "spec.template",
        "spec.completionMode",
        "spec.podFailurePolicy",
        "spec.backoffLimitPerIndex",
        "spec.managedBy",
    ),
    "rolebindings.rbac.authorization.k8s.io": ("roleRef",),
    "clusterrolebindings.rbac.authorization.k8s.io": ("roleRef",),
    "storageclasses.storage.k8s.io": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "priorityclasses.scheduling.k8s.io": ("value",),
    "persistentvolumes": ("spec.csi", "spec.hostPath", "spec.nfs", "spec.volumeMode"),
    "secrets": ("type",),
}
_STATEFUL_SET = ("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                 "persistentVolumeClaimRetentionPolicy", "minReadySeconds")  # fmt: skip
_POD = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "nodeName", "schedulingGates")


def check(resource: str, new: Object, old: Object) -> Iterator[FieldError]:
    """Give the fields of an updated object that may not differ from what they were."""
    for path in _FIXED.get(resource, ()):
        value = at(new, path.split("."))
        if value != at(old, path.split(".")):
            yield invalid_field(path, value, "field is immutable")
    if resource == "statefulsets.apps" and _others(new, _STATEFUL_SET) != _others(old, _STATEFUL_SET):
        allowed = ", ".join(f"'{name}'" for name in _STATEFUL_SET[:-1])
        why = f"updates to statefulset spec for fields other than {allowed} and 'minReadySeconds' are forbidden"
        yield forbidden_field("spec", why)
    if resource == "pods" and _pod_core(new) != _pod_core(old):
        why = (
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
            "negative)"
        )
        yield forbidden_field("spec", why)

    if resource == "jobs.batch" and not _same_completions(new["spec"], old["spec"]):
        yield invalid_field("spec.completions", new["spec"].get("completions"), "field is immutable")
    if resource == "services":
        yield from _addresses(new["spec"], old["spec"])


def _same_completions(new: Object, old: Object) -> bool:
    """An indexed job may be made larger or smaller, if its parallelism goes along."""
    elastic = new.get("completionMode") == "Indexed" and new.get("completions") == new.get("parallelism")
    return elastic or new.get("completions") == old.get("completions")


def _addresses(new: Object, old: Object) -> Iterator[FieldError]:
    """A Service keeps its address, unless it becomes or was another's name."""
    if "ExternalName" in (new.get("type"), old.get("type")) or not old.get("clusterIP"):
        return
    if new.get("clusterIP") != old["clusterIP"]:
        yield invalid_field("spec.clusterIPs[0]", new.get("clusterIP"), "may not change once set")


def _others(obj: Object, changeable: tuple[str, ...]) -> Object:
    return {key: value for key, value in (obj.get("spec") or {}).items() if key not in changeable}


def _pod_core(obj: Object) -> Object:
    core = _others(obj, _POD)
    for part in ("containers", "initContainers"):
        core[part] = [_without_image(item) for item in core.get(part) or ()]
    return core


def _without_image(container: Json) -> Object:
    return {key: value for key, value in container.items() if key not in ("image", "resources")}
