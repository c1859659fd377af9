"""The enclosure of a namespace: nobody comes in but who its contract says.

One policy keeps everybody out of all of its pods, another lets in those who are needed; policies add up. What pods
call, names included, is left to them. `addon` calls it. Adds resources to the scope and nothing else.

https://kubernetes.io/docs/concepts/services-networking/network-policies/ (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.value import Properties
from mlinfra.library.contract import Entrance, Namespace
from mlinfra.library.in_cluster import MONITORING
from mlinfra.library.scope import Handle, Scope

_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
# Kubernetes puts it onto every namespace.
_NAME_LABEL = "kubernetes.io/metadata.name"


def add_enclosure(scope: Scope, namespace: Namespace, local_name: str) -> list[Handle]:
    """Add both policies below `local_name`; none for a namespace of which nobody said who comes in."""
    if namespace.entrances is None:
        return []
    let_in = list(_let_in(namespace, namespace.entrances))
    return [
        _add_policy(scope, namespace, f"{local_name}.closed", "closed", []),
        _add_policy(scope, namespace, f"{local_name}.entrances", "entrances", let_in),
    ]


def _add_policy(scope: Scope, namespace: Namespace, local_name: str, name: str, ingress: list[Properties]) -> Handle:
    spec: Properties = {"podSelector": {}, "policyTypes": ["Ingress"], **({"ingress": ingress} if ingress else {})}
    return scope.add(local_name, _POLICY, {"metadata": {"name": name, "namespace": namespace.name}, "spec": spec})


def _let_in(namespace: Namespace, entrances: tuple[Entrance, ...]) -> Iterator[Properties]:
    """Its own pods; Prometheus, wherever metrics are shown; and who else was named."""
    near: list[Properties] = [{"podSelector": {}}]
    if namespace.name != MONITORING:
        near.append({"namespaceSelector": {"matchLabels": {_NAME_LABEL: MONITORING}}})
    yield {"from": near}
    for entrance in entrances:
        rule: Properties = {"from": [{"namespaceSelector": {}}]} if entrance.who == "pods" else {}
        if entrance.ports:
            rule["ports"] = [{"protocol": "TCP", "port": port} for port in entrance.ports]
        yield rule
