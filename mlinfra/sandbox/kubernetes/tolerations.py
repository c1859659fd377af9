"""Tolerations that pods get for the devices they ask for: the admission plugin ExtendedResourceToleration.

EKS runs it since Kubernetes 1.19 (github.com/aws/containers-roadmap, issue 739; docs.aws.amazon.com/eks, "platform
versions"; read November 2026): whoever asks for `nvidia.com/gpu` tolerates the taint `nvidia.com/gpu`, of whatever
value, with the effect NoSchedule. Called by `admission`. Alters the pod in place.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.quantity import is_extended
from mlinfra.sandbox.kubernetes.values import Object


def add(pod: Object) -> None:
    """Add a toleration for each device that a new pod asks for, unless it stands there already."""
    present = pod["spec"].get("tolerations") or []
    wanted = [{"key": name, "operator": "Exists", "effect": "NoSchedule"} for name in sorted(_devices(pod))]
    missing = [toleration for toleration in wanted if toleration not in present]
    if missing:
        pod["spec"]["tolerations"] = [*present, *missing]


def _devices(pod: Object) -> set[str]:
    """The devices in requests, and in limits, which are requests where there are none."""
    containers = [*(pod["spec"].get("containers") or ()), *(pod["spec"].get("initContainers") or ())]
    amounts = [
        (container.get("resources") or {}).get(part) for container in containers for part in ("requests", "limits")
    ]
    return {name for found in amounts for name in found or () if is_extended(name)}
