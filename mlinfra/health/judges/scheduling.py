"""Pods that wait for a node: what they need, why no node gives it, and what it would take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from mlinfra.core.health import Finding, Severity
from mlinfra.documents.quantity import format_quantity
from mlinfra.health.fitting import barred, meant, suited, unmet, values_of, waiting
from mlinfra.health.pools import starting
from mlinfra.health.refusing import untolerated
from mlinfra.health.room import (
    GPU,
    GPU_LABEL,
    PLAIN,
    has,
    has_autoscaler,
    holders,
    listed,
    needs_of,
    refusals,
)
from mlinfra.health.seen import Group, Live, Seen, condition, counted, selects, short, subject_of

_LACK = "Insufficient "
_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_OTHERS = {
    "had untolerated taint": "{nodes} kept for pods of another kind (a taint that it does not tolerate)",
    "had taint": "{nodes} kept for pods of another kind (a taint that it does not tolerate)",
    "didn't match Pod's node affinity": "{nodes} without the labels that it asks for",
    "were unschedulable": "{nodes} cordoned",
    "free ports": "{nodes} where its port is taken",
    "pod anti-affinity": "{nodes} where a pod is that it must not meet",
    "pod affinity": "{nodes} without the pod that it must meet",
    "topology spread": "{nodes} that would leave its pods unevenly spread",
    "volume node affinity": "{nodes} in another zone than its volume",
    "PersistentVolume's node affinity": "{nodes} in another zone than its volume",
    "Too many pods": "{nodes} with as many pods as they may have",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What each waits for."""
    for pod in waiting(seen):
        yield _waiting(seen, pod, str(condition(pod, "PodScheduled").get("message") or ""))


def _waiting(seen: Seen, pod: Live, message: str) -> Finding:
    reasons = refusals(message)
    lacking = sorted(reason.removeprefix(_LACK) for reason in reasons if reason.startswith(_LACK))
    needs = needs_of(pod)
    asked = [name for name in sorted(needs) if name not in PLAIN]
    scarce = next((name for name in (*lacking, *asked) if name not in PLAIN), lacking[0] if lacking else "")
    groups = list(suited(seen, pod))
    claims = _claims(pod)
    if labels := unmet(seen, pod):
        words, remedy, certain = _unlabelled(seen, labels)
    elif "persistentvolumeclaim" in message.lower():
        words, remedy, certain = _without_volume(message)
    elif scarce:
        words, remedy, certain = _scarce(seen, pod, scarce, groups, reasons)
    else:
        words, remedy = _refused(seen, pod, reasons, message), _way_out(seen, groups, reasons)
        certain = any("anti-affinity" in reason for reason in reasons)
    growing = not certain and any(_may_grow(one) and not one.hindered and has_autoscaler(seen, one) for one in groups)
    coming = [] if certain else [claim for one in groups if one.pool for claim in starting(seen, one.name)]
    if coming:
        names = listed(claim["metadata"]["name"] for claim in coming)
        remedy = f"Karpenter is starting {counted(len(coming), 'machine')}: {names}"
    return Finding(
        severity=Severity.WARNING if growing or coming else Severity.BROKEN,
        subject=subject_of("Pod", pod),
        owner=seen.owner_of(pod),
        words=words,
        remedy=remedy,
        because=frozenset({*claims, *_ill_nodes(seen, groups)}),
        layer=3,
    )


def _unlabelled(seen: Seen, labels: tuple[tuple[str, str], ...]) -> tuple[str, str, bool]:
    """What is said where a pod asks for labels that neither a node nor a new machine has: more machines do not help."""
    asked = " and ".join(f"{key}={value}" for key, value in labels)
    words = f"it asks for a node with {asked}, and none has that, nor would a new one of any node group"
    key, value = labels[0]
    if there := values_of(seen, key):
        near = meant(value, there)
        words += f" ({key} is {listed(there, 6)} here)"
        remedy = f"did you mean {key}={near}? " if near else ""
        return words, f"{remedy}mend the nodeSelector or affinity of the pod", True
    path = f"labels: {{{key}: {value}}}"
    return words, f"take it out of the pod's nodeSelector or affinity, or give a group of nodeGroups {path}", True


def _without_volume(message: str) -> tuple[str, str, bool]:
    """What is said where a claim is not there, or has no volume yet: no machine helps with that."""
    told = message.partition("preemption:")[0].partition(" nodes are available: ")[2] or message
    if found := _CLAIM.search(told):
        name = found.group(1)
        return (
            f"its PersistentVolumeClaim {name} is not there",
            f"make the claim {name} in the pod's namespace, or name one that is there",
            True,
        )
    return f"its volume is not there: {short(told)}", "see why its claim has no volume: kubectl describe pvc", True


def _ill_nodes(seen: Seen, groups: list[Group]) -> Iterator[str]:
    """What would have taken it: groups that get no machines, and their nodes, where they do not answer."""
    for group in groups:
        if group.desired > group.machines or group.status not in ("ACTIVE", "UPDATING"):
            yield group.subject
        for node in seen.objects.get("Node", ()):
            own = selects({"mlinfra/node-group": group.name}, node)
            if own and condition(node, "Ready").get("status") != "True":
                yield f"node {node['metadata']['name']}"


