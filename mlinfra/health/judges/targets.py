"""Targets of the stack's load balancers: those that none answers behind, and what the cloud says of them.

States and reasons: Elastic Load Balancing API reference, TargetHealth (read November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.room import listed
from mlinfra.health.seen import Seen, Targets, short

_REMEDIES = {
    "Target.FailedHealthChecks": "see what the health check asks for (path, port), and that the pods answer it",
    "Target.Timeout": "a security group or a network policy keeps the load balancer out, or the pods are too slow",
    "Target.ResponseCodeMismatch": "the health check wants another answer: mend its path, or its codes",
    "Target.NotInUse": "its zone is none of the load balancer's, or no listener sends anything there",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each. One that nothing is registered with may wait for what is to serve it."""
    for one in seen.targets:
        if one.healthy == one.total:
            continue
        words = f"{one.healthy} of {one.total} targets answer"
        said = f": {listed(map(short, one.ill))}" if one.ill else ""
        only_new = not one.ill and one.starting
        worst = Severity.BROKEN if not one.healthy else Severity.WARNING
        yield Finding(
            severity=Severity.NOTE if only_new else worst,
            subject=f"target group {one.name}",
            words=f"{words}; the others have only just come" if only_new else words + said,
            remedy=_remedy(one),
            layer=4,
            address=one.address,
        )


def _remedy(one: Targets) -> str:
    return next((text for key, text in _REMEDIES.items() if any(said.startswith(key) for said in one.ill)), "")
