"""What pods are: their state in a word, the claims they use, the budgets over them, and how a template becomes one.

Called by the scheduler, the kubelet and every workload controller.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import POD
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster, owner_reference
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, clone

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


def phase(pod: Object) -> str:
    """Pending, Running, Succeeded or Failed."""
    return str(at(pod, ("status", "phase")) or "Pending")


def has_ended(pod: Object) -> bool:
    """Whether a pod will not run again."""
    return phase(pod) in ("Succeeded", "Failed")


def is_deleted(pod: Object) -> bool:
    """Whether a pod is on its way out."""
    return "deletionTimestamp" in pod["metadata"]


def is_active(pod: Object) -> bool:
    """Whether a pod counts: neither ended nor being deleted."""
    return not has_ended(pod) and not is_deleted(pod)


def is_ready(pod: Object) -> bool:
    """Whether a pod takes traffic."""
    return conditions.holds(pod, "Ready")


def is_available(pod: Object, minimum: int, now: datetime) -> bool:
    """Whether a pod has been ready for `minReadySeconds`."""
    ready = conditions.find(at(pod, ("status", "conditions")), "Ready")
    if ready is None or ready["status"] != "True":
        return False
    return minimum == 0 or seconds_since(ready["lastTransitionTime"], now) >= minimum


def claims_of(pod: Object) -> list[str]:
    """The names of the PersistentVolumeClaims that a pod uses; ephemeral ones are named for pod and volume."""
    names = []
    for volume in at(pod, ("spec", "volumes")) or ():
        if "persistentVolumeClaim" in volume:
            names.append(volume["persistentVolumeClaim"]["claimName"])
        elif "ephemeral" in volume:
            names.append(f"{pod['metadata']['name']}-{volume['name']}")
    return names


def controlled_budgets(pod: Object, budgets: Iterable[Object]) -> Objects:
    """The PodDisruptionBudgets that cover a pod."""
    meta = pod["metadata"]
    return [
        budget
        for budget in budgets
        if budget["metadata"]["namespace"] == meta.get("namespace")
        and at(budget, ("spec", "selector")) is not None
        and parse_labels(budget["spec"]["selector"])(meta.get("labels") or {})
    ]


def template_hash(template: Object) -> str:
    """A short name for a pod template, as ReplicaSets bear it: ten letters and digits without look-alikes."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_SUFFIX[byte % len(_SUFFIX)] for byte in digest[:10])


def from_template(owner: Object, template: Object, labels: Mapping[str, str] | None = None, name: str = "") -> Object:
    """A pod for its controller: named, or with a generated name."""
    meta = clone(template.get("metadata") or {})
    naming = {"name": name} if name else {"generateName": f"{owner['metadata']['name']}-"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **{key: meta[key] for key in ("annotations", "finalizers") if key in meta},
            **naming,
            "namespace": owner["metadata"]["namespace"],
            "labels": {**(meta.get("labels") or {}), **(labels or {})},
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": clone(template.get("spec") or {}),
    }


def create(cluster: Cluster, owner: Object, pod: Object, component: str) -> Object | None:
    """Create a pod for its controller, and say so; None where the API refuses it, which is said as well."""
    try:
        made = cluster.create(pod)
    except ApiError as error:
        if error.reason == "AlreadyExists":
            return None
        cluster.record(owner, component, "FailedCreate", f"Error creating: {error.message}", warning=True)
        raise
    cluster.record(owner, component, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")
    return made


def delete(cluster: Cluster, owner: Object, pod: Object, component: str) -> None:
    """Delete a pod for its controller, and say so."""
    cluster.delete(POD, pod)
    cluster.record(owner, component, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
