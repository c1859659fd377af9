"""Where pods may run, in the words that Kubernetes has for it. For modules."""

from __future__ import annotations

from typing import Any

from mlinfra.library.outputs import NodeGroup


def on_nodes_with(label: str, values: tuple[str, ...] = ()) -> dict[str, Any]:
    """The affinity of pods that run only on nodes with that label; with `values`, only where it has one of them."""
    asked = {"operator": "In", "values": list(values)} if values else {"operator": "Exists"}
    terms = [{"matchExpressions": [{"key": label, **asked}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def tolerations(groups: tuple[NodeGroup, ...]) -> list[dict[str, str]]:
    """What lets pods onto the nodes of these groups, each once."""
    found: list[dict[str, str]] = []
    for group in groups:
        for taint in group.taints:
            operator = {"operator": "Equal"} if "value" in taint else {"operator": "Exists"}
            if {**operator, **taint} not in found:
                found.append({**operator, **taint})
    return found
