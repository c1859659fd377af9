"""Pods that were deleted and do not go: who holds each, a finalizer or a node that does not answer.

Until it is gone, its name and its volumes are taken: a StatefulSet makes no other in its place (kubernetes.io, "Force
Delete StatefulSet Pods", November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.rollouts import since
from mlinfra.health.room import listed
from mlinfra.health.seen import Seen, subject_of

_PATIENCE = 600.0  # seconds beyond the moment by which it was to be gone


def find(seen: Seen) -> Iterator[Finding]:
    """What holds each."""
    for pod in seen.objects.get("Pod", ()):
        metadata, namespace = pod["metadata"], pod["metadata"].get("namespace")
        deleted = metadata.get("deletionTimestamp")  # with the time that it was given to end in
        looked_at = seen.namespaces is None or namespace in seen.namespaces
        if not deleted or not looked_at or seen.age(deleted) < _PATIENCE:
            continue
        held = metadata.get("finalizers") or ()
        node = f"node {(pod.get('spec') or {}).get('nodeName')}"
        why = f"the finalizer {listed(held)} keeps it" if held else f"its {node} does not end it"
        forced = f"kubectl -n {namespace} delete pod {metadata['name']} --force, once its {node} is certainly off"
        yield Finding(
            severity=Severity.WARNING,
            subject=subject_of("Pod", pod),
            owner=seen.owner_of(pod),
            words=f"it was deleted and does not go{since(seen, str(deleted))}: {why}",
            remedy="mend the controller whose finalizer that is, or take it out" if held else forced,
            because=frozenset({node}),
            layer=3,
        )
