"""Karpenter's node pools and claims: machines that it asked for and does not get, pools that are not ready.

Conditions: karpenter.sh/v1, "NodeClaims" and "NodePools" (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Seen, condition, short

_STEPS = ("Launched", "Registered", "Initialized")
_LONG = 900.0  # seconds; Karpenter itself gives a machine that long to register


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for pool in seen.each("NodePool"):
        ready = condition(pool, "Ready")
        if ready.get("status") == "False":
            yield Finding(
                severity=Severity.BROKEN,
                subject=f"node pool {pool['metadata']['name']}",
                words=f"it is not ready: {short(ready.get('message')) or ready.get('reason')}",
                remedy="its node class names subnets, security groups, an image and a role: one of them is not found",
                layer=2,
                address=f"nodeGroups.{pool['metadata']['name']}",
            )
    for claim in seen.each("NodeClaim"):
        pool_name = (claim["metadata"].get("labels") or {}).get("karpenter.sh/nodepool", "")
        late = seen.age(claim["metadata"].get("creationTimestamp")) > _LONG
        step = next((one for one in _STEPS if condition(claim, one).get("status") != "True"), "")
        found = condition(claim, step) if step else {}
        if found.get("status") == "False" or (step and late):
            yield Finding(
                severity=Severity.WARNING,
                subject=f"NodeClaim {claim['metadata']['name']}",
                owner=f"node pool {pool_name}" if pool_name else "",
                words=f"a machine is not {step.lower()}: {short(found.get('message')) or 'nobody says why'}",
                remedy="Karpenter goes on to its next choice; a pool with more types, zones or both markets has more",
                because=frozenset({f"node pool {pool_name}"}),
                layer=2,
                address=f"nodeGroups.{pool_name}" if pool_name else "",
            )
