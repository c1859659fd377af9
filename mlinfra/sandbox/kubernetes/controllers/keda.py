"""KEDA: a HorizontalPodAutoscaler for each ScaledObject, and never fewer replicas than its minimum.

Only while KEDA's operator runs. Nothing can be measured here: no trigger is ever active by itself, and more replicas
come where the target is said to be busy (`horizontal`; the metrics are called `s0-prometheus` and so on). A target
below the minimum is brought up to it, also from none. Going to none is not played, and nothing of ScaledJobs.
Behaviour: kedacore/keda v2.17, pkg/scaling/executor/scale_scaledobjects.go, and keda.sh "Scaling Deployments" (read
November 2026). Called by the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import AUTOSCALER, SCALED_OBJECT
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself, owner, owner_reference
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "keda-operator"
_PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")
_MOST = 100  # its own default of maxReplicaCount


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Keep the autoscaler of one ScaledObject, and its target at the minimum at least."""
    served = cluster.store.registry.get(SCALED_OBJECT) is not None
    scaled = cluster.find(SCALED_OBJECT, key) if served else None
    if scaled is None or is_deleted(scaled) or not cluster.runs(programs.KEDA):
        return None
    reference = scaled["spec"]["scaleTargetRef"]
    gvk = GroupVersionKind.of(reference.get("apiVersion", "apps/v1"), reference.get("kind", "Deployment"))
    known = cluster.store.registry.get(gvk) is not None
    target = cluster.store.find(gvk, reference["name"], key[0]) if known else None
    if target is None:
        text = "ScaledObject doesn't have correct scaleTargetRef specification"
        _report(cluster, scaled, [conditions.standard("Ready", False, "ScaledObjectCheckFailed", text)])
        return None
    _keep_autoscaler(cluster, scaled, gvk, reference["name"])
    paused = any(note in (scaled["metadata"].get("annotations") or {}) for note in _PAUSED)
    if not paused:
        _bring_up(cluster, scaled, gvk, target)
    ready = "ScaledObject is defined correctly and is ready for scaling"
    _report(
        cluster,
        scaled,
        [
            conditions.standard("Ready", True, "ScaledObjectReady", ready),
            conditions.standard("Active", False, "ScalerNotActive", "Scaling is not performed: no trigger is active"),
            conditions.standard("Fallback", False, "NoFallbackFound", "No fallbacks are active on this scaled object"),
            conditions.standard("Paused", paused, "ScaledObjectPaused" if paused else "ScaledObjectUnpaused"),
        ],
    )
    return None


def _bring_up(cluster: Cluster, scaled: Object, gvk: GroupVersionKind, target: Object) -> None:
    spec, current = scaled["spec"], int(at(target, ("spec", "replicas"), 1))
    minimum = int(spec.get("minReplicaCount") or 0)
    if spec.get("idleReplicaCount") is not None or current >= minimum:
        return
    cluster.patch(gvk, target, {"spec": {"replicas": minimum}})
    kind, meta = target["kind"], target["metadata"]
    text = f"Scaled {kind} {meta['namespace']}/{meta['name']} from {current} to {minimum}"
    cluster.record(scaled, NAME, "KEDAScaleTargetActivated", text)


def _keep_autoscaler(cluster: Cluster, scaled: Object, gvk: GroupVersionKind, target: str) -> None:
    """Its metrics are external ones, named as KEDA names them: after their place, type and, for cpu, the resource."""
    spec, meta = scaled["spec"], scaled["metadata"]
    advanced = at(spec, ("advanced", "horizontalPodAutoscalerConfig")) or {}
    name = advanced.get("name") or f"keda-hpa-{meta['name']}"
    wanted: Object = {
        "scaleTargetRef": {"apiVersion": gvk.api_version, "kind": gvk.kind, "name": target},
        "minReplicas": max(1, int(spec.get("minReplicaCount") or 0)),
        "maxReplicas": int(spec.get("maxReplicaCount") or _MOST),
        "metrics": [_metric(number, trigger) for number, trigger in enumerate(spec.get("triggers") or ())],
        **({"behavior": advanced["behavior"]} if advanced.get("behavior") else {}),
    }
    found = cluster.find(AUTOSCALER, (meta["namespace"], name))
    if found is None:
        labels = {"app.kubernetes.io/managed-by": NAME, "scaledobject.keda.sh/name": meta["name"]}
        about = {"name": name, "namespace": meta["namespace"], "labels": labels}
        owned = {**about, "ownerReferences": [owner_reference(scaled)]}
        made = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": owned, "spec": wanted}
        cluster.create(made, NAME)
    elif any(found["spec"].get(part) != value for part, value in wanted.items() if part != "behavior"):
        cluster.patch(AUTOSCALER, found, {"spec": wanted})


def _metric(number: int, trigger: Object) -> Object:
    kind, about = str(trigger.get("type", "")), trigger.get("metadata") or {}
    if kind in ("cpu", "memory"):
        target = {"type": "Utilization", "averageUtilization": int(about.get("value") or 80)}
        return {"type": "Resource", "resource": {"name": kind, "target": target}}
    goal = str(about.get("threshold") or about.get("value") or "1")
    metric = {"name": f"s{number}-{kind}", "selector": {}}
    return {
        "type": "External",
        "external": {"metric": metric, "target": {"type": "AverageValue", "averageValue": goal}},
    }


def _report(cluster: Cluster, scaled: Object, news: list[Object]) -> None:
    old = scaled.get("status") or {}
    status = {**old, "conditions": conditions.merged(old.get("conditions"), news, cluster.now())}
    cluster.set_status(SCALED_OBJECT, scaled, status, NAME)


def _scalers(cluster: Cluster, event: Event) -> Iterable[Key]:
    """Those of a workload that was changed; every one, when KEDA may have come."""
    meta, every = event.object["metadata"], cluster.peek(SCALED_OBJECT)
    if programs.is_of(programs.KEDA, event.object):
        return [key_of(one) for one in every]
    place = (meta["namespace"], meta["name"])
    return [
        key_of(one)
        for one in every
        if (one["metadata"]["namespace"], at(one, ("spec", "scaleTargetRef", "name"))) == place
    ]


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={
        "scaledobjects.keda.sh": itself,
        "deployments.apps": _scalers,
        "statefulsets.apps": _scalers,
        "horizontalpodautoscalers.autoscaling": owner("ScaledObject"),
        "customresourcedefinitions.apiextensions.k8s.io": all_of(SCALED_OBJECT),
    },
)
