"""HorizontalPodAutoscalers: replicas after metrics that somebody sets, since nothing runs here that could be measured.

The scaled object bears the annotation `sandbox.mlinfra.dev/metrics`, JSON of metric names and numbers: for resources
(`cpu`, `memory`) the average utilisation in per cent, for all others the average value per pod, or for type Object and
External with a `value` target the value itself: `{"cpu": 95, "requests_in_flight": 12.5}`. External ones that nobody
set are zero: what is outside is idle. They are looked at when they
change, and every 15 s as long as they are off target: numbers that stay high scale up to the maximum.

The rule is the documented one (kubernetes.io, "Horizontal Pod Autoscaling", algorithm details, 1.33): the largest
ceil(replicas x metric / target) over the metrics, a tolerance of 10 %, and on the way down the largest wish of the
stabilisation window. Scaling policies in `behavior` are honoured only as windows. Called by the runtime.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import AUTOSCALER
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.quantity import parse
from mlinfra.sandbox.kubernetes.values import Object, at, timestamp
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "horizontal-pod-autoscaler"
METRICS = "sandbox.mlinfra.dev/metrics"
_TOLERANCE = 0.1
_PERIOD = 15.0


class HorizontalAutoscaler:
    """Remembers what each autoscaler wished for lately."""

    def __init__(self) -> None:
        self._wishes: dict[Key, list[tuple[datetime, int]]] = {}
        self._scaled: dict[Key, tuple[datetime, str]] = {}

    def controller(self) -> Controller:
        """How the runtime calls it."""
        triggers = {"horizontalpodautoscalers.autoscaling": itself}
        scaled = ("deployments.apps", "statefulsets.apps", "replicasets.apps")
        return Controller(name=NAME, reconcile=self.reconcile, triggers={**triggers, **dict.fromkeys(scaled, _scalers)})

    def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
        """Scale the target of one autoscaler."""
        scaler = cluster.find(AUTOSCALER, key)
        if scaler is None:
            self._wishes.pop(key, None)
            self._scaled.pop(key, None)
            return None
        reference = scaler["spec"]["scaleTargetRef"]
        gvk = GroupVersionKind.of(reference.get("apiVersion", "apps/v1"), reference["kind"])
        served = cluster.store.registry.get(gvk) is not None
        target = cluster.store.find(gvk, reference["name"], key[0]) if served else None
        if target is None:
            missing = f'{reference["kind"]} "{reference["name"]}" not found'
            text = f"the HPA controller was unable to get the target's current scale: {missing}"
            return _report(cluster, scaler, 0, 0, [conditions.condition("AbleToScale", False, "FailedGetScale", text)])
        current = int(at(target, ("spec", "replicas"), 1))
        if current == 0:
            off = "scaling is disabled since the replica count of the target is zero"
            return _report(
                cluster, scaler, 0, 0, [conditions.condition("ScalingActive", False, "ScalingDisabled", off)]
            )
        low, high = int(at(scaler, ("spec", "minReplicas"), 1)), int(scaler["spec"]["maxReplicas"])
        if not low <= current <= high:
            _bring_within(cluster, scaler, target, current, max(low, min(high, current)))
            return None
        metrics = str(at(target, ("metadata", "annotations", METRICS)) or "")
        moment, acted_on = self._scaled.get(key, (None, ""))
        left = 0.0 if moment is None else _PERIOD - (cluster.clock() - moment).total_seconds()
        if left > 0 and metrics == acted_on:
            return Again(left, quiet=True)  # it has acted on these numbers; if they stay, it acts again next time
        wish = _wish(scaler, metrics, current)
        if wish is None:
            return _report(cluster, scaler, current, current, [_unmeasured(cluster, reference)])
        wanted = self._bounded(cluster, scaler, current, wish)
        if wanted != current:
            self._scaled[key] = (cluster.clock(), metrics)
            cluster.patch(gvk, target, {"spec": {"replicas": wanted}})
            why = "metrics above target" if wanted > current else "All metrics below target"
            text = f"New size: {wanted}; reason: {why}"
            cluster.record(scaler, NAME, "SuccessfulRescale", text)
        news = [
            conditions.condition("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size"),
            conditions.condition(
                "ScalingActive", True, "ValidMetricFound", "the HPA was able to compute the replica count"
            ),
        ]
        _report(cluster, scaler, current, wanted, news, scaled=wanted != current)
        return Again(_PERIOD, quiet=True) if wish != current else None

    def _bounded(self, cluster: Cluster, scaler: Object, current: int, wish: int) -> int:
        """The wish within the limits, and not below what was wished for within the window."""
        key, now = key_of(scaler), cluster.clock()
        window = at(scaler, ("spec", "behavior", "scaleDown", "stabilizationWindowSeconds"))
        seconds = cluster.timings.downscale_window if window is None else float(window)
        wishes = self._wishes.get(key, [(now, current)])
        lasting = [*wishes, (now, wishes[-1][1]), (now, wish)]  # the last wish held until now
        self._wishes[key] = [
            entry for entry in lasting if (now - entry[0]).total_seconds() < seconds or entry[0] == now
        ]
        kept = wish if wish >= current else min(current, max(number for _, number in self._wishes[key]))
        low, high = int(at(scaler, ("spec", "minReplicas"), 1)), int(scaler["spec"]["maxReplicas"])
        return max(low, min(high, kept))


def _unmeasured(cluster: Cluster, reference: Object) -> Object:
    """What is said where no number was set: with the metrics server all is steady, without it nothing can be seen."""
    kind, name = reference["kind"].lower(), reference["name"]
    hint = (
        "pods are simulated, and use nothing; say what it shall see with: "
        f"""kubectl annotate {kind} {name} {METRICS}='{{"cpu": 95}}'"""
    )
    if cluster.runs(programs.METRICS_SERVER):
        return conditions.condition("ScalingActive", True, "ValidMetricFound", hint)
    text = (
        "the HPA was unable to compute the replica count: unable to fetch metrics from resource metrics API: the "
        f"server could not find the requested resource (get pods.metrics.k8s.io); {hint}"
    )
    return conditions.condition("ScalingActive", False, "FailedGetResourceMetric", text)


def _bring_within(cluster: Cluster, scaler: Object, target: Object, current: int, wanted: int) -> None:
    """Bounds hold whatever is measured, and where nothing can be."""
    gvk = GroupVersionKind.of(target["apiVersion"], target["kind"])
    cluster.patch(gvk, target, {"spec": {"replicas": wanted}})
    side = "below Spec.MinReplicas" if current < wanted else "above Spec.MaxReplicas"
    cluster.record(scaler, NAME, "SuccessfulRescale", f"New size: {wanted}; reason: Current number of replicas {side}")
    text = "the HPA controller was able to get the target's current scale"
    _report(
        cluster,
        scaler,
        current,
        wanted,
        [conditions.condition("AbleToScale", True, "SucceededGetScale", text)],
        scaled=True,
    )


def _wish(scaler: Object, text: str, current: int) -> int | None:
    """How many replicas the metrics ask for; None where none of them is set."""
    numbers = json.loads(text) if text else {}
    wishes = [
        w for metric in at(scaler, ("spec", "metrics")) or () if (w := _proposal(metric, numbers, current)) is not None
    ]
    return max(wishes, default=None)


def _proposal(metric: Object, numbers: Object, current: int) -> int | None:
    source: Object = next(
        (metric[key] for key in ("resource", "containerResource", "pods", "object", "external") if key in metric), {}
    )
    name = source.get("name") or at(source, ("metric", "name"))
    if name not in numbers and "external" not in metric:
        return None
    target = source["target"]
    goal = target.get("averageUtilization") or target.get("averageValue") or target.get("value")
    if not goal:
        return None
    ratio = float(numbers.get(name, 0)) / float(parse(goal))
    if abs(ratio - 1) <= _TOLERANCE:
        return current
    return max(1, math.ceil(current * ratio))


def _report(
    cluster: Cluster, scaler: Object, current: int, wanted: int, news: list[Object], *, scaled: bool = False
) -> Again | None:
    old = scaler.get("status") or {}
    status = {
        **old,
        "currentReplicas": current,
        "desiredReplicas": wanted,
        "conditions": conditions.merged(old.get("conditions"), news, cluster.now()),
        **({"lastScaleTime": timestamp(cluster.now())} if scaled else {}),
    }
    cluster.set_status(AUTOSCALER, scaler, status)
    return None


def _scalers(cluster: Cluster, event: Event) -> Iterable[Key]:
    """The autoscalers of an object that was changed."""
    meta = event.object["metadata"]
    return [
        key_of(scaler)
        for scaler in cluster.peek(AUTOSCALER, meta["namespace"])
        if at(scaler, ("spec", "scaleTargetRef", "name")) == meta["name"]
        and at(scaler, ("spec", "scaleTargetRef", "kind")) == event.object["kind"]
    ]
