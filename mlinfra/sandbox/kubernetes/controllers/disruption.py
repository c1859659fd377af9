"""PodDisruptionBudgets: how many of their pods may be evicted now. Called by the runtime.

`eviction` reads what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import conditions, rollout
from mlinfra.sandbox.kubernetes.controllers.catalog import BUDGET, DEPLOYMENT, REPLICA_SET, STATEFUL_SET
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, controller_of, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key, key_of
from mlinfra.sandbox.kubernetes.controllers.pods import controlled_budgets, is_active, is_ready
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

_SCALED = {"ReplicaSet": REPLICA_SET, "Deployment": DEPLOYMENT, "StatefulSet": STATEFUL_SET}


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Count the pods of a budget, and say how many may go."""
    budget = cluster.find(BUDGET, key)
    if budget is None:
        return None
    selector = at(budget, ("spec", "selector"))
    matches = parse_labels(selector) if selector is not None else (lambda _: False)
    pods = [p for p in cluster.pods.within(key[0]) if is_active(p) and matches(p["metadata"].get("labels") or {})]
    healthy = sum(is_ready(pod) for pod in pods)
    expected, wanted = _expectation(cluster, budget, pods)
    allowed = max(0, healthy - wanted) if pods else 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    news = [conditions.standard("DisruptionAllowed", allowed > 0, reason)]
    status = {
        "expectedPods": expected,
        "currentHealthy": healthy,
        "desiredHealthy": wanted,
        "disruptionsAllowed": allowed,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "conditions": conditions.merged(at(budget, ("status", "conditions")), news, cluster.now()),
    }
    cluster.set_status(BUDGET, budget, status)
    return None


def _expectation(cluster: Cluster, budget: Object, pods: Objects) -> tuple[int, int]:
    """How many pods there should be, and how many of them must be healthy."""
    least, most = at(budget, ("spec", "minAvailable")), at(budget, ("spec", "maxUnavailable"))
    if isinstance(least, int):
        return len(pods), least
    expected = _scale(cluster, pods)
    if most is not None:
        return expected, max(0, expected - rollout.resolve(most, expected, up=True))
    return expected, rollout.resolve(least if least is not None else 1, expected, up=True)


def _scale(cluster: Cluster, pods: Objects) -> int:
    """The replicas that the pods' controllers want together; pods without one count themselves."""
    wanted: dict[str, int] = {}
    for pod in pods:
        reference = controller_of(pod)
        gvk = _SCALED.get(reference["kind"]) if reference else None
        top = _top(cluster, gvk, reference["name"], pod["metadata"]["namespace"]) if gvk and reference else pod
        replicas = at(top, ("spec", "replicas"))
        wanted[top["metadata"]["uid"]] = 1 if replicas is None else int(replicas)
    return sum(wanted.values())


def _top(cluster: Cluster, gvk: GroupVersionKind, name: str, namespace: str) -> Object:
    found = cluster.store.get(gvk, name, namespace)
    above = controller_of(found)
    return (
        _top(cluster, _SCALED[above["kind"]], above["name"], namespace) if above and above["kind"] in _SCALED else found
    )


def _budgets_of_pod(cluster: Cluster, event: Event) -> Iterable[Key]:
    budgets = cluster.peek(BUDGET, event.object["metadata"]["namespace"])
    states = [pod for pod in (event.object, event.previous) if pod is not None]
    return [key_of(budget) for pod in states for budget in controlled_budgets(pod, budgets)]


def _beside(cluster: Cluster, event: Event) -> Iterable[Key]:
    return [key_of(budget) for budget in cluster.peek(BUDGET, event.object["metadata"]["namespace"])]


CONTROLLER = Controller(
    name="disruption-controller",
    reconcile=reconcile,
    triggers={
        "poddisruptionbudgets.policy": itself,
        "pods": _budgets_of_pod,
        "deployments.apps": _beside,
        "statefulsets.apps": _beside,
    },
)
