"""Ingresses of ingress-nginx: each is told where the controller of its class is reached.

The controller is found by its arguments (`--ingress-class`, `--publish-status-address`), as its chart sets them; where
something stands in for the chart, by its name, which the chart makes of the release's. Nothing is routed: there are no
requests here. Behaviour: kubernetes/ingress-nginx v1.15, docs/user-guide/cli-arguments (read November 2026). Called by
the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, INGRESS
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, at

_CLASS, _ADDRESS = "--ingress-class=", "--publish-status-address="


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Say where the Ingress is reached, once its controller is ready."""
    ingress = cluster.find(INGRESS, key)
    if ingress is None or is_deleted(ingress) or at(ingress, ("status", "loadBalancer", "ingress")):
        return None
    name = at(ingress, ("spec", "ingressClassName"))
    host = next(filter(None, (_host(one, name) for one in cluster.peek(DEPLOYMENT))), "") if name else ""
    if host:
        cluster.set_status(INGRESS, ingress, {"loadBalancer": {"ingress": [{"hostname": host}]}})
    return None


def _host(deployment: Object, class_name: str) -> str:
    """Where that controller is reached; empty for any other, and while it has no ready pod."""
    if not at(deployment, ("status", "readyReplicas"), 0):
        return ""
    arguments = list(_arguments(deployment))
    if f"{_CLASS}{class_name}" in arguments:
        said = next((one.removeprefix(_ADDRESS) for one in arguments if one.startswith(_ADDRESS)), "")
        return said or f"{class_name}.sandbox"
    return f"{class_name}.sandbox" if deployment["metadata"]["name"] == f"{class_name}-controller" else ""


def _arguments(deployment: Object) -> Iterable[str]:
    for container in at(deployment, ("spec", "template", "spec", "containers")) or ():
        yield from container.get("args") or ()


CONTROLLER = Controller(
    name="ingress-nginx-controller",
    reconcile=reconcile,
    triggers={"ingresses.networking.k8s.io": itself, "deployments.apps": all_of(INGRESS)},
)
