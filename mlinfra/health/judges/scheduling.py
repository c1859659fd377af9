"""Pods that wait for a node: what they need, why no node gives it, and what it would take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from mlinfra.core.health import Finding, Severity
from mlinfra.documents.quantity import format_quantity
from mlinfra.health.claims import claims_of
from mlinfra.health.fitting import barred, could_run, fits, lies_in, meant, outsized, suited, unmet, values_of, waiting
from mlinfra.health.growth import grow, grows, no_type_for, on_its_way, unmoved_by
from mlinfra.health.plugins import PLUGIN, late_nodes, untold
from mlinfra.health.pools import gone_pools, starting
from mlinfra.health.refusing import untolerated
from mlinfra.health.room import (
    GPU,
    PLAIN,
    has,
    holders,
    listed,
    needs_of,
    refusals,
)
from mlinfra.health.seen import Group, Live, Seen, condition, controller_of, counted, selects, short, subject_of
from mlinfra.health.turnover import Turnover, leaving, turnovers, unsettled

_LACK = "Insufficient "
_LESS = "ask for less, or add a group of a type with more to nodeGroups"
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


class _Moves(msgspec.Struct, frozen=True):
    """What moves meanwhile: groups by subject, the nodes that go, those that have only just come or go."""

    groups: Mapping[str, Turnover]
    going: Mapping[str, str]
    unsettled: frozenset[str]


def find(seen: Seen) -> Iterator[Finding]:
    """What each waits for: those that one controller made, and the scheduler says the same of, for the same."""
    moves = _Moves(turnovers(seen), leaving(seen), unsettled(seen))
    told: dict[tuple[str, str, str], Finding] = {}
    for pod in waiting(seen):
        message, owner = str(condition(pod, "PodScheduled").get("message") or ""), controller_of(pod)
        alike = (pod["metadata"].get("namespace", ""), str(owner and owner.get("uid")), message)
        if owner is None or claims_of(pod) or alike not in told:
            told[alike] = _waiting(seen, pod, message, moves)
        yield msgspec.structs.replace(told[alike], subject=subject_of("Pod", pod))


def _waiting(seen: Seen, pod: Live, message: str, moves: _Moves) -> Finding:
    reasons = refusals(message)
    lacking = sorted(reason.removeprefix(_LACK) for reason in reasons if reason.startswith(_LACK))
    needs = needs_of(pod)
    asked = [name for name in sorted(needs) if name not in PLAIN]
    unfit = no_type_for(seen, pod)
    groups = [group for group in suited(seen, pod) if not (group.pool and unfit)]
    scarce = next((name for name in (*lacking, *asked) if name not in PLAIN), lacking[0] if lacking else "")
    scarce = ("" if groups else outsized(seen, pod)) or scarce
    claims = claims_of(pod)
    if labels := unmet(seen, pod):
        words, remedy, certain = _unlabelled(seen, labels)
    elif "persistentvolumeclaim" in message.lower():
        words, remedy, certain = _without_volume(message)
    elif scarce:
        words, remedy, certain = _scarce(seen, pod, scarce, groups, reasons, moves)
    else:
        words, remedy = _refused(seen, pod, reasons, message), _way_out(seen, pod, groups, reasons)
        certain = any("anti-affinity" in reason for reason in reasons)
    unmoved = "" if certain else unmoved_by(seen, pod)
    growing = not certain and not unmoved and any(grows(seen, one) for one in groups)
    coming = [] if certain else [claim for one in groups if one.pool for claim in starting(seen, one.name)]
    replacing = "" if certain else on_its_way(groups, moves.groups)
    if coming:
        names = listed(claim["metadata"]["name"] for claim in coming)
        remedy = f"Karpenter is starting {counted(len(coming), 'machine')}: {names}"
    elif replacing:
        remedy = f"nothing: {replacing}"
    elif unmoved and any(grows(seen, one) for one in groups):
        remedy = f"the autoscaler adds no machine for it ({unmoved}): mend what it asks for, or have a group for it"
    elif unfit and not groups and not certain:
        remedy = f"Karpenter adds no machine for it ({unfit}): {_LESS}"
    settling = scarce and not remedy  # on a node that is there, and has yet to tell of it
    return Finding(
        severity=Severity.WARNING if growing or coming or replacing or settling else Severity.BROKEN,
        subject=subject_of("Pod", pod),
        owner=seen.owner_of(pod),
        words=words,
        remedy=remedy,
        because=frozenset({*claims, *_ill_nodes(seen, groups, moves.groups), *_lost(seen, pod, growing, moves)}),
        layer=3,
    )


def _lost(seen: Seen, pod: Live, growing: bool, moves: _Moves) -> Iterator[str]:
    """What would have taken it and is not there: a pool that somebody deleted, the plugin that tells of GPUs."""
    if not growing:
        for pool in gone_pools(seen):
            if fits(seen, pod, pool):
                yield from (pool.subject, "kind NodePool")  # or its kind went, and it with that
    if GPU in needs_of(pod) and any(could_run(seen, pod, node) for node in late_nodes(seen, moves.unsettled)):
        yield PLUGIN


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


def _ill_nodes(seen: Seen, groups: list[Group], moving: Mapping[str, Turnover]) -> Iterator[str]:
    """What would have taken it: groups that get no machines, or only now, and their nodes that do not answer."""
    for group in groups:
        short = group.desired > group.machines or group.subject in moving
        if short or group.status not in ("ACTIVE", "UPDATING"):
            yield group.subject
        for node in seen.objects.get("Node", ()):
            own = selects({"mlinfra/node-group": group.name}, node)
            if own and condition(node, "Ready").get("status") != "True":
                yield f"node {node['metadata']['name']}"


def _scarce(
    seen: Seen, pod: Live, name: str, groups: list[Group], reasons: dict[str, int], moves: _Moves
) -> tuple[str, str, bool]:
    """What is said where a resource is short, what it takes, and whether more of the same nodes would not help."""
    amount = needs_of(pod).get(name, Decimal(0))
    need = f"each needs {_spelt(name, amount)}"
    every = [node for node in seen.objects.get("Node", ()) if has(node, name) > 0]
    having = [node for node in every if node["metadata"]["name"] not in moves.going]
    largest = max((has(node, name) for node in having), default=Decimal(0))
    if every and not having:
        told = listed(f"node {one['metadata']['name']} ({moves.going[one['metadata']['name']]})" for one in every)
        what = "the only node that has it goes" if len(every) == 1 else "the nodes that have it go"
        return f"{need}, and {what}: {told}", grow(seen, groups) or f"add a node with {name}", False
    if not having and not groups and outsized(seen, pod) == name:
        much = "so much" if name in PLAIN and name != "cpu" else "so many"
        return f"{need}, and no machine of the stack's groups has {much}", _LESS, True
    if not having:
        return (*_nowhere(seen, pod, name, need, groups, moves), False)
    if amount > largest and not groups:
        words = f"{need}, and no node has more than {_spelt(name, largest)}"
        words += ", nor would a new one of any group have enough" if outsized(seen, pod) == name else ""
        return words, "ask for less, or add a node group of larger machines to nodeGroups", True
    if name not in PLAIN and (taints := untolerated(pod, having)):
        kept = f"kept for pods that tolerate {' and '.join(taints)}, which it does not"
        words = f"{need}, and {_counted_nodes(having)} {kept}"
        return words, "add a toleration for it to the pod, or take the taint out of the node group (taints)", True
    able = [node for node in having if could_run(seen, pod, node)]
    if not able:
        words = f"{need}, and {_counted_nodes(having)} not what it asks for (nodeSelector, affinity, its volume's zone)"
        return words, grow(seen, groups) or "mend what the pod asks of its node", False
    most = max(has(node, name) for node in able)
    if amount > most:
        words = f"{need}, and no node that it may run on has more than {_spelt(name, most)}"
        return words, grow(seen, groups) or _LESS, not groups
    meant = "" if len(able) == len(having) else " and that it may run on"
    full = (
        "the only node that has it{} is full" if len(able) == 1 else f"all {len(able)} nodes that have it{{}} are full"
    )
    words = f"{need}, and {full.format(meant)}"
    if name not in PLAIN and (held := holders(seen, name, able)):
        words += f" (held by {listed(f'{who}: {number}' for who, number in held.items())})"
    others = [text for text in _others(reasons) if "cordoned" in text]
    return "; ".join((words, *others)), grow(seen, groups) or f"free some, or add a node with {name}", False


def _counted_nodes(nodes: list[Live]) -> str:
    return "the only node that has it is" if len(nodes) == 1 else f"the {len(nodes)} nodes that have it are"


def _nowhere(seen: Seen, pod: Live, name: str, need: str, groups: list[Group], moves: _Moves) -> tuple[str, str]:
    if name == GPU and (bare := untold(seen, moves.unsettled)):
        return f"{need}, and {bare[0]}", bare[1]
    if groups:
        return f"{need}, and no node that is there has any", grow(seen, groups)
    if told := barred(seen, pod, name):
        return f"{need}, and {told}", "mend what the pod asks for, or add a group of machines for it to nodeGroups"
    return f"{need}, and neither a node nor a node group has any", "add a node group of such machines to nodeGroups"


def _way_out(seen: Seen, pod: Live, groups: list[Group], reasons: dict[str, int]) -> str:
    if any("anti-affinity" in reason for reason in reasons):
        return (
            "ask for fewer replicas, or have more nodes; what should only rather be apart is `preferred`, not required"
        )
    if (more := grow(seen, groups)) or not reasons:
        return more
    if any("PersistentVolume's node affinity" in reason or "volume node affinity" in reason for reason in reasons):
        zone = lies_in(seen, pod) or "its zone"
        return f"its volume stays in {zone}: have a node there, by a group whose `zones` name it, or free one there"
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


def _spelt(name: str, amount: Decimal) -> str:
    """`1 nvidia.com/gpu`, `1.93 CPUs`, `12Gi of memory`."""
    if name == "cpu":
        return f"{amount.normalize():f} CPU{'' if amount == 1 else 's'}"
    if name in PLAIN:
        return f"{format_quantity(amount, binary=True)} of {name}"
    return f"{format_quantity(amount)} {name}"
