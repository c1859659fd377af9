"""Refusing: why nodes that have what a pod needs do not take it: their taints.

For the judge of pods that wait. The scheduler counts nodes; this names what stands in the way, so that it can be
written into a file. Semantics: kubernetes.io, "Taints and Tolerations", "Assigning Pods to Nodes" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.health.seen import Live

_BINDING = ("NoSchedule", "NoExecute")
# Of nodes that are not ready, closed, short of something or on their way out: said of the node itself.
_PASSING = (
    "node.kubernetes.io/",
    "node.cloudprovider.kubernetes.io/",
    "karpenter.sh/",
    "aws-node-termination-handler/",
    "ToBeDeletedByClusterAutoscaler",
    "DeletionCandidateOfClusterAutoscaler",
)


def untolerated(pod: Live, nodes: Iterable[Live]) -> tuple[str, ...]:
    """The taints that keep a pod from every one of `nodes`, as `key=value:effect`; none where one of them is open."""
    found: set[str] = set()
    for node in nodes:
        taints = [_spelt(taint) for taint in _taints(node) if not _tolerates(pod, taint)]
        if not taints:
            return ()
        found.update(taints)
    return tuple(sorted(found))


def _taints(node: Live) -> Iterator[Mapping[str, Any]]:
    for taint in (node.get("spec") or {}).get("taints") or ():
        if taint.get("effect") in _BINDING and not str(taint.get("key", "")).startswith(_PASSING):
            yield taint


def _tolerates(pod: Live, taint: Mapping[str, Any]) -> bool:
    for one in (pod.get("spec") or {}).get("tolerations") or ():
        if one.get("effect") not in (None, "", taint.get("effect")) or one.get("key") not in (None, "", taint["key"]):
            continue
        if one.get("operator") == "Exists" or (one.get("value") or "") == (taint.get("value") or ""):
            return True
    return False


def _spelt(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"
