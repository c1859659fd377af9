"""Whether one pod fits on a node, and if not, in kube-scheduler's words why. The filters, in the order of its plugins.

Made for one pod and one snapshot; asked about each node by the scheduler and the autoscalers. The sentences are those
of kubernetes/kubernetes, pkg/scheduler/framework/plugins, v1.36 (read November 2026). Taints have been left out of
them since 1.34.2 and the patch releases of that month (pull request 134740, October 2025): pods' owners are not to
learn the keys and values of taints.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mlinfra.sandbox.kubernetes.controllers.scheduling import spread
from mlinfra.sandbox.kubernetes.controllers.scheduling.affinity import Neighbourhood, matches_node, matches_terms
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import (
    host_ports,
    ports_clash,
    tolerates,
    untolerated,
)
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.pod_resources import requests
from mlinfra.sandbox.kubernetes.values import Object, at

_CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


class Refusal(msgspec.Struct, frozen=True):
    """Why a pod cannot run on a node. What is `final` would not change if other pods went away."""

    reasons: tuple[str, ...]
    final: bool


class Placement:
    """The filters for one pod. `volumes` are the node affinities (node selectors) of its bound volumes."""

    def __init__(self, pod: Object, snapshot: Snapshot, volumes: Sequence[Object] = ()) -> None:
        self.pod = pod
        self.need = requests(pod)
        self._volumes = volumes
        self._ports = host_ports(pod)
        self._neighbourhood = Neighbourhood(pod, snapshot)
        self._spread = [
            (item, spread.domains(pod, item, snapshot)) for item in spread.constraints(pod, "DoNotSchedule")
        ]
        self._wished_spread = [
            (item, spread.domains(pod, item, snapshot)) for item in spread.constraints(pod, "ScheduleAnyway")
        ]

    def refusal(self, info: NodeInfo) -> Refusal | None:
        """The first filter's objection, or None where the pod fits."""
        return (
            self._unfit(info)
            or self._lacking(info)
            or self._far_from_volumes(info)
            or self._uneven(info)
            or self._bad_company(info)
        )

    def suits(self, info: NodeInfo) -> bool:
        """Whether labels and taints would let the pod onto a node, however full it is."""
        return self._unfit(info) is None

    def wishes(self, info: NodeInfo) -> tuple[int, int]:
        """What preferred pod affinity and ScheduleAnyway constraints say of a node; more is better."""
        crowd = sum(counts[info.labels.get(item["topologyKey"], "")] for item, counts in self._wished_spread)
        return self._neighbourhood.preference(info), -crowd

    def _unfit(self, info: NodeInfo) -> Refusal | None:
        spec = self.pod.get("spec") or {}
        if at(info.node, ("spec", "unschedulable")) and not tolerates(spec.get("tolerations"), _CORDONED):
            return Refusal(("node(s) were unschedulable",), True)
        if spec.get("nodeName") and spec["nodeName"] != info.name:
            return Refusal(("node(s) didn't match the requested node name",), True)
        if untolerated(self.pod, info.taints, ("NoSchedule", "NoExecute")) is not None:
            return Refusal(("node(s) had untolerated taint(s)",), True)
        if not matches_node(self.pod, info):
            return Refusal(("node(s) didn't match Pod's node affinity/selector",), True)
        return None

    def _lacking(self, info: NodeInfo) -> Refusal | None:
        if self._ports and ports_clash(self._ports, info.ports):
            return Refusal(("node(s) didn't have free ports for the requested pod ports",), False)
        reasons = ["Too many pods"] if len(info.pods) + 1 > info.allocatable.get("pods", 0) else []
        final = False
        for name, number in self.need.items():
            capacity = info.allocatable.get(name, 0)
            if number > capacity - info.used.get(name, 0) and number > 0:
                reasons.append(f"Insufficient {name}")
                final = final or number > capacity
        return Refusal(tuple(reasons), final) if reasons else None

    def _far_from_volumes(self, info: NodeInfo) -> Refusal | None:
        if all(matches_terms(v.get("nodeSelectorTerms") or (), info.labels, info.name) for v in self._volumes):
            return None
        return Refusal(("node(s) didn't match PersistentVolume's node affinity",), True)

    def _uneven(self, info: NodeInfo) -> Refusal | None:
        sentence = "node(s) didn't match pod topology spread constraints"
        if any(item["topologyKey"] not in info.labels for item, _ in self._spread):
            return Refusal((f"{sentence} (missing required label)",), True)
        if any(spread.skews(self.pod, item, info, counts) for item, counts in self._spread):
            return Refusal((sentence,), False)
        return None

    def _bad_company(self, info: NodeInfo) -> Refusal | None:
        if not self._neighbourhood.attracted(info):
            return Refusal(("node(s) didn't match pod affinity rules",), True)
        if self._neighbourhood.repelled(info):
            return Refusal(("node(s) didn't match pod anti-affinity rules",), False)
        if self._neighbourhood.shut_out(info):
            return Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",), False)
        return None
