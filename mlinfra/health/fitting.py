"""Fitting: whether a new machine of a node group could take a pod, and which labels that a pod asks for there are.

For the judge of pods that wait, and of what a shortage keeps waiting. A new machine is as those of its group that are
there; where there is none, as the cloud tells of the group; of a pool of Karpenter's, as one of its types. What nobody
knows keeps no pod away. Semantics: kubernetes.io, "Assigning Pods to Nodes", "Taints and Tolerations" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mlinfra.health.offers import TYPE
from mlinfra.health.pools import POOL, pools
from mlinfra.health.refusing import untolerated
from mlinfra.health.room import GPU_LABEL, GROUP_LABEL, PLAIN, amount_of, has, needs_of, nodes_of
from mlinfra.health.seen import Choice, Group, Live, Seen, condition, selects

_EFA, _EFA_LABEL = "vpc.amazonaws.com/efa", "mlinfra/efa"
# Labels that machines get from the cloud, the kubelet and drivers: no group's own list tells of them.
_NATURAL = ("kubernetes.io", "k8s.io", "k8s.aws", "karpenter.sh", "eks.amazonaws.com", "nvidia.com", "amazonaws.com")
_NEVER = "kubernetes.io/hostname"  # of a machine that is there, never of a new one
_ZONE = "topology.kubernetes.io/zone"
_ZONES = (_ZONE, "topology.ebs.csi.aws.com/zone", "failure-domain.beta.kubernetes.io/zone")
_ACCELERATORS = ("nvidia.com/", "aws.amazon.com/neuron")


_Labels = Mapping[str, tuple[str, ...]]  # each with the values that it may have


def suited(seen: Seen, pod: Live) -> Iterator[Group]:
    """The groups a new machine of which could take a pod."""
    for group in (*seen.groups, *pools(seen)):
        if fits(seen, pod, group):
            yield group


def waiting(seen: Seen) -> Iterator[Live]:
    """The pods that no node takes."""
    for pod in seen.each("Pod"):
        scheduled = condition(pod, "PodScheduled")
        if (pod.get("status") or {}).get("phase") != "Pending" or scheduled.get("status") != "False":
            continue
        if scheduled.get("reason") != "SchedulingGated":  # else somebody holds it back on purpose, such as a queue
            yield pod


def is_waited_for(seen: Seen, group: Group) -> bool:
    """Whether a pod waits that a new machine of the group could take."""
    return any(fits(seen, pod, group) for pod in waiting(seen))


def stand_ins(seen: Seen, group: Group) -> list[Group]:
    """The groups of the same kind that have machines: where pods go that this one gets none for."""
    kind = _is_accelerated(group, nodes_of(seen, group.name))
    return [
        one
        for one in seen.groups
        if one is not group and one.machines and _is_accelerated(one, nodes_of(seen, one.name)) == kind
    ]


def fits(seen: Seen, pod: Live, group: Group) -> bool:
    """Whether a new machine of the group would have what the pod asks for, and would let it on."""
    nodes = nodes_of(seen, group.name)
    needs = {name: amount for name, amount in needs_of(pod).items() if amount}
    accelerated = any(name.startswith(_ACCELERATORS) for name in needs)
    named = any(key == GROUP_LABEL for key in _keys_asked_for(pod))
    if not accelerated and not named and _is_accelerated(group, nodes):
        return False  # it might, and nobody buys a machine with GPUs for a pod without
    return not _kept_for(pod, group, nodes) and any(
        all(_has_of(group, choice, nodes, name, amount) for name, amount in needs.items())
        and _meets(seen, pod, _labels(group, choice, nodes))
        for choice in _choices(group)
    )


def could_run(seen: Seen, pod: Live, node: Live) -> bool:
    """Whether a node that is there has the labels that a pod asks for, lies where its volumes do, and lets it on."""
    selector = (pod.get("spec") or {}).get("nodeSelector") or {}
    labels = {key: (value,) for key, value in _of_node(node).items()}
    asked = [terms for terms in (_terms(pod), *_places(seen, pod)) if terms]
    meant = selects(selector, node) and all(any(_term(labels, term) for term in terms) for terms in asked)
    return meant and not untolerated(pod, [node])


def lies_in(seen: Seen, pod: Live) -> str:
    """The zone that its volumes are in; empty where that is not known."""
    for terms in _places(seen, pod):
        for rule in (rule for term in terms for rule in term.get("matchExpressions") or ()):
            if rule.get("key") in _ZONES and rule.get("operator") == "In":
                return " or ".join(map(str, rule.get("values") or ()))
    return ""


def barred(seen: Seen, pod: Live, name: str) -> str:
    """Why no group that has some of a resource would take the pod, in words; empty where none has any."""
    wanted = needs_of(pod).get(name, amount_of("0"))
    told = []
    for group in (*seen.groups, *pools(seen)):
        nodes = nodes_of(seen, group.name)
        if not _offers(group, nodes, name, amount_of("1")):
            continue
        if not _offers(group, nodes, name, wanted):
            told.append(f"a machine of group {group.name} has not so many")
        elif taints := _kept_for(pod, group, nodes):
            told.append(f"group {group.name} is kept for pods that tolerate {' and '.join(taints)}, which it does not")
        else:
            told.append(f"group {group.name} has not all else that it asks for")
    return "; ".join(told)


def outsized(seen: Seen, pod: Live) -> str:
    """The resource that groups have some of, and that neither a node nor a machine of any has as much of as is asked.

    Only of machines with the accelerators that it asks for, where there are such: others are not meant.
    """
    needs = {name: amount for name, amount in needs_of(pod).items() if amount}
    every = [
        (group, choice, nodes_of(seen, group.name))
        for group in (*seen.groups, *pools(seen))
        for choice in _choices(group)
    ]
    nodes = seen.objects.get("Node", ())
    for name in sorted(needs, key=lambda name: (name in PLAIN, name)):
        having = [one for one in every if _has_of(*one, name, amount_of("1"))]
        enough = any(has(node, name) >= needs[name] for node in nodes)
        if having and not enough and not any(_has_of(*one, name, needs[name]) for one in having):
            return name
        every = every if name in PLAIN else [one for one in having if _has_of(*one, name, needs[name])]
    return ""


def unmet(seen: Seen, pod: Live) -> tuple[tuple[str, str], ...]:
    """The labels that a pod asks for and that neither a node nor a new machine of any group has: key and value."""
    every = [*(_of_node(node) for node in seen.objects.get("Node", ()))]
    coming = [
        _labels(group, choice, nodes_of(seen, group.name))
        for group in (*seen.groups, *pools(seen))
        for choice in _choices(group)
    ]
    found = []
    for key, values in _equals(pod):
        there = any(labels.get(key) in values for labels in every)
        if not there and not any(_has(labels, key, values) for labels in coming):
            found.append((key, " or ".join(values)))
    return tuple(found)


def values_of(seen: Seen, key: str) -> list[str]:
    """The values that nodes and groups have of a label."""
    every = [_of_node(node) for node in seen.objects.get("Node", ())]
    every += [{**group.labels, GROUP_LABEL: group.name} for group in (*seen.groups, *pools(seen))]
    return sorted({labels[key] for labels in every if key in labels})


def meant(value: str, values: Iterable[str]) -> str:
    """What was meant by a value that nothing has; empty where nothing is near."""
    known = list(values)
    return next(iter(get_close_matches(value, known, 1, 0.5)), "")


def _meets(seen: Seen, pod: Live, labels: _Labels) -> bool:
    """Whether these labels are what the pod's selector, its required affinity and its volumes ask for."""
    selector = (pod.get("spec") or {}).get("nodeSelector") or {}
    if not all(_has(labels, key, (str(value),)) for key, value in selector.items()):
        return False
    asked = [terms for terms in (_terms(pod), *_places(seen, pod)) if terms]
    return all(any(_term(labels, term) for term in terms) for terms in asked)


