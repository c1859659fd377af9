"""Objects of the stack that somebody deleted, and workloads that somebody made smaller than the stack says.

What a missing object costs depends on its kind: some are what others run on, some only guard against a bad day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Declared, Live, Missing, Seen, controller_of, counted

_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet")
_PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")
_SOON = 120.0  # seconds in which a new autoscaler acts
_REPAIR = "apply makes it again (mlinfra drift shows all that differs)"
# What is not so any more, by kind. What is not named here, others may run on.
_GUARDS = {
    "HorizontalPodAutoscaler": "nothing scales its workload any more",
    "ScaledObject": "nothing scales its workload any more, nor keeps it at its minimum",
    "PodDisruptionBudget": "a node that is emptied may take all of its pods at once",
    "NetworkPolicy": "who may call the pods of its namespace is not what the stack says",
    "ResourceQuota": "nothing limits what its namespace may take",
    "LimitRange": "pods of its namespace have no limits of their own",
    "ServiceMonitor": "nobody measures it, and no alert on it fires",
    "PodMonitor": "nobody measures it, and no alert on it fires",
    "PrometheusRule": "its alerts do not fire",
    "PriorityClass": "pods that name it are refused",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What is gone, and what is too small. While the stack is being destroyed, that is as it should be."""
    if seen.holder is not None and seen.holder.purpose == "destroy":
        return
    yield from _missing(seen)
    for one in seen.declared:
        live = seen.by_subject.get(one.subject)
        if live is not None and not live["metadata"].get("deletionTimestamp"):
            yield from _small(seen, one, live)
    for promised in seen.expected:
        live = seen.by_subject.get(promised.subject)
        if live is not None and (live.get("spec") or {}).get("replicas") == 0:
            yield Finding(
                severity=Severity.BROKEN,
                subject=promised.subject,
                words=f"it has no pods: its replicas are set to 0, although {promised.address} needs it",
                remedy="apply sets them back (mlinfra drift shows by whom it was changed)",
                layer=3,
                address=promised.address,
            )


def _missing(seen: Seen) -> Iterator[Finding]:
    unserved: dict[str, list[Missing]] = defaultdict(list)
    for one in seen.missing:
        if one.unserved:
            unserved[one.kind].append(one)
            continue
        namespace, _, _ = one.subject.partition(" ")[2].rpartition("/")
        guard = _GUARDS.get(one.kind)
        yield Finding(
            severity=Severity.WARNING if guard else Severity.BROKEN,
            subject=one.subject,
            words="it was deleted" + (f": {guard}" if guard else ", although the stack has it"),
            remedy=_REPAIR,
            because=frozenset({f"Namespace {namespace}"}) if namespace else frozenset(),
            layer=3,
            address=one.address,
        )
    for kind, gone in sorted(unserved.items()):
        told = counted(len(gone), "object")
        yield Finding(
            severity=Severity.BROKEN,
            subject=f"kind {kind}",
            words=f"the cluster does not know it any more: its definition was deleted, and {told} of the stack with it",
            remedy="apply brings the definition back with the chart that defines it, and makes the objects again; "
            "what others had of that kind is lost",
            because=frozenset(
                f"release {one.id}" for one in seen.releases if any(f"the kind {kind} of" in lost for lost in one.lost)
            ),
            layer=2,
            address=gone[0].address if len(gone) == 1 else "",
        )


def _small(seen: Seen, one: Declared, live: Live) -> Iterator[Finding]:
    """Autoscalers may have more. They are given a moment, since they are what mends it."""
    has = (live.get("spec") or {}).get("replicas", 1)
    if has >= one.replicas or controller_of(live) is not None:
        return
    keeper = seen.by_subject.get(one.keeper)
    if keeper is not None and any(note in (keeper["metadata"].get("annotations") or {}) for note in _PAUSED):
        yield Finding(
            severity=Severity.NOTE,
            subject=one.keeper,
            words=f"somebody paused it: {one.subject} stays at {has}, the stack says {one.replicas} at least",
            remedy="take the annotation autoscaling.keda.sh/paused away to go on",
            layer=4,
            address=one.address,
        )
        return
    kind, _, name = one.subject.partition(" ")
    namespace, _, own = name.partition("/")
    by_hand = f"kubectl -n {namespace} scale {kind.lower()}/{own} --replicas={one.replicas}"
    if not one.keeper:
        remedy = "apply sets it back (mlinfra drift shows by whom it was changed)"
    elif keeper is None:
        remedy = f"apply makes {one.keeper} again, which sees to it; at once: {by_hand}"
    else:
        remedy = f"{one.keeper} brings it back within a minute while its controller runs; else: {by_hand}"
    young = keeper is not None and seen.age(keeper["metadata"].get("creationTimestamp")) < _SOON
    ill = Severity.BROKEN if has == 0 else Severity.WARNING
    yield Finding(
        severity=Severity.NOTE if young else ill,
        subject=one.subject,
        words=f"its replicas are set to {has}, and the stack says {one.replicas} at least",
        remedy=remedy,
        because=_keepers(seen, one),
        layer=4,
        address=one.address,
    )


def _keepers(seen: Seen, one: Declared) -> frozenset[str]:
    """What would have kept it: the autoscaler, and KEDA's operator."""
    if not one.keeper:
        return frozenset()
    operators = {
        subject
        for subject, live in seen.by_subject.items()
        if subject.startswith("Deployment ") and live["metadata"]["name"] == "keda-operator"
    }
    return frozenset({one.keeper, *operators, *(name for found in operators for name in seen.pods_of(found))})
