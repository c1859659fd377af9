"""Tags of the scaling group, from which an autoscaler learns what a node would be like while there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlinfra.core.value import Value
from mlinfra.library import Scope

from .machines import Machines

# Cluster Autoscaler on AWS, "Auto-discovery setup" and "Using mixed instances policies" (cloudprovider/aws/README.md,
# November 2026). EKS itself tells it of labels and taints of managed groups, but not of what else nodes offer.
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}


def add_scaling_tags(
    scope: Scope, scaling_group: Value, machines: Machines, labels: Mapping[str, str], taints: list[dict[str, str]]
) -> None:
    """Add one tag for each resource, label and taint. EKS makes the group, so each tag is a resource of its own."""
    for kind, name, value in _templates(machines, labels, taints):
        tag = {"key": f"{_TEMPLATE}/{kind}/{name}", "value": value, "propagateAtLaunch": False}
        properties = {"autoscalingGroupName": scaling_group, "tag": tag}
        local_name = re.sub(r"[^A-Za-z0-9]+", "-", f"{kind}-{name}")
        scope.add(f"scaling-tags.{local_name}", "aws:autoscaling/tag:Tag", properties)


def _templates(
    machines: Machines, labels: Mapping[str, str], taints: list[dict[str, str]]
) -> Iterator[tuple[str, str, str]]:
    if machines.accelerator:
        yield "resources", machines.accelerator, str(machines.count)
    for name, value in labels.items():
        yield "label", name, value
    for taint in taints:
        yield "taint", taint["key"], f"{taint.get('value', '')}:{_EFFECTS[taint['effect']]}"
