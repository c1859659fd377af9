"""Evicting a pod: deleting it if the budgets over it allow, and taking it off what they still allow.

For whoever empties nodes here, and for the API's eviction subresource. Rules: kubernetes.io, "API-initiated Eviction"
and "Unhealthy Pod Eviction Policy", 1.33. It must not wait.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers.catalog import BUDGET, POD
from mlinfra.sandbox.kubernetes.controllers.pods import controlled_budgets, has_ended, is_deleted, is_ready, phase
from mlinfra.sandbox.kubernetes.metadata import DeleteOptions
from mlinfra.sandbox.kubernetes.store import Store, Write
from mlinfra.sandbox.kubernetes.values import Object, Objects, at

_STATUS = Write(manager="kube-apiserver", subresource="status")


def evict(store: Store, pod: Object, options: DeleteOptions = DeleteOptions()) -> Object | None:  # noqa: B008 (frozen)
    """Evict a pod; gives the budget that forbids it, or None once it is done."""
    meta = pod["metadata"]
    with store.lock:
        counted = budgets_that_count(pod, store.peek(store.kind(BUDGET), meta["namespace"]))
        refusing = next((b for b in counted if at(b, ("status", "disruptionsAllowed"), 0) < 1), None)
        if refusing is not None:
            return refusing
        if not options.dry_run:
            for budget in counted:
                store.modify(BUDGET, budget["metadata"]["name"], meta["namespace"], _spend, _STATUS)
        store.delete(POD, meta["name"], meta["namespace"], options)
        return None


def budgets_that_count(pod: Object, budgets: Iterable[Object]) -> Objects:
    """The budgets that an eviction of a pod has to ask: none for one that does not run, or is ill enough to go."""
    if has_ended(pod) or is_deleted(pod) or phase(pod) == "Pending":
        return []
    return [budget for budget in controlled_budgets(pod, budgets) if is_ready(pod) or not _lets_ill_pods_go(budget)]


def _lets_ill_pods_go(budget: Object) -> bool:
    status = budget.get("status") or {}
    healthy = status.get("currentHealthy", 0) >= status.get("desiredHealthy", 0) > 0
    return healthy or bool(at(budget, ("spec", "unhealthyPodEvictionPolicy")) == "AlwaysAllow")


def _spend(budget: Object) -> Object:
    status = budget["status"]
    return {**budget, "status": {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1}}
