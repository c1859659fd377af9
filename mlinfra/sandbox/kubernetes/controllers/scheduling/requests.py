"""What a pod asks of a node: resources, host ports, tolerations, priority. Called by the scheduler. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlinfra.sandbox.kubernetes.controllers.quantity import Amounts, amounts
from mlinfra.sandbox.kubernetes.values import Object, at


def requests(pod: Object) -> Amounts:
    """Resources that a pod takes: the sum over its containers, or the largest init container, plus overhead.

    Init containers that restart (sidecars) count with the containers, and with each init container after them.
    """
    spec = pod.get("spec") or {}
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _container(container))
    sidecars: Amounts = {}
    largest: Amounts = {}
    for container in spec.get("initContainers") or ():
        need = _container(container)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, need)
            _add(total, need)
            _raise(largest, sidecars)
        else:
            _raise(largest, _sum(sidecars, need))
    _raise(total, largest)
    _add(total, amounts(spec.get("overhead")))
    return total


def _container(container: Object) -> Amounts:
    resources = container.get("resources") or {}
    return {**amounts(resources.get("limits")), **amounts(resources.get("requests"))}


def _add(total: Amounts, more: Amounts) -> None:
    for name, number in more.items():
        total[name] = total.get(name, 0) + number


def _raise(total: Amounts, floor: Amounts) -> None:
    for name, number in floor.items():
        total[name] = max(total.get(name, 0), number)


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, 0) + other.get(name, 0) for name in one.keys() | other.keys()}


def host_ports(pod: Object) -> frozenset[tuple[str, str, int]]:
    """Ports of the node that a pod takes: (address, protocol, port)."""
    spec = pod.get("spec") or {}
    taken = set()
    for container in spec.get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port.get("containerPort") if spec.get("hostNetwork") else None)
            if number:
                taken.add((port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), int(number)))
    return frozenset(taken)


def ports_clash(wanted: Iterable[tuple[str, str, int]], taken: Iterable[tuple[str, str, int]]) -> bool:
    """Whether two sets of host ports have one in common; 0.0.0.0 stands for every address."""
    others = list(taken)
    return any(
        port == number and way == protocol and (address == host or "0.0.0.0" in (address, host))
        for address, way, port in wanted
        for host, protocol, number in others
    )


def tolerates(tolerations: Sequence[Object] | None, taint: Object) -> bool:
    """Whether one of the tolerations covers a taint."""
    return any(_covers(toleration, taint) for toleration in tolerations or ())


def _covers(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(pod: Object, taints: Iterable[Object], effects: Iterable[str]) -> Object | None:
    """The first taint of some effects that keeps a pod away, or None."""
    wanted = tuple(effects)
    tolerations = at(pod, ("spec", "tolerations"))
    return next((t for t in taints if t.get("effect") in wanted and not tolerates(tolerations, t)), None)
