"""What a pod takes of resources: its requests and limits in sum. Called by the scheduler, kubelets and quotas. Pure.

Rules: kubernetes.io, "Resource Management for Pods and Containers" and "Sidecar Containers", 1.33.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.quantity import Amounts, amounts
from mlinfra.sandbox.kubernetes.values import Object


def requests(pod: Object) -> Amounts:
    """What a pod takes of its node; where only a limit is given, that is the request."""
    return _total(pod, ("limits", "requests"))


def limits(pod: Object) -> Amounts:
    """What a pod may take at most, of the resources that are limited at all."""
    return _total(pod, ("limits",))


def _total(pod: Object, parts: tuple[str, ...]) -> Amounts:
    """The sum over the containers, or the largest init container, plus overhead; later parts override earlier ones.

    Init containers that restart (sidecars) count with the containers, and with each init container after them.
    """
    spec = pod.get("spec") or {}
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _container(container, parts))
    sidecars: Amounts = {}
    largest: Amounts = {}
    for container in spec.get("initContainers") or ():
        need = _container(container, parts)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, need)
            _add(total, need)
            _raise(largest, sidecars)
        else:
            _raise(largest, _sum(sidecars, need))
    _raise(total, largest)
    _add(total, amounts(spec.get("overhead")))
    return total


def _container(container: Object, parts: tuple[str, ...]) -> Amounts:
    resources = container.get("resources") or {}
    found: Amounts = {}
    for part in parts:
        found |= amounts(resources.get(part))
    return found


def _add(total: Amounts, more: Amounts) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, number in floor.items():
        total[name] = max(total.get(name, 0), number)


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one.keys() | other.keys()}
