"""Workloads: their selector is there and chooses the pods that they make, which restart for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.checks import mounts
from mlinfra.sandbox.kubernetes.errors import FieldError, invalid_field, missing_field, unsupported_field
from mlinfra.sandbox.kubernetes.names import label_errors
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, at

_KINDS = {
    "Deployment": "deployment",
    "ReplicaSet": "replica set",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
}


def check(new: Object, _: Object | None) -> Iterator[FieldError]:
    """Give what is wrong with a Deployment, ReplicaSet, StatefulSet or DaemonSet."""
    spec = new.get("spec") or {}
    selector, labels = spec.get("selector"), at(spec, ("template", "metadata", "labels")) or {}
    if selector is not None:
        yield from _selector(selector, labels, new["kind"])
    yield from check_template(spec.get("template") or {}, "spec.template", _claims(spec))
    policy = at(spec, ("template", "spec", "restartPolicy"))
    if policy not in ("Always", None):
        yield unsupported_field("spec.template.spec.restartPolicy", policy, ("Always",))
    if at(spec, ("template", "spec", "activeDeadlineSeconds")) is not None:
        what = _KINDS[new["kind"]].replace(" ", "").replace("set", "Set").capitalize()
        yield missing_field(
            "spec.template.spec.activeDeadlineSeconds", f"activeDeadlineSeconds in {what} is not Supported"
        )


def _selector(selector: Object, labels: Object, kind: str) -> Iterator[FieldError]:
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid_field(
            "spec.selector", selector, f"empty selector is invalid for {_KINDS.get(kind, kind.lower())}"
        )
    elif not parse_labels(selector)(labels):
        yield invalid_field("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def check_template(template: Object, path: str, claims: frozenset[str] = frozenset()) -> Iterator[FieldError]:
    """Give what is wrong with the pod template that stands at a path."""
    yield from label_errors(at(template, ("metadata", "labels")) or {}, f"{path}.labels")
    yield from mounts.check(template.get("spec") or {}, f"{path}.spec", claims)


def _claims(spec: Object) -> frozenset[str]:
    return frozenset(at(claim, ("metadata", "name"), "") for claim in spec.get("volumeClaimTemplates") or ())
