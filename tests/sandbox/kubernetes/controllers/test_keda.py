"""KEDA, as far as it is played: bounds hold, autoscalers come and go with scaled objects."""

from __future__ import annotations

import json

from mlinfra.sandbox.kubernetes.controllers.catalog import AUTOSCALER, DEPLOYMENT, SCALED_OBJECT
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import World, meta, workload

KIND = Kind(
    group="keda.sh",
    version="v1alpha1",
    kind="ScaledObject",
    plural="scaledobjects",
    singular="scaledobject",
    namespaced=True,
    subresources=("status",),
    custom=True,
)


def scaled_object(**spec: object) -> Object:
    trigger = {"type": "prometheus", "metadata": {"serverAddress": "http://p", "query": "q", "threshold": "8"}}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": meta("web"),
        "spec": {"scaleTargetRef": {"name": "web"}, "triggers": [trigger], **spec},
    }


def test_a_scaled_object_keeps_its_target_within_its_bounds_while_keda_runs() -> None:
    world = World(kinds=[KIND])
    world.group("system", 1)
    world.create(workload("Deployment", "web", replicas=1))
    world.create(scaled_object(minReplicaCount=2, maxReplicaCount=4))
    world.settle()
    assert world.get(DEPLOYMENT, "web")["spec"]["replicas"] == 1  # nobody looks after it
    world.create(workload("Deployment", "keda", labels={"app.kubernetes.io/name": "keda-operator"}))
    world.settle()
    assert world.get(DEPLOYMENT, "web")["spec"]["replicas"] == 2
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"replicas": 0}})
    world.settle()
    assert world.get(DEPLOYMENT, "web")["spec"]["replicas"] == 2
    note = {"sandbox.mlinfra.dev/metrics": json.dumps({"s0-prometheus": 80})}
    world.store.merge(DEPLOYMENT, "web", "default", {"metadata": {"annotations": note}})
    world.advance(minutes=1)
    assert world.get(DEPLOYMENT, "web")["spec"]["replicas"] == 4
    world.store.delete(SCALED_OBJECT, "web", "default")
    world.settle()
    assert world.store.list(AUTOSCALER) == []
