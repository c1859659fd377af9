"""Pods: the pod that each kind of workload makes, as checks look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Path, Value

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


class Pod(msgspec.Struct, frozen=True):
    """The specification of a workload's pods. `path` leads to it; `spec` is `None` while it is not known."""

    resource: Resource
    path: Path
    spec: dict[Any, Any] | None


def pods(resources: list[Resource]) -> Iterator[Pod]:
    """The pods of those that are workloads; what has none, or not yet, is left to the kind's own schema."""
    for resource in resources:
        path = _PLACES.get(resource.type.rpartition(":")[2])
        if path is not None:
            found = _at(resource.properties, path)
            if isinstance(found, dict | Expression):
                yield Pod(resource, path, found if isinstance(found, dict) else None)


def containers(pod: Pod) -> Iterator[tuple[Path, Value]]:
    """Every container of a pod with the path to it; an expression where its list is not known yet."""
    for kind in CONTAINERS:
        found = (pod.spec or {}).get(kind)
        if isinstance(found, Expression):
            yield (*pod.path, kind), found
        for index, one in enumerate(found if isinstance(found, list | tuple) else ()):
            yield (*pod.path, kind, index), one


def _at(value: Value, path: Path) -> Value:
    """What stands at `path`; the expression that hides it; `None` where nothing does."""
    for part in path:
        if isinstance(value, Expression):
            return value
        value = value.get(part) if isinstance(value, dict) else None
    return value
