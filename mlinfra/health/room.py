"""Room: what pods ask of nodes, what nodes have, and who has it.

For judges of pods that wait for a node. The sentence of the scheduler says how many nodes refuse and why; this says
what lies behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

from mlinfra.documents.quantity import parse_quantity
from mlinfra.health.seen import Group, Live, Seen, selects

GROUP_LABEL = "mlinfra/node-group"  # of nodes, as our node groups put it there
GPU_LABEL = "mlinfra/gpu"
GPU = "nvidia.com/gpu"
PLAIN = frozenset({"cpu", "memory", "pods", "ephemeral-storage"})
_NOTHING = Decimal(0)
_REASON = re.compile(r"(\d+) (.+?)(?=, \d+ |$)")
_OVER = ("Succeeded", "Failed")


def needs_of(pod: Live) -> dict[str, Decimal]:
    """What a pod asks for: the sum of its containers, or the most that one of its first ones wants."""
    spec = pod.get("spec") or {}
    needs: Counter[str] = Counter()
    for container in spec.get("containers") or ():
        for name, amount in _requests(container).items():
            needs[name] += amount  # type: ignore[assignment]
    found = {name: Decimal(amount) for name, amount in needs.items()}
    for container in spec.get("initContainers") or ():
        for name, amount in _requests(container).items():
            found[name] = max(found.get(name, _NOTHING), amount)
    return found


def _requests(container: Mapping[str, Live]) -> dict[str, Decimal]:
    resources = container.get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: amount_of(text) for name, text in asked.items()}


def amount_of(text: object) -> Decimal:
    """A quantity; nothing where it is none."""
    try:
        return parse_quantity(str(text))
    except ValueError:
        return _NOTHING


def has(node: Live, resource: str) -> Decimal:
    """How much of something a node has for pods."""
    return amount_of(((node.get("status") or {}).get("allocatable") or {}).get(resource, "0"))


def is_bare(node: Live) -> bool:
    """Whether it has GPUs, and nobody has told Kubernetes of any."""
    offered = (node.get("status") or {}).get("allocatable") or {}
    told = any(name.startswith("nvidia.com/") and amount_of(text) for name, text in offered.items())
    return GPU_LABEL in (node["metadata"].get("labels") or {}) and not told


def holders(seen: Seen, resource: str, nodes: Iterable[Live]) -> dict[str, int]:
    """Who has how much of a resource on these nodes, the greediest first."""
    names = {node["metadata"]["name"] for node in nodes}
    found: Counter[str] = Counter()
    for pod in seen.objects.get("Pod", ()):
        if (pod.get("spec") or {}).get("nodeName") in names and (pod.get("status") or {}).get("phase") not in _OVER:
            amount = int(needs_of(pod).get(resource, _NOTHING))
            if amount:
                found[seen.owner_of(pod) or f"Pod {pod['metadata'].get('namespace')}/{pod['metadata']['name']}"] += (
                    amount
                )
    return dict(found.most_common())


def refusals(message: str) -> dict[str, int]:
    """The scheduler's reasons, and how many nodes each holds for."""
    text = message.partition("preemption:")[0].partition(" nodes are available: ")[2].strip().rstrip(".")
    return {reason.strip(): int(number) for number, reason in _REASON.findall(text)}


def nodes_of(seen: Seen, group: str) -> list[Live]:
    """The nodes of a group."""
    return [node for node in seen.objects.get("Node", ()) if selects({GROUP_LABEL: group}, node)]


def has_autoscaler(seen: Seen, group: Group) -> bool:
    """Whether something adds nodes to a group by itself: Karpenter to its pools, Cluster Autoscaler to all others."""
    return any((live.get("status") or {}).get("availableReplicas") for live in _autoscalers(seen, group))


def is_autoscaler_down(seen: Seen, group: Group) -> bool:
    """Whether there is something that would, and does not run."""
    return bool(_autoscalers(seen, group)) and not has_autoscaler(seen, group)


def _autoscalers(seen: Seen, group: Group) -> list[Live]:
    name = "karpenter" if group.pool else "cluster-autoscaler"
    return [live for live in seen.objects.get("Deployment", ()) if name in live["metadata"]["name"]]


def listed(names: Iterable[str], most: int = 3) -> str:
    """`a, b and 2 more`."""
    found = list(names)
    shown = ", ".join(found[:most])
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more"
