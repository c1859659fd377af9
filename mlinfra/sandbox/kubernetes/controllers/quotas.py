"""Keeps the status of ResourceQuotas: what they allow, and how much of it is used. Called by the runtime.

`quotas` says what counts; the API refuses by its own reckoning, so that this may come later.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes import quotas
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller

_OTHERS = ("pods", "services", "persistentvolumeclaims", "secrets", "configmaps", "deployments.apps", "jobs.batch")


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Bring the status of one quota up to date."""
    quota = cluster.find(quotas.QUOTA, key)
    if quota is not None:
        cluster.set_status(quotas.QUOTA, quota, quotas.status(cluster.store, quota))
    return None


CONTROLLER = Controller(
    name="resourcequota-controller",
    reconcile=reconcile,
    triggers={"resourcequotas": itself} | dict.fromkeys(_OTHERS, all_of(quotas.QUOTA, same_namespace=True)),
)
