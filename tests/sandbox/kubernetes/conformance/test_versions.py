"""Built-in kinds at two versions: what is written at one is read at the other."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import Client

V1, V2 = "autoscaling/v1/horizontalpodautoscalers", "autoscaling/v2/horizontalpodautoscalers"


def autoscaler(version: str, **spec: object) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    whole = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3, **spec}
    head = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler"}
    return {**head, "metadata": {"name": "web"}, "spec": whole}


def test_an_old_autoscaler_is_read_at_the_new_version(api: Client) -> None:
    api.create(V1, autoscaler("v1", targetCPUUtilizationPercentage=50))
    found = api.get(V2, "web")
    assert found["apiVersion"] == "autoscaling/v2"
    target = {"type": "Utilization", "averageUtilization": 50}
    assert found["spec"]["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    assert api.get(V1, "web")["spec"]["targetCPUUtilizationPercentage"] == 50


def test_a_new_autoscaler_is_read_and_changed_at_the_old_version(api: Client) -> None:
    target = {"type": "Utilization", "averageUtilization": 70}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    api.create(V2, autoscaler("v2", metrics=[metric]))
    assert api.get(V1, "web")["spec"]["targetCPUUtilizationPercentage"] == 70
    changed = api.patch(V1, "web", {"spec": {"targetCPUUtilizationPercentage": 80}})
    assert changed["apiVersion"] == "autoscaling/v1"
    assert api.get(V2, "web")["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80
    assert api.names(V1) == ["web"]
