"""Namespaces that are being deleted and do not go: what is left in them, and who holds it.

Conditions: kubernetes.io, API reference, NamespaceStatus (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.rollouts import since
from mlinfra.health.room import listed
from mlinfra.health.seen import Live, Seen, condition, short

_PATIENCE = 300.0  # seconds that what is in one may take to go
_TOLD = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
)


def find(seen: Seen) -> Iterator[Finding]:
    """What holds each, once it has been going for some minutes."""
    services = frozenset(f"APIService {one['metadata']['name']}" for one in seen.objects.get("APIService", ()))
    for live in seen.objects.get("Namespace", ()):
        began, name = live["metadata"].get("deletionTimestamp"), live["metadata"]["name"]
        looked_at = seen.namespaces is None or name in seen.namespaces
        if not began or not looked_at or seen.age(began) < _PATIENCE:
            continue
        yield Finding(
            severity=Severity.WARNING,
            subject=f"Namespace {name}",
            words=f"it does not go{since(seen, str(began))}: {_why(live)}",
            remedy="mend the controller whose finalizer that is, or, where it is gone for good, take its finalizer out",
            because=services,
            layer=4,
        )


def _why(live: Live) -> str:
    told = [found for kind in _TOLD if (found := condition(live, kind)).get("status") == "True"]
    own = live["metadata"].get("finalizers") or ()
    words = [short(one.get("message")) for one in told[:2]] + ([f"it bears {listed(own)} itself"] if own else [])
    return "; ".join(words) or "nobody says why"
