"""Replicas: how many of a workload there should be, and how many work."""

from __future__ import annotations

from mlinfra.health.seen import Live


def replicas_of(kind: str, live: Live) -> tuple[int, int]:
    """Those that are available, and those that are wanted."""
    spec, status = live.get("spec") or {}, live.get("status") or {}
    if kind == "DaemonSet":
        return int(status.get("numberAvailable") or 0), int(status.get("desiredNumberScheduled") or 0)
    wanted = spec.get("replicas")
    ready = status.get("availableReplicas" if kind == "Deployment" else "readyReplicas")
    return int(ready or 0), 1 if wanted is None else int(wanted)
