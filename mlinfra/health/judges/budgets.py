"""Disruption budgets that hold up a node which is to be emptied: an upgrade, a drain, Karpenter taking a machine away.

Fields: kubernetes.io, "Specifying a Disruption Budget for your Application" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.rollouts import patience_with
from mlinfra.health.room import listed
from mlinfra.health.seen import Live, Seen, condition, selects, subject_of

_LEAVING = ("karpenter.sh/disrupted", "aws-node-termination-handler/")


def find(seen: Seen) -> Iterator[Finding]:
    """What each holds up."""
    closing = {node["metadata"]["name"] for node in seen.each("Node") if _is_closing(node)}
    for budget in seen.each("PodDisruptionBudget") if closing else ():
        status = budget.get("status") or {}
        if status.get("disruptionsAllowed") or not status.get("expectedPods"):
            continue
        held = sorted({node for node in _nodes(seen, budget) if node in closing})
        if not held:
            continue
        expected, healthy = int(status["expectedPods"]), int(status.get("currentHealthy") or 0)
        needed = int(status.get("desiredHealthy") or 0)
        never = needed >= expected
        coming = not never and _are_starting(seen, budget)
        mend = "" if coming else "mend the pods that do not work, and it lets one go"
        yield Finding(
            severity=Severity.NOTE if coming else Severity.WARNING,
            subject=subject_of("PodDisruptionBudget", budget),
            words=f"it keeps {listed(f'node {one}' for one in held)} from being emptied: "
            + (
                "its only pod must stay"
                if expected == 1
                else f"{needed} of {expected} pods must stay, and {healthy} work"
            )
            + ("; the others are starting" if coming else ""),
            remedy=_way_out(budget) if never else mend,
            because=frozenset() if never else _ill(seen, budget),
            layer=4,
        )


def _are_starting(seen: Seen, budget: Live) -> bool:
    """Whether all of its pods that do not answer are young enough to do so yet."""
    late = [pod for pod in _selected(seen, budget) if condition(pod, "Ready").get("status") != "True"]
    ages = [(pod, seen.age(pod["metadata"].get("creationTimestamp"))) for pod in late]
    placed = all((pod.get("spec") or {}).get("nodeName") for pod in late)
    return bool(late) and placed and all(age < patience_with(pod) for pod, age in ages)


def _way_out(budget: Live) -> str:
    """What lets a pod go where none ever may. Where none may be missing, more of them do not help."""
    missing = (budget.get("spec") or {}).get("maxUnavailable")
    more = "" if missing in (0, "0%") else "have one replica more, or "
    return f"{more}allow one to be missing (maxUnavailable: 1): as it is, none may ever go"


def _is_closing(node: Live) -> bool:
    spec = node.get("spec") or {}
    taints = [str(taint.get("key", "")) for taint in spec.get("taints") or ()]
    return bool(spec.get("unschedulable")) or any(key.startswith(_LEAVING) for key in taints)


def _selected(seen: Seen, budget: Live) -> Iterator[Live]:
    selector = (budget.get("spec") or {}).get("selector") or {}
    for pod in seen.objects.get("Pod", ()):
        same = pod["metadata"].get("namespace") == budget["metadata"].get("namespace")
        if same and selector.get("matchLabels") and selects(selector["matchLabels"], pod):
            yield pod


def _nodes(seen: Seen, budget: Live) -> Iterator[str]:
    for pod in _selected(seen, budget):
        yield str((pod.get("spec") or {}).get("nodeName", ""))


def _ill(seen: Seen, budget: Live) -> frozenset[str]:
    return frozenset(name for pod in _selected(seen, budget) for name in (subject_of("Pod", pod), seen.owner_of(pod)))
