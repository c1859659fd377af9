"""The add-ons of EKS inside their cluster: their objects are made, brought to a new version, and taken away.

An add-on whose workloads have lacked pods for a while is DEGRADED, with the reason that EKS gives, until they are
there (EKS API reference, AddonHealth and AddonIssue, November 2026). That an add-on is ACTIVE says EKS itself, without
waiting for pods, which come a moment later. Called by the runtime.
"""

from __future__ import annotations

from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.add_on_objects import NAMESPACE, objects_of
from mlinfra.sandbox.kubernetes.controllers.catalog import DAEMON_SET, DEPLOYMENT, SERVICE
from mlinfra.sandbox.kubernetes.controllers.cloud import AddOn
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.values import Object, at

NAME = "eks-add-ons"
_KEY: Key = ("", NAME)
_MANAGER = "eks"
_OWN = {"app.kubernetes.io/managed-by": "EKS"}
_LOOK = 10.0  # seconds between looks at whether pods that lacked have come
_KINDS = (DEPLOYMENT, DAEMON_SET, SERVICE)
_LACKING = "InsufficientNumberOfReplicas"
_WORDS = "The add-on is unhealthy because it doesn't have the desired number of replicas."


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Make what is wanted, take away what is not, and tell how each is."""
    installed = {one.name: one for one in cluster.cloud.installed()}
    for gvk in _KINDS:
        for live in cluster.peek(gvk, NAMESPACE, _OWN):
            if at(live, ("metadata", "labels", "app.kubernetes.io/instance")) not in installed:
                cluster.delete(gvk, live)
    for add_on in installed.values():
        for wanted in objects_of(add_on):
            _keep(cluster, wanted)
    lacking = [one for one in installed.values() if not _tell(cluster, one)]
    return Again(_LOOK, quiet=True) if lacking else None


def _keep(cluster: Cluster, wanted: Object) -> None:
    """Make it, or bring it to its version; what users changed beside that stays theirs."""
    gvk = GroupVersionKind.of(wanted["apiVersion"], wanted["kind"])
    live = cluster.find(gvk, (NAMESPACE, wanted["metadata"]["name"]))
    if live is None:
        cluster.create(wanted, _MANAGER)
    elif gvk != SERVICE and _images(live) != _images(wanted):
        cluster.patch(gvk, live, {"spec": {"template": wanted["spec"]["template"]}})


def _images(workload: Object) -> list[str]:
    return [one["image"] for one in at(workload, ("spec", "template", "spec", "containers")) or ()]


def _tell(cluster: Cluster, add_on: AddOn) -> bool:
    """Say how it is. Answers whether all of its pods are there."""
    late = young = False
    for wanted in objects_of(add_on):
        live = cluster.find(GroupVersionKind.of(wanted["apiVersion"], wanted["kind"]), _place(wanted))
        if live is None or wanted["kind"] != "Deployment":
            continue
        available = conditions.find(at(live, ("status", "conditions")), "Available") or {}
        if available.get("status") == "True":
            continue
        since = datetime.fromisoformat(
            str(available.get("lastTransitionTime") or live["metadata"]["creationTimestamp"])
        )
        if (cluster.clock() - since).total_seconds() >= cluster.timings.add_on_patience:
            late = True
        else:
            young = True
    if late or not young:
        cluster.cloud.set_add_on_health(add_on.name, (_LACKING, _WORDS) if late else None)
    return not late and not young


def _place(wanted: Object) -> Key:
    return NAMESPACE, wanted["metadata"]["name"]


def _when_ours(_: Cluster, event: object) -> tuple[Key, ...]:
    obj = getattr(event, "object", {})
    return (_KEY,) if (obj["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") == "EKS" else ()


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"deployments.apps": _when_ours, "daemonsets.apps": _when_ours},
    nudged=_KEY,
)
