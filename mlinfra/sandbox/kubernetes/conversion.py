"""Objects at another version than they were written at: the same but for apiVersion, save for HorizontalPodAutoscalers.

Custom kinds are converted by strategy None, and of the built-in kinds served here at two versions only the autoscaler
differs between them (kubernetes.io API reference, autoscaling/v1 and v2). Called by the store and by watches. Pure.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Json, Object, at

_V1_METRIC = "targetCPUUtilizationPercentage"
_V1_CURRENT = "currentCPUUtilizationPercentage"


def convert(kind: Kind, obj: Object) -> Object:
    """Give an object at a kind's version; the object itself where it is at that version."""
    if obj["apiVersion"] == kind.api_version:
        return obj
    converted = {**obj, "apiVersion": kind.api_version}
    if kind.resource == "horizontalpodautoscalers.autoscaling":
        return _to_v1(converted) if kind.version == "v1" else _to_v2(converted)
    return converted


def _to_v2(obj: Object) -> Object:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    target = spec.pop(_V1_METRIC, None)
    if target is not None:
        spec["metrics"] = [_cpu({"target": {"type": "Utilization", "averageUtilization": target}})]
    current = status.pop(_V1_CURRENT, None)
    if current is not None:
        status["currentMetrics"] = [_cpu({"current": {"averageUtilization": current}})]
    return _with(obj, spec, status)


def _to_v1(obj: Object) -> Object:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    target = _find_cpu(spec.pop("metrics", None), "target")
    spec.pop("behavior", None)
    if target is not None:
        spec[_V1_METRIC] = target
    current = _find_cpu(status.pop("currentMetrics", None), "current")
    status.pop("conditions", None)
    if current is not None:
        status[_V1_CURRENT] = current
    return _with(obj, spec, status)


def _cpu(part: Object) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", **part}}


def _find_cpu(metrics: Json, part: str) -> int | None:
    for metric in metrics or ():
        if at(metric, ("resource", "name")) == "cpu":
            found: int | None = at(metric, ("resource", part, "averageUtilization"))
            return found
    return None


def _with(obj: Object, spec: Object, status: Object) -> Object:
    return {**obj, "spec": spec, **({"status": status} if "status" in obj else {})}
