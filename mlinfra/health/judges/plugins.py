"""Nodes with GPUs that nobody tells Kubernetes of: what waits for GPUs waits for their plugin."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.fitting import waiting
from mlinfra.health.plugins import PLUGIN, behind, late_nodes, plugin_pods, remedy_of
from mlinfra.health.room import GPU, listed, needs_of
from mlinfra.health.seen import Seen
from mlinfra.health.turnover import unsettled


def find(seen: Seen) -> Iterator[Finding]:
    """What keeps the GPUs of nodes from being used."""
    late = late_nodes(seen, unsettled(seen))
    if not late:
        return
    wanted = any(needs_of(pod).get(GPU) for pod in waiting(seen))
    whose = "GPUs of " + listed(f"node {node['metadata']['name']}" for node in late)
    have = "it has" if len(late) == 1 else "they have"
    yield Finding(
        severity=Severity.BROKEN if wanted else Severity.WARNING,
        subject=PLUGIN,
        words=f"nobody tells Kubernetes of the {whose}: no pod can use what {have}",
        remedy=remedy_of(late, plugin_pods(seen)),
        because=behind(seen),
        layer=2,
    )
