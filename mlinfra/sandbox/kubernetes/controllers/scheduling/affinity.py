"""Node affinity and pod (anti-)affinity: which nodes a pod demands, prefers or shuns. Called by `placement`. Pure.

Rules: kubernetes.io, "Assigning Pods to Nodes", 1.33.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, at

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def matches_node(pod: Object, info: NodeInfo) -> bool:
    """Whether a node has the labels that a pod's nodeSelector and required node affinity demand."""
    selector = at(pod, ("spec", "nodeSelector")) or {}
    if any(info.labels.get(key) != value for key, value in selector.items()):
        return False
    required = at(pod, ("spec", "affinity", "nodeAffinity", _REQUIRED))
    return required is None or matches_terms(required.get("nodeSelectorTerms") or (), info.labels, info.name)


def matches_terms(terms: Iterable[Object], labels: Mapping[str, str], name: str) -> bool:
    """Whether one of a node selector's terms holds. A term without any rule never does."""
    return any(matches_term(term, labels, name) for term in terms)


def matches_term(term: Object, labels: Mapping[str, str], name: str) -> bool:
    """Whether all rules of a node selector term hold."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    return parse_labels({"matchExpressions": expressions})(labels) and parse_labels({"matchExpressions": fields})(
        {"metadata.name": name}
    )


def node_preference(pod: Object, info: NodeInfo) -> int:
    """The sum of the weights of the preferred node affinity terms that hold."""
    terms = at(pod, ("spec", "affinity", "nodeAffinity", _PREFERRED)) or ()
    return sum(int(t["weight"]) for t in terms if matches_term(t.get("preference") or {}, info.labels, info.name))


def required_terms(pod: Object, which: str) -> list[Object]:
    """The required terms of `podAffinity` or `podAntiAffinity`."""
    return list(at(pod, ("spec", "affinity", which, _REQUIRED)) or ())


def preferred_terms(pod: Object, which: str) -> list[Object]:
    """The preferred terms, with their weights."""
    return list(at(pod, ("spec", "affinity", which, _PREFERRED)) or ())


def selects(term: Object, owner: Object, other: Object, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a pod affinity term of one pod is about another pod."""
    if not _in_namespaces(term, owner, other, namespaces):
        return False
    selector = term.get("labelSelector")
    if selector is None:
        return False
    labels = other["metadata"].get("labels") or {}
    return parse_labels(selector)(labels) and _same_values(term, owner, labels)


def _in_namespaces(term: Object, owner: Object, other: Object, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    place = other["metadata"].get("namespace", "")
    selector = term.get("namespaceSelector")
    if place in (term.get("namespaces") or ()):
        return True
    if selector is not None:
        return parse_labels(selector)(namespaces.get(place, {}))
    return not term.get("namespaces") and place == owner["metadata"].get("namespace", "")


def _same_values(term: Object, owner: Object, labels: Mapping[str, str]) -> bool:
    own = owner["metadata"].get("labels") or {}
    alike = all(labels.get(key) == own[key] for key in term.get("matchLabelKeys") or () if key in own)
    unlike = all(labels.get(key) != own[key] for key in term.get("mismatchLabelKeys") or () if key in own)
    return alike and unlike


def domains(term: Object, pod: Object, snapshot: Snapshot) -> Counter[str]:
    """How many of the pods that a term is about lie in each domain of its topology."""
    counts: Counter[str] = Counter()
    for node in snapshot.nodes.values():
        domain = node.labels.get(term["topologyKey"])
        if domain is not None:
            counts[domain] += sum(selects(term, pod, other, snapshot.namespaces) for other in node.pods.values())
    return +counts


class Neighbourhood:
    """What pod (anti-)affinity says about one pod and all nodes of a snapshot."""

    def __init__(self, pod: Object, snapshot: Snapshot) -> None:
        self._near = [(term, domains(term, pod, snapshot)) for term in required_terms(pod, "podAffinity")]
        self._far = [(term, domains(term, pod, snapshot)) for term in required_terms(pod, "podAntiAffinity")]
        self._wishes = [
            (sign * int(entry["weight"]), entry["podAffinityTerm"]["topologyKey"], counts)
            for which, sign in (("podAffinity", 1), ("podAntiAffinity", -1))
            for entry in preferred_terms(pod, which)
            if (counts := domains(entry["podAffinityTerm"], pod, snapshot))
        ]
        # The first of a group whose pods are attracted by each other may go anywhere.
        self._first = not any(counts for _, counts in self._near) and all(
            selects(term, pod, pod, snapshot.namespaces) for term, _ in self._near
        )
        self._closed = {
            (term["topologyKey"], node.labels.get(term["topologyKey"]))
            for node, other in snapshot.repelling()
            for term in required_terms(other, "podAntiAffinity")
            if selects(term, other, pod, snapshot.namespaces)
        }

    def attracted(self, info: NodeInfo) -> bool:
        """Whether required pod affinity lets the pod onto a node."""
        if any(term["topologyKey"] not in info.labels for term, _ in self._near):
            return False
        return self._first or all(counts[info.labels[term["topologyKey"]]] for term, counts in self._near)

    def repelled(self, info: NodeInfo) -> bool:
        """Whether the pod's own required anti-affinity keeps it away."""
        return any(
            counts[info.labels[term["topologyKey"]]] for term, counts in self._far if term["topologyKey"] in info.labels
        )

    def shut_out(self, info: NodeInfo) -> bool:
        """Whether the required anti-affinity of pods that are there already keeps it away."""
        return any(key in info.labels and info.labels[key] == domain for key, domain in self._closed)

    def preference(self, info: NodeInfo) -> int:
        """Weights of preferred pod affinity that a node would satisfy, less those of preferred anti-affinity."""
        return sum(weight * counts[info.labels[key]] for weight, key, counts in self._wishes if key in info.labels)
