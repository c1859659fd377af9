"""Services and ingresses whose load balancer has not come."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Live, Seen, subject_of

_CONTROLLER = "aws-load-balancer-controller"
_SOON = 300.0  # seconds that a load balancer may take


def find(seen: Seen) -> Iterator[Finding]:
    """What each waits for."""
    for kind in ("Service", "Ingress"):
        for live in seen.each(kind):
            if kind == "Service" and (live.get("spec") or {}).get("type") != "LoadBalancer":
                continue
            if ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
                continue
            said, young = seen.warning_about(live), seen.age(live["metadata"].get("creationTimestamp")) < _SOON
            words = "it has no load balancer" + (f": {said}" if said else ", and nobody says why")
            yield Finding(
                severity=Severity.NOTE if young and not said else Severity.BROKEN,
                subject=subject_of(kind, live),
                words="its load balancer is being made" if young and not said else words,
                remedy="" if young and not said else _remedy(seen, live),
                because=_controllers(seen),
                layer=4,
            )


def _controllers(seen: Seen) -> frozenset[str]:
    found = [one for one in seen.objects.get("Deployment", ()) if _CONTROLLER in one["metadata"]["name"]]
    names = {subject_of("Deployment", one) for one in found}
    return frozenset(names.union(*(seen.pods_of(name) for name in names)) if names else names)


def _remedy(seen: Seen, live: Live) -> str:
    spec = live.get("spec") or {}
    # Services of no class are served by the cloud's own controller, which every managed cluster has.
    if _controllers(seen) or ("ports" in spec and not spec.get("loadBalancerClass")):
        return "its annotations, the subnets' tags and the quota of load balancers are what it needs"
    return "no controller makes load balancers here: add the component aws-load-balancer-controller"
