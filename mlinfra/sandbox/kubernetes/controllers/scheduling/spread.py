"""Topology spread constraints: how evenly pods lie over zones, nodes and other domains. Called by `placement`. Pure.

Rules: kubernetes.io, "Pod Topology Spread Constraints", 1.33.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from mlinfra.sandbox.kubernetes.controllers.scheduling.affinity import matches_node
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import untolerated
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, at


def constraints(pod: Object, when: str) -> list[Object]:
    """The constraints of a pod that are DoNotSchedule or ScheduleAnyway."""
    found = at(pod, ("spec", "topologySpreadConstraints")) or ()
    return [item for item in found if item.get("whenUnsatisfiable", "DoNotSchedule") == when]


def domains(pod: Object, constraint: Object, snapshot: Snapshot) -> Counter[str]:
    """How many matching pods lie in each domain that the pod could use; domains without any count 0."""
    selected = _selector(pod, constraint)
    counts: Counter[str] = Counter()
    for info in snapshot.nodes.values():
        domain = info.labels.get(constraint["topologyKey"])
        if domain is not None and _counts(pod, constraint, info):
            counts[domain] += sum(selected(other) for other in info.pods.values())
    return counts


def skews(pod: Object, constraint: Object, info: NodeInfo, counts: Counter[str]) -> bool:
    """Whether the pod on this node would break the constraint."""
    domain = info.labels[constraint["topologyKey"]]
    fewest = min(counts.values(), default=0)
    if len(counts) < (constraint.get("minDomains") or 1):
        fewest = 0
    itself = int(_selector(pod, constraint)(pod))
    return bool(counts[domain] + itself - fewest > constraint["maxSkew"])


def _selector(pod: Object, constraint: Object) -> Callable[[Object], bool]:
    test = parse_labels(constraint.get("labelSelector"))
    own = pod["metadata"].get("labels") or {}
    keys = [key for key in constraint.get("matchLabelKeys") or () if key in own]
    namespace = pod["metadata"].get("namespace")
    empty = constraint.get("labelSelector") is None

    def selected(other: Object) -> bool:
        labels = other["metadata"].get("labels") or {}
        return (
            not empty
            and other["metadata"].get("namespace") == namespace
            and "deletionTimestamp" not in other["metadata"]
            and test(labels)
            and all(labels.get(key) == own[key] for key in keys)
        )

    return selected


def _counts(pod: Object, constraint: Object, info: NodeInfo) -> bool:
    """Whether a node's domain takes part: by default it must match the pod's affinity; taints are ignored."""
    if constraint.get("nodeAffinityPolicy", "Honor") == "Honor" and not matches_node(pod, info):
        return False
    ignored = constraint.get("nodeTaintsPolicy", "Ignore") == "Ignore"
    return ignored or untolerated(pod, info.taints, ("NoSchedule", "NoExecute")) is None
