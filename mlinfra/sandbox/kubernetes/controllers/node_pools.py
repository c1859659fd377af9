"""What a Karpenter NodePool allows: which offerings, what labels and taints, how many, for how long idle.

Called by `karpenter`. Fields are those of karpenter.sh/v1 (read November 2026). It must not start machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from mlinfra.sandbox.kubernetes.controllers.cloud import Offering, Shape
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.quantity import amounts
from mlinfra.sandbox.kubernetes.selectors import parse_labels
from mlinfra.sandbox.kubernetes.values import Object, at

POOL = "karpenter.sh/nodepool"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
_UNITS = {"h": 3600, "m": 60, "s": 1}


def candidates(pool: Object, offerings: Iterable[Offering]) -> list[Offering]:
    """The offerings that satisfy a pool's requirements, cheapest first."""
    matches = parse_labels({"matchExpressions": at(pool, ("spec", "template", "spec", "requirements")) or []})
    found = [item for item in offerings if matches({**_labels(item.shape), **_own_labels(pool)})]
    return sorted(found, key=lambda item: (item.price, item.shape.instance_type, item.shape.zone))


def _own_labels(pool: Object) -> dict[str, str]:
    return {**(at(pool, ("spec", "template", "metadata", "labels")) or {}), POOL: pool["metadata"]["name"]}


def _labels(shape: Shape) -> dict[str, str]:
    """What Karpenter knows of an instance type by its name, besides what the offering says."""
    family, _, size = shape.instance_type.partition(".")
    category = re.match(r"[a-z]+", family)
    return {
        "karpenter.k8s.aws/instance-family": family,
        "karpenter.k8s.aws/instance-size": size,
        "karpenter.k8s.aws/instance-category": category[0] if category else "",
        CAPACITY_TYPE: shape.capacity_type,
        **shape.labels,
        "node.kubernetes.io/instance-type": shape.instance_type,
        "topology.kubernetes.io/zone": shape.zone,
    }


def pool_shape(pool: Object, shape: Shape) -> Shape:
    """A shape as a pool makes nodes of it. Startup taints are left out: they go before pods come."""
    template = at(pool, ("spec", "template", "spec")) or {}
    labels = {**_labels(shape), **_own_labels(pool)}
    return msgspec.structs.replace(shape, labels=labels, taints=list(template.get("taints") or ()))


def is_within_limits(cluster: Cluster, pool: Object, shape: Shape) -> bool:
    """Whether one more machine keeps to a pool's limits, of resources and of nodes."""
    limits = amounts(at(pool, ("spec", "limits")))
    name = pool["metadata"]["name"]
    mine = [machine.shape for machine in cluster.cloud.machines() if machine.shape.labels.get(POOL) == name]
    used = [{**amounts(item.capacity), "nodes": 1} for item in (*mine, shape)]
    return all(sum(item.get(resource, 0) for item in used) <= limit for resource, limit in limits.items())


def idle_time(pool: Object) -> timedelta | None:
    """How long a node of a pool may be empty; None: for ever."""
    text = at(pool, ("spec", "disruption", "consolidateAfter"), "0s")
    if text == "Never":
        return None
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", text)))
