"""The sentence by which kube-scheduler says that a pod fits nowhere. Pure.

Form: `0/20 nodes are available: 10 Insufficient nvidia.com/gpu, 10 node(s) had untolerated taint(s). preemption: 0/20
nodes are available: ...` (kubernetes/kubernetes, pkg/scheduler/framework/types.go, FitError, 1.36, read November 2026).
Reasons are counted over nodes and sorted as text. Version 1.34 alone puts "no new claims to deallocate, " before
"preemption:", which is left out here. Which taint it was is no longer said since 1.35 and 1.34's patches of November
2025 (kubernetes/kubernetes, #134740 and #135023); before, it was `untolerated taint {key: value}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

NO_NODES = "no nodes available to schedule pods"
NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NEVER = "not eligible due to preemptionPolicy=Never."


def sentence(nodes: int, reasons: Iterable[str], preemption: str = "") -> str:
    """What an Event and the PodScheduled condition say; `preemption` says why that did not help either."""
    text = f"0/{nodes} nodes are available: {histogram(reasons)}."
    return f"{text} preemption: {preemption}" if preemption else text


def rejected(nodes: int, reason: str) -> str:
    """The same for a pod that no node was even tried for."""
    hopeless = sentence(nodes, [NOT_HELPFUL] * nodes)
    return f"0/{nodes} nodes are available: {reason}. preemption: {hopeless}"


def histogram(reasons: Iterable[str]) -> str:
    """Reasons with how often they occur, sorted as text."""
    return ", ".join(sorted(f"{count} {reason}" for reason, count in Counter(reasons).items()))
