"""Pods: the pod that each kind of workload makes, as checks look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Path, Value, items_of
from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import read

# Where the kinds keep it (Kubernetes API reference, v1.37). Versions are not looked at.
_PLACES: dict[str, Path] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
# Of others' kinds. What has one of these is made into a pod by somebody: a workflow's template, a replica's, a model's.
_LISTS = (*CONTAINERS, "sidecars")
_SINGLE = ("container", "script", "containerTemplate")
_FLAGS = ("hostNetwork", "hostPID", "hostIPC")
# What a model server's container has under whatever name it bears: KServe API reference, v1beta1, "PredictorSpec".
_MODEL = frozenset({"image", "modelFormat", "storageUri"})
# What only the security context of a container says, under whatever name it stands: a driver's, a server's.
_CONTEXT = frozenset({"allowPrivilegeEscalation", "capabilities", "privileged", "procMount"})
_PATCH = "podSpecPatch"  # Argo Workflows, "Fields": JSON or YAML that is merged into the pods
# Kinds that hold texts, schemas and patterns which may look like pods.
_NO_WORKLOADS = frozenset(
    {
        "ConfigMap",
        "Secret",
        "CustomResourceDefinition",
        "ClusterPolicy",
        "Policy",
        "ValidatingAdmissionPolicy",
        "Release",
    }
)


class Pod(msgspec.Struct, frozen=True):
    """The specification of a workload's pods. `path` leads to it; `spec` is `None` while it is not known.

    custom: it is a part of a kind of somebody else's, found by what stands in it.
    """

    resource: Resource
    path: Path
    spec: dict[Any, Any] | None
    custom: bool = False


def pods(resources: list[Resource]) -> Iterator[Pod]:
    """The pods of those that are workloads; what has none, or not yet, is left to the kind's own schema."""
    for resource in resources:
        kind = resource.type.rpartition(":")[2]
        path = _PLACES.get(kind)
        if path is not None and not _is_of_others(resource.type):
            found = _at(resource.properties, path)
            if isinstance(found, dict | Expression):
                yield Pod(resource, path, found if isinstance(found, dict) else None)
        elif kind not in _NO_WORKLOADS and resource.type.startswith("kubernetes:"):
            yield from _within(resource, resource.properties, ())


def _is_of_others(token: str) -> bool:
    """Whether a kind is none of Kubernetes' own, whatever it is called."""
    return "." in token.partition(":")[2].partition("/")[0]


def _within(resource: Resource, value: Value, path: Path) -> Iterator[Pod]:
    """Everything that looks like a pod, however deep it lies."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _within(resource, item, (*path, index))
    elif isinstance(value, dict):
        if _looks_like_a_pod(value):
            yield Pod(resource, path, value, custom=True)
        for name, item in value.items():
            if name == _PATCH:
                yield Pod(resource, (*path, name), _patch(item), custom=True)
            elif isinstance(name, str) and name not in _LISTS:
                yield from _within(resource, item, (*path, name))


def _patch(text: Value) -> dict[Any, Any] | None:
    if not isinstance(text, str):
        return text if isinstance(text, dict) else None
    document = read(text.encode(), "", Findings())
    found = document.root.plain() if document is not None else None
    return found if isinstance(found, dict) else None


def _looks_like_a_pod(value: dict[Any, Any]) -> bool:
    return (
        any(isinstance(value.get(name), list | tuple) for name in _LISTS)
        or any(isinstance(value.get(name), bool | Expression) for name in _FLAGS)
        or any(_is_model(item) for item in value.values())
        or _is_with(value.get("securityContext"), "sysctls")
        or any(_is_with(one, "hostPath") for one in items_of(value.get("volumes")))
        or any(isinstance(value.get(name), dict) for name in _SINGLE)
    )


def _is_with(value: Value, name: str) -> bool:
    return isinstance(value, dict) and name in value


def _is_model(value: Value) -> bool:
    if not isinstance(value, dict) or any(name in value for name in _LISTS):
        return False
    context = value.get("securityContext")
    return not _MODEL.isdisjoint(value) or (isinstance(context, dict) and not _CONTEXT.isdisjoint(context))


def containers(pod: Pod) -> Iterator[tuple[Path, Value]]:
    """Every container of a pod with the path to it; an expression where its list is not known yet."""
    spec = pod.spec or {}
    for kind in _LISTS if pod.custom else CONTAINERS:
        found = spec.get(kind)
        if isinstance(found, Expression):
            yield (*pod.path, kind), found
        for index, one in enumerate(found if isinstance(found, list | tuple) else ()):
            yield (*pod.path, kind, index), one
    if pod.custom:
        yield from (
            ((*pod.path, name), one)
            for name, one in spec.items()
            if isinstance(name, str) and isinstance(one, dict) and (name in _SINGLE or _is_model(one))
        )


def notes(pod: Pod) -> Value:
    """What is noted on the pods themselves: beside their specification."""
    metadata = _at(pod.resource.properties, (*pod.path[:-1], "metadata"))
    return metadata.get("annotations") if isinstance(metadata, dict) else metadata


def _at(value: Value, path: Path) -> Value:
    """What stands at `path`; the expression that hides it; `None` where nothing does."""
    for part in path:
        if isinstance(value, Expression):
            return value
        if isinstance(value, list | tuple) and isinstance(part, int):
            value = value[part]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value
