"""What a pod asks of a node besides resources: host ports, tolerations. Called by the scheduler. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlinfra.sandbox.kubernetes.values import Object, at


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
