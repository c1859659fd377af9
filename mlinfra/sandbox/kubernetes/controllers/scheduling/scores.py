"""Which of the nodes that a pod fits on is the best. Called by the scheduler. Pure.

The plugins and weights of kube-scheduler's default profile (1.36): least allocated 1, taints 3, node affinity 2, pod
affinity 2, topology spread 2; each normalised to 0..100 over the candidates. Equal nodes: the first by name, where the
real scheduler draws lots. Image locality and balanced allocation are left out: they would only ever break ties here.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.sandbox.kubernetes.controllers.scheduling.affinity import node_preference
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import tolerates
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo
from mlinfra.sandbox.kubernetes.values import at

_FLOOR = {"cpu": 100, "memory": 200 * 1024 * 1024}
"""What a pod without requests is taken to need (kube-scheduler's defaults)."""


def best(placement: Placement, candidates: Sequence[NodeInfo]) -> NodeInfo:
    """The best of some nodes, of which there is at least one."""
    if len(candidates) == 1:
        return candidates[0]
    wishes = [placement.wishes(info) for info in candidates]
    parts = (
        (1.0, [_free(placement, info) for info in candidates]),
        (3.0, _scaled([-_shunned(placement, info) for info in candidates])),
        (2.0, _scaled([node_preference(placement.pod, info) for info in candidates])),
        (2.0, _scaled([near for near, _ in wishes])),
        (2.0, _scaled([even for _, even in wishes])),
    )
    totals = [sum(weight * scores[place] for weight, scores in parts) for place in range(len(candidates))]
    order = sorted(range(len(candidates)), key=lambda place: (-totals[place], candidates[place].name))
    return candidates[order[0]]


def _free(placement: Placement, info: NodeInfo) -> float:
    """How much would be left, of 100, on average over processors and memory."""
    shares = []
    for name, floor in _FLOOR.items():
        capacity = info.allocatable.get(name, 0)
        taken = info.used.get(name, 0) + (placement.need.get(name, 0) or floor)
        shares.append(max(0.0, 100.0 * (capacity - taken) / capacity) if capacity else 0.0)
    return sum(shares) / len(shares) - len(info.pods) / 1000


def _shunned(placement: Placement, info: NodeInfo) -> int:
    tolerations = at(placement.pod, ("spec", "tolerations"))
    return sum(taint.get("effect") == "PreferNoSchedule" and not tolerates(tolerations, taint) for taint in info.taints)


def _scaled(numbers: Sequence[int]) -> list[float]:
    low, high = min(numbers), max(numbers)
    return [100.0 * (number - low) / (high - low) if high > low else 0.0 for number in numbers]
