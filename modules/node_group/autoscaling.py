"""Tags of scaling groups: an autoscaler finds a group by them, and learns what a node would be like before one is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlinfra.core.stack import Stack
from mlinfra.core.value import Properties, Value
from mlinfra.library import Scope
from mlinfra.library.cluster_mark import cluster_mark

from .labels import KUBERNETES_EFFECTS

# Cluster Autoscaler on AWS, "Auto-discovery setup" and "Using mixed instances policies" (cloudprovider/aws/README.md,
# November 2026). EKS itself tells it of labels and taints of managed groups, but not of what else nodes offer.
_AUTOSCALER = "k8s.io/cluster-autoscaler"
_TEMPLATE = f"{_AUTOSCALER}/node-template"


def add_scaling_tags(
    scope: Scope,
    scaling_group: Value,
    offered: Mapping[str, int],
    labels: Mapping[str, str],
    taints: list[dict[str, str]],
) -> None:
    """Add one tag for each label, taint, and resource that nodes offer. EKS makes the group, so each tag is a resource
    of its own."""
    for kind, name, value in _templates(offered, labels, taints):
        properties = {"autoscalingGroupName": scaling_group, "tag": _tag(f"{_TEMPLATE}/{kind}/{name}", value)}
        local_name = re.sub(r"[^A-Za-z0-9]+", "-", f"{kind}-{name}")
        scope.add(f"scaling-tags.{local_name}", "aws:autoscaling/tag:Tag", properties)


def own_tags(
    stack: Stack, group: str, offered: Mapping[str, int], labels: Mapping[str, str], taints: list[dict[str, str]]
) -> list[Properties]:
    """All tags of a scaling group of our own; those that go to its machines mark them as the cluster's nodes."""
    cluster = stack.name
    tags = {f"{_TEMPLATE}/{kind}/{name}": value for kind, name, value in _templates(offered, labels, taints)}
    tags |= {f"{_AUTOSCALER}/enabled": "true", f"{_AUTOSCALER}/{cluster}": "owned"}
    # Self-managed nodes bear the cluster's tag (EKS user guide, "Self-managed nodes", November 2026).
    marks = {**stack.tags, "Name": f"{cluster}/{group}", **cluster_mark(cluster)}
    return [
        *(_tag(key, value) for key, value in tags.items()),
        *(_tag(key, value, to_machines=True) for key, value in marks.items()),
    ]


def _tag(key: str, value: str, *, to_machines: bool = False) -> Properties:
    return {"key": key, "value": value, "propagateAtLaunch": to_machines}


def _templates(
    offered: Mapping[str, int], labels: Mapping[str, str], taints: list[dict[str, str]]
) -> Iterator[tuple[str, str, str]]:
    for name, amount in offered.items():
        yield "resources", name, str(amount)
    for name, value in labels.items():
        yield "label", name, value
    for taint in taints:
        yield "taint", taint["key"], f"{taint.get('value', '')}:{KUBERNETES_EFFECTS[taint['effect']]}"
