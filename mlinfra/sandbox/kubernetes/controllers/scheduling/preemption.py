"""Which pods of lower priority would have to go so that a pod fits. Called by the scheduler. Pure.

After kube-scheduler's default preemption (1.36): take all pods of lower priority off a node, then put back, highest
priority first, all that can stay; prefer the node with the fewest violated budgets, the lowest highest priority, the
smallest sum, the fewest victims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from mlinfra.sandbox.kubernetes.controllers.scheduling import verdict
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement, Refusal
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.values import Object


class Eviction(msgspec.Struct, frozen=True):
    """A node and the pods that must leave it."""

    node: str
    victims: tuple[Object, ...]


class Preemption:
    """Looks for victims. `priority` gives a pod's priority, `protected` whether its budget forbids its eviction."""

    def __init__(
        self, snapshot: Snapshot, priority: Callable[[Object], int], protected: Callable[[Object], bool]
    ) -> None:
        self._snapshot = snapshot
        self._priority = priority
        self._protected = protected

    def find(
        self, pod: Object, volumes: Sequence[Object], refusals: Mapping[str, Refusal]
    ) -> tuple[Eviction | None, str]:
        """The best eviction, or none and the sentence that says why."""
        evictions, reasons = [], []
        for name, refusal in refusals.items():
            if refusal.final:
                reasons.append(verdict.NOT_HELPFUL)
                continue
            found = self._victims(pod, volumes, self._snapshot.nodes[name])
            if isinstance(found, Eviction):
                evictions.append(found)
            else:
                reasons.extend(found)
        if evictions:
            return min(evictions, key=self._cost), ""
        return None, verdict.sentence(len(refusals), reasons)

    def _victims(self, pod: Object, volumes: Sequence[Object], info: NodeInfo) -> Eviction | tuple[str, ...]:
        mine = self._priority(pod)
        lower = [other for other in info.pods.values() if self._priority(other) < mine]
        if not lower:
            return (verdict.NO_VICTIMS,)
        trial = info.copy()
        for other in lower:
            trial.remove(other)
        refusal = self._refusal(pod, volumes, trial)
        if refusal is not None:
            return refusal.reasons
        victims = []
        for other in sorted(lower, key=lambda item: (self._protected(item), self._priority(item)), reverse=True):
            trial.add(other)
            if self._refusal(pod, volumes, trial) is not None:
                trial.remove(other)
                victims.append(other)
        return Eviction(info.name, tuple(victims))

    def _refusal(self, pod: Object, volumes: Sequence[Object], trial: NodeInfo) -> Refusal | None:
        return Placement(pod, self._snapshot.replace(trial), volumes).refusal(trial)

    def _cost(self, eviction: Eviction) -> tuple[int, int, int, int, str]:
        priorities = [self._priority(pod) for pod in eviction.victims]
        violated = sum(self._protected(pod) for pod in eviction.victims)
        return violated, max(priorities, default=0), sum(priorities), len(priorities), eviction.node
