"""Nobody comes into a namespace of ours but its own pods, what reads metrics, and whom its contract names."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from mlinfra.core.address import Address
from tests.library.samples import graph_of, of_type
from tests.modules.cases import endpoint

_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_OUTSIDE = ""  # an address that is no pod's


@cache
def _policies() -> dict[str, list[dict[str, Any]]]:
    """The specs of all policies of a stack with an endpoint, by namespace."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in of_type(graph_of(endpoint(replicas={"min": 1, "max": 4})), _POLICY):
        metadata: Any = one.properties["metadata"]
        found.setdefault(metadata["namespace"], []).append(dict(one.properties["spec"]))
    return found


def _comes_in(caller: str, namespace: str, port: int) -> bool:
    """Whether a pod of the namespace `caller`, or an address outside, reaches a port: as Kubernetes reads policies."""
    rules = [rule for spec in _policies()[namespace] for rule in spec.get("ingress", ())]
    return any(_lets(rule, caller, namespace, port) for rule in rules)


def _lets(rule: dict[str, Any], caller: str, namespace: str, port: int) -> bool:
    ports = [one["port"] for one in rule.get("ports", ())]
    return (not ports or port in ports) and ("from" not in rule or _is_one(rule["from"], caller, namespace))


def _is_one(peers: list[dict[str, Any]], caller: str, namespace: str) -> bool:
    for peer in peers:
        chosen = peer.get("namespaceSelector")
        if chosen is None and caller == namespace:
            return True
        wanted = (chosen or {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", caller)
        if chosen is not None and caller != _OUTSIDE and wanted == caller:
            return True
    return False


@pytest.mark.parametrize(
    ("caller", "namespace", "port", "comes_in"),
    [
        ("keda", "keda", 9666, True),
        ("monitoring", "keda", 8080, True),
        (_OUTSIDE, "keda", 9443, True),  # the control plane calls its webhooks
        (_OUTSIDE, "keda", 6443, True),  # and asks it for metrics
        (_OUTSIDE, "keda", 9666, False),
        ("default", "keda", 9666, False),
        (_OUTSIDE, "metrics-server", 10250, True),
        ("keda", "monitoring", 9090, True),
        ("default", "monitoring", 3000, True),
        ("default", "monitoring", 9093, False),
        (_OUTSIDE, "monitoring", 9090, False),
        (_OUTSIDE, "serving", 8000, True),  # a load balancer
        ("default", "serving", 8001, True),
        ("default", "serving", 8002, False),
        ("monitoring", "serving", 8002, True),
        ("default", "node-exporter", 9100, False),
        ("monitoring", "node-exporter", 9100, True),
    ],
)
def test_those_come_in_whom_the_contract_names(caller: str, namespace: str, port: int, comes_in: bool) -> None:
    assert _comes_in(caller, namespace, port) is comes_in


def test_every_namespace_is_closed_by_a_policy_that_lets_nobody_in() -> None:
    for namespace, specs in _policies().items():
        assert {"podSelector": {}, "policyTypes": ["Ingress"]} in specs, namespace
        # What pods call, the names of others included, is left to them.
        assert all(spec["policyTypes"] == ["Ingress"] for spec in specs)


def test_a_release_comes_after_who_may_come_to_its_pods() -> None:
    graph = graph_of(endpoint(replicas={"min": 1, "max": 4}))
    needs = {str(one) for one in graph.resources[Address("components.keda")].dependencies()}
    assert {"components.keda.namespace.closed", "components.keda.namespace.entrances"} <= needs