def _places(seen: Seen, pod: Live) -> Iterator[list[Mapping[str, Any]]]:
    """Where its volumes lie, as terms of node selectors."""
    namespace = pod["metadata"].get("namespace", "")
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = seen.by_subject.get(f"PersistentVolumeClaim {namespace}/{name}") or {}
        bound = seen.by_subject.get(f"PersistentVolume {(claim.get('spec') or {}).get('volumeName')}") or {}
        required = ((bound.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
        yield list(required.get("nodeSelectorTerms") or ())


def _terms(pod: Live) -> list[Mapping[str, Any]]:
    affinity = ((pod.get("spec") or {}).get("affinity") or {}).get("nodeAffinity") or {}
    return list((affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ())


def _term(labels: _Labels, term: Mapping[str, Any]) -> bool:
    if term.get("matchFields"):
        return False  # of one node by its name, such as a DaemonSet's pod
    return all(_rule(labels, rule) for rule in term.get("matchExpressions") or ())


def _rule(labels: _Labels, rule: Mapping[str, Any]) -> bool:
    key, values = str(rule.get("key", "")), tuple(map(str, rule.get("values") or ()))
    match rule.get("operator"):
        case "In":
            return _has(labels, key, values)
        case "Exists":
            return key in labels or _is_natural(key)
        case "NotIn":
            return key not in labels or any(value not in values for value in labels[key])
        case "DoesNotExist":
            return key not in labels
    return True  # comparisons are rare: what is not known keeps no pod away


def _has(labels: _Labels, key: str, values: tuple[str, ...]) -> bool:
    if key == _NEVER:
        return False
    key = _ZONE if key in _ZONES else key
    return any(value in values for value in labels[key]) if key in labels else _is_natural(key)


def _is_natural(key: str) -> bool:
    domain = key.partition("/")[0] if "/" in key else ""
    return any(domain == one or domain.endswith(f".{one}") for one in _NATURAL)


def _equals(pod: Live) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What must be one of some values: of the selector, and of an affinity that leaves no choice."""
    for key, value in sorted(((pod.get("spec") or {}).get("nodeSelector") or {}).items()):
        yield key, (str(value),)
    terms = _terms(pod)
    if len(terms) == 1:
        for rule in terms[0].get("matchExpressions") or ():
            if rule.get("operator") == "In":
                yield str(rule.get("key")), tuple(map(str, rule.get("values") or ()))


def _keys_asked_for(pod: Live) -> Iterator[str]:
    yield from (pod.get("spec") or {}).get("nodeSelector") or ()
    for term in _terms(pod):
        yield from (str(rule.get("key")) for rule in term.get("matchExpressions") or ())


def _of_node(node: Live) -> dict[str, str]:
    return dict(node["metadata"].get("labels") or {})


def _labels(group: Group, choice: Choice, nodes: list[Live]) -> _Labels:
    """Those that a new machine may have: what the group says itself, and what is common to the nodes that it has."""
    sets = [set(_of_node(node).items()) for node in nodes]
    common = dict(set.intersection(*sets)) if sets else {}
    found = {key: value for key, value in common.items() if not _varies(key)}
    found |= {**group.labels, **({POOL: group.name} if group.pool else {}), GROUP_LABEL: group.name}
    zones = {_ZONE: group.zones} if group.zones else {}
    return {**choice.labels, **{key: (value,) for key, value in found.items()}, **zones, **_arch(choice)}


def _varies(key: str) -> bool:
    """A new machine may lie in another zone, be bought otherwise, be of another type."""
    return _is_natural(key) and key not in ("kubernetes.io/os", "kubernetes.io/arch")


def _arch(choice: Choice) -> _Labels:
    """What its own type says goes before what the nodes have in common that there are."""
    return {key: values for key, values in choice.labels.items() if key == "kubernetes.io/arch"}


def _choices(group: Group) -> tuple[Choice, ...]:
    return group.choices or (Choice(),)


def _offers(group: Group, nodes: list[Live], name: str, amount: Any) -> bool:
    return any(_has_of(group, choice, nodes, name, amount) for choice in _choices(group))


def _has_of(group: Group, choice: Choice, nodes: list[Live], name: str, amount: Any) -> bool:
    """Whether a new machine of the group that is of one of its types has that much of a resource."""
    offers = {**group.offers, **choice.offers}
    if choice.offers:  # else what those have that there are is the best that is known
        nodes = [node for node in nodes if _of_node(node).get(TYPE) == choice.type]
    largest = max((has(node, name) for node in nodes), default=amount_of("0"))
    if largest:
        return bool(amount <= largest)
    if name in offers:
        return bool(amount <= amount_of(offers[name]))
    if name in PLAIN:
        return True
    if name.startswith("nvidia.com/"):
        return GPU_LABEL in group.labels or any(GPU_LABEL in _of_node(node) for node in nodes)
    if name == _EFA:
        return group.labels.get(_EFA_LABEL) == "true"
    return any(taint.get("key") == name for taint in group.taints)


def _is_accelerated(group: Group, nodes: list[Live]) -> bool:
    told = GPU_LABEL in group.labels or any(str(one.get("key")).startswith(_ACCELERATORS) for one in group.taints)
    return told or any(has(node, "nvidia.com/gpu") or has(node, "aws.amazon.com/neuron") for node in nodes)


def _kept_for(pod: Live, group: Group, nodes: list[Live]) -> tuple[str, ...]:
    """The taints that its machines have, and that the pod does not tolerate."""
    return untolerated(pod, nodes or [{"spec": {"taints": list(group.taints)}}])
