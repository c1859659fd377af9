"""Nodes that are emptied before AWS takes their machine: of scaling groups of our own, which nobody else looks after.

EKS empties the nodes of its own groups, Karpenter those that it made. It listens on each machine to what the metadata
service says, and so needs neither a queue nor any right in AWS: to spot interruptions, to what Auto Scaling is about to
end, to recommendations to rebalance, on which these groups start another machine, and to maintenance.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Namespace, Teardown, Workload
from mlinfra.library.node_labels import GROUP
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.placement import on_nodes_with

_NAME = "aws-node-termination-handler"
_AFFINITY = "daemonsetAffinity"

SECTION = Place("components", entry=_NAME)
NEEDS = (Cluster, NodeGroup)
Outputs = Component

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="0.27.6",
            repository="oci://public.ecr.aws/aws-ec2/helm",
            app_version="1.25.6",
            source="https://github.com/aws/aws-node-termination-handler/tree/62a8761d812b331620a0f006b55f70bcadb0462e",
            looked_up="2026-07-21",
        ),
    ),
    namespaces=(
        Namespace(
            name=_NAME,
            level="privileged",
            because="asks the metadata service of its node through the node's own network",
            entrances=(),
        ),
    ),
    workloads=(Workload("DaemonSet", _NAME, _NAME, affinity=_AFFINITY),),
    teardown=Teardown(recipe="The release, then its namespace; nodes are no longer emptied before they go."),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Nodes that are emptied before they go."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it on the nodes of groups of our own; without such a group there is nothing to do."""
    own = sorted(group.labels[GROUP] for group in scope.every(NodeGroup) if not group.managed and not group.pool)
    if not own:
        return Component(address=scope.address)
    values: Properties = {
        "fullnameOverride": _NAME,
        "enableSqsTerminationDraining": False,
        # The groups balance their capacity: what a rebalancing takes away has been replaced before.
        "enableRebalanceDraining": True,
        # By this taint others know why a node is closed, `mlinfra status` among them.
        "taintNode": True,
        "emitKubernetesEvents": True,
        "rbac": {"pspEnabled": False},
        _AFFINITY: on_nodes_with(GROUP, tuple(own)),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }
    return Component(address=add_addon(scope, CONTRACT, facts, values).address)
