"""Karpenter's node pools and claims: machines that it asked for and does not get, pools that are not ready.

A claim that finds no machine is gone a moment later, and the next choice taken: that is a note, with the reason.

Conditions: karpenter.sh/v1, "NodeClaims" and "NodePools" (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.backoff import retrying
from mlinfra.health.fitting import is_waited_for
from mlinfra.health.pools import LONG, pool_of, pools
from mlinfra.health.seen import Live, Seen, condition, short
from mlinfra.health.shortages import concise, remedy_of

_STEPS = ("Launched", "Registered", "Initialized")


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for pool in seen.each("NodePool"):
        ready = condition(pool, "Ready")
        if ready.get("status") == "False":
            yield Finding(
                severity=Severity.BROKEN,
                subject=f"node pool {pool['metadata']['name']}",
                words=f"it is not ready: {_unready(seen, pool) or short(ready.get('message')) or ready.get('reason')}",
                remedy="its node class names subnets, security groups, an image and a role: one of them is not found",
                because=_class_of(pool),
                layer=2,
                address=f"nodeGroups.{pool['metadata']['name']}",
            )
    yield from _hindered(seen)
    for claim in seen.each("NodeClaim"):
        pool_name = pool_of(claim)
        late = seen.age(claim["metadata"].get("creationTimestamp")) > LONG
        step = next((one for one in _STEPS if condition(claim, one).get("status") != "True"), "")
        found = condition(claim, step) if step else {}
        # One that has only just been asked for says nothing more than that it is not there yet.
        if (found.get("status") == "False" and found.get("message")) or (step and late):
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


def _unready(seen: Seen, pool: Live) -> str:
    """What its node class lacks, in Karpenter's words; of the class as a whole only that something does."""
    node_class = next((seen.by_subject[name] for name in _class_of(pool) if name in seen.by_subject), {})
    conditions = (node_class.get("status") or {}).get("conditions") or ()
    failed = [one for one in conditions if one.get("status") == "False" and one.get("type") != "Ready"]
    return "; ".join(short(one.get("message")) or str(one.get("reason")) for one in failed)


def _class_of(pool: Live) -> frozenset[str]:
    named = (((pool.get("spec") or {}).get("template") or {}).get("spec") or {}).get("nodeClassRef") or {}
    return frozenset({f"{named.get('kind')} {named.get('name')}"})


def _hindered(seen: Seen) -> Iterator[Finding]:
    for pool in pools(seen):
        if pool.hindered and not is_waited_for(seen, pool):  # else that is told of who waits
            since = ", and another choice stands in" if pool.stood_in else ""
            why = f"{concise(pool.hindered)}{retrying(seen, pool)}"
            yield Finding(
                severity=Severity.NOTE,
                subject=pool.subject,
                words=f"a try of the last hour to get a machine failed{since}: {why}",
                remedy=remedy_of(pool, pool.hindered),
                layer=2,
                address=f"nodeGroups.{pool.name}",
            )