def _scarce(seen: Seen, pod: Live, name: str, groups: list[Group], reasons: dict[str, int]) -> tuple[str, str, bool]:
    """What is said where a resource is short, what it takes, and whether more of the same nodes would not help."""
    amount = needs_of(pod).get(name, Decimal(0))
    need = f"each needs {_spelt(name, amount)}"
    having = [node for node in seen.objects.get("Node", ()) if has(node, name) > 0]
    largest = max((has(node, name) for node in having), default=Decimal(0))
    if not having:
        return (*_nowhere(seen, pod, name, need, groups), False)
    if amount > largest and not groups:
        words = f"{need}, and no node has more than {_spelt(name, largest)}"
        return words, "ask for less, or add a node group of larger machines to nodeGroups", True
    if name not in PLAIN and (taints := untolerated(pod, having)):
        kept = "the node that has it is kept" if len(having) == 1 else f"the {len(having)} nodes that have it are kept"
        words = f"{need}, and {kept} for pods that tolerate {' and '.join(taints)}, which it does not"
        return words, "add a toleration for it to the pod, or take the taint out of the node group (taints)", True
    full = "the only node that has it is full" if len(having) == 1 else f"all {len(having)} nodes that have it are full"
    words = f"{need}, and {full}"
    if name not in PLAIN and (held := holders(seen, name)):
        words += f" (held by {listed(f'{who}: {number}' for who, number in held.items())})"
    others = [text for text in _others(reasons) if "cordoned" in text]
    return "; ".join((words, *others)), _grow(seen, groups) or f"free some, or add a node with {name}", False


def _nowhere(seen: Seen, pod: Live, name: str, need: str, groups: list[Group]) -> tuple[str, str]:
    young = {str((claim.get("status") or {}).get("nodeName", "")) for claim in starting(seen)}
    nodes = [node for node in seen.objects.get("Node", ()) if node["metadata"]["name"] not in young]
    bare = [node for node in nodes if GPU_LABEL in (node["metadata"].get("labels") or {})]
    if name == GPU and bare:
        there = "1 node with GPUs is there" if len(bare) == 1 else f"{len(bare)} nodes with GPUs are there"
        words = f"{need}, and no node offers any, although {there}"
        return words, "the NVIDIA device plugin tells of them: see that its pods run on these nodes"
    if groups:
        return f"{need}, and no node that is there has any", _grow(seen, groups)
    if told := barred(seen, pod, name):
        return f"{need}, and {told}", "mend what the pod asks for, or add a group of machines for it to nodeGroups"
    return f"{need}, and neither a node nor a node group has any", "add a node group of such machines to nodeGroups"


def _grow(seen: Seen, groups: list[Group]) -> str:
    """What it takes to have one node more."""
    if not groups:
        return ""
    open_ones = [group for group in groups if _may_grow(group)]
    if not open_ones:
        told = listed(f"group {one.name} has {one.desired} of at most {one.maximum}" for one in groups)
        paths = " or ".join(f"nodeGroups.{one.name}.max" for one in groups)
        return f"{told}: raise {paths} (mlinfra capacity says whether the quota allows it), or free what is held"
    told = listed(f"group {one.name} may grow from {one.desired} to {one.maximum}" for one in open_ones)
    grown = [one for one in open_ones if has_autoscaler(seen, one)]
    if grown:
        tried = "".join(f"; its last try failed: {short(one.hindered)}" for one in grown if one.hindered)
        who = "Karpenter" if grown[0].pool else "the autoscaler"
        full = [one for one in groups if not _may_grow(one) and not one.pool]
        paths = " or ".join(f"nodeGroups.{one.name}.max" for one in full)
        instead = f"; what stands in is at its most: raise {paths}" if tried and full else ""
        return f"{told}: {who} adds a machine, which takes some minutes{tried}{instead}"
    first = open_ones[0]
    if first.pool:
        return f"{told}, and Karpenter, which would do that, does not run: see what is said of it"
    path = f"nodeGroups.{first.name}.min"
    return f"{told}, and nothing does that by itself here: add `autoscaling`, or raise {path}"


def _may_grow(group: Group) -> bool:
    return group.desired < group.maximum


def _way_out(seen: Seen, groups: list[Group], reasons: dict[str, int]) -> str:
    if any("anti-affinity" in reason for reason in reasons):
        return (
            "ask for fewer replicas, or have more nodes; what should only rather be apart is `preferred`, not required"
        )
    if (grow := _grow(seen, groups)) or not reasons:
        return grow
    if any("PersistentVolume's node affinity" in reason or "volume node affinity" in reason for reason in reasons):
        return "its volume stays in its zone: have a node there, by a group whose `zones` name it, or free one there"
    return "mend what the pod asks of its node (nodeSelector, affinity, tolerations), or add a group of such nodes"


def _refused(seen: Seen, pod: Live, reasons: dict[str, int], message: str) -> str:
    told = list(_others(reasons))
    if taints := untolerated(pod, seen.objects.get("Node", ())):
        told.append(f"it tolerates none of {', '.join(taints)}")
    if told:
        return "no node takes it: " + "; ".join(told)
    if "no nodes available" in message:
        return "the cluster has no nodes"
    return f"no node takes it: {short(message.partition('preemption:')[0]) or 'the scheduler gives no reason'}"


def _others(reasons: dict[str, int]) -> Iterator[str]:
    for reason, number in reasons.items():
        text = next((words for part, words in _OTHERS.items() if part in reason), "")
        if text:
            yield text.format(nodes=counted(number, "node"))


def _claims(pod: Live) -> frozenset[str]:
    namespace = pod["metadata"].get("namespace", "")
    names = [
        volume["persistentVolumeClaim"].get("claimName")
        for volume in (pod.get("spec") or {}).get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]
    return frozenset(f"PersistentVolumeClaim {namespace}/{name}" for name in names)


def _spelt(name: str, amount: Decimal) -> str:
    """`1 nvidia.com/gpu`, `1.93 CPUs`, `12Gi of memory`."""
    if name == "cpu":
        return f"{amount.normalize():f} CPU{'' if amount == 1 else 's'}"
    if name in PLAIN:
        return f"{format_quantity(amount, binary=True)} of {name}"
    return f"{format_quantity(amount)} {name}"
