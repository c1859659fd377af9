"""Nodes more or fewer, by Cluster Autoscaler: it grows the groups that there are, the highest priority first."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Value
from mlinfra.library import Block, Handle, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Namespace, Permission, Rival, Statement, Teardown, Workload
from mlinfra.library.forms import Duration
from mlinfra.library.karpenter import NAME as KARPENTER
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.pod_security import CONTAINER, POD

from .releases import release_for

SECTION = Place("components", entry="cluster-autoscaler")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = "cluster-autoscaler"
_BOTH_START = "both start machines for the pods that wait, each as if the other were not there"
# The expander reads this map, by this name, in the namespace of the program (expander/priority/readme.md).
_PRIORITIES = "cluster-autoscaler-priority-expander"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="9.59.0",
            digest="sha256:90276dafe65cf5d4328ef8313baf6cfb9d130683e0c9f3c28a03b4d8a9ed8f6e",
            repository="https://kubernetes.github.io/autoscaler",
            app_version="1.35.0",
            source="https://github.com/kubernetes/autoscaler/tree/55c37cd5eb550756c5ccc5a89e9068d77797e575",
            looked_up="2026-08-22",
        ),
    ),
    namespaces=(Namespace(name=_NAME, entrances=()),),
    workloads=(Workload("Deployment", _NAME, _NAME),),
    permissions=(
        # cloudprovider/aws/README.md of the same source, "Full Cluster Autoscaler Features Policy".
        Permission(
            service_account=_NAME,
            namespace=_NAME,
            statements=(
                Statement(
                    actions=(
                        "autoscaling:DescribeAutoScalingGroups",
                        "autoscaling:DescribeAutoScalingInstances",
                        "autoscaling:DescribeLaunchConfigurations",
                        "autoscaling:DescribeScalingActivities",
                        "ec2:DescribeImages",
                        "ec2:DescribeInstanceTypes",
                        "ec2:DescribeLaunchTemplateVersions",
                        "ec2:GetInstanceTypesFromInstanceRequirements",
                    ),
                ),
                Statement(
                    actions=("eks:DescribeNodegroup",),
                    resources=("arn:{partition}:eks:{region}:{account}:nodegroup/{cluster}/*",),
                ),
                Statement(
                    actions=("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"),
                    conditions={
                        "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"},
                    },
                ),
            ),
        ),
    ),
    rivals=(Rival(KARPENTER, _BOTH_START), Rival(KARPENTER, _BOTH_START, kind="chart")),
    teardown=Teardown(recipe="The release, then its namespace; groups keep the size that they have."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Nodes more or fewer."""

    fallback_after: Annotated[
        Duration, Meta(description="how long a group may fail to bring a node before the next one is tried")
    ] = "5m"


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with the priorities of the groups."""
    cluster = scope.one(Cluster)
    values = {
        "fullnameOverride": _NAME,
        "awsRegion": facts.region,
        "autoDiscovery": {"clusterName": cluster.name},
        **({"image": {"tag": release_for(cluster.node_version)}} if cluster.node_version else {}),
        "rbac": {"serviceAccount": {"name": _NAME}},
        "extraArgs": {
            "expander": "priority,least-waste",
            "balance-similar-node-groups": True,
            "skip-nodes-with-local-storage": False,
            "max-node-provision-time": inputs.fallback_after,
        },
        # Without a claim to memory it would be the first to go where a node has too little.
        "resources": {"requests": {"cpu": "100m", "memory": "300Mi"}},
        # Nobody; the image has no user of its own.
        "securityContext": {**POD, "runAsUser": 65534, "runAsGroup": 65534},
        "containerSecurityContext": CONTAINER,
    }
    release = add_addon(scope, CONTRACT, facts, values)
    _add_priorities(scope, scope.every(NodeGroup))
    return Component(address=release.address)


def _add_priorities(scope: Scope, groups: tuple[NodeGroup, ...]) -> Handle:
    """A map of our own and not of the chart's: names of groups are known only once they are there, and the values of
    the release are known before."""
    properties = {
        "metadata": {"name": _PRIORITIES, "namespace": _NAME},
        "data": {"priorities": Concat(tuple(_lines(groups)))},
    }
    return scope.add("priorities", "kubernetes:core/v1:ConfigMap", properties)


def _lines(groups: tuple[NodeGroup, ...]) -> list[Value]:
    """As YAML: under each priority, the expressions that the names of its groups match; the highest is tried first."""
    parts: list[Value] = []
    scaling = [one for group in groups for one in group.scaling_groups]
    for priority in sorted({one.priority for one in scaling}, reverse=True):
        parts.append(f"{priority}:\n")
        for one in scaling:
            if one.priority == priority:
                parts += ["- ^", one.name, "$\n"]
    return parts
