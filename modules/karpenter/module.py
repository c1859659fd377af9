"""Nodes as pods need them, by Karpenter: each machine is started for the pods that wait, and ended when none is left.

Node groups become its pools (`node_group/node_pool.py`). The chart brings the definitions along, which are applied
before each upgrade, so that the chart of the definitions alone, `karpenter-crd`, is not needed.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Scope
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Chart, Contract, Definition, Namespace, Permission, Rival, Teardown, Workload
from mlinfra.library.interruptions import SPOT, TYPES, add_queue
from mlinfra.library.karpenter import NAME
from mlinfra.library.node_role import add_entry, add_profile, add_role
from mlinfra.library.outputs import Cluster, Component, NodeGroup

from .permissions import STATEMENTS

SECTION = Place("components", entry=NAME)
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_V1 = ("v1",)
_EVENTS = {
    **SPOT,
    "reservation-interruption": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}

CONTRACT = Contract(
    charts=(
        Chart(
            name=NAME,
            version="1.14.1",
            repository="oci://public.ecr.aws/karpenter",
            app_version="1.14.1",
            source="https://github.com/aws/karpenter-provider-aws/tree/1d927085dd81a9df9301e613f371dac5b4d16bfe",
            looked_up="2026-08-21",
        ),
    ),
    namespaces=(Namespace(name=NAME, entrances=()),),
    crds=(
        Definition("nodepools.karpenter.sh", "NodePool", _V1, namespaced=False),
        Definition("nodeclaims.karpenter.sh", "NodeClaim", _V1, namespaced=False),
        Definition("nodeoverlays.karpenter.sh", "NodeOverlay", ("v1alpha1",), namespaced=False),
        Definition("ec2nodeclasses.karpenter.k8s.aws", "EC2NodeClass", _V1, namespaced=False),
        Definition("capacitybuffers.autoscaling.x-k8s.io", "CapacityBuffer", ("v1beta1",)),
    ),
    workloads=(Workload("Deployment", NAME, NAME),),
    permissions=(Permission(service_account=NAME, namespace=NAME, statements=STATEMENTS),),
    cloud=("aws:eks/accessEntry:AccessEntry", "aws:iam/instanceProfile:InstanceProfile", *TYPES),
    rivals=(
        Rival("cluster-autoscaler", "both start machines for the pods that wait", kind="chart"),
        Rival("karpenter-crd", "it brings the definitions of Karpenter, which come with Karpenter here", kind="chart"),
    ),
    teardown=Teardown(
        recipe="The pools, then the classes once every machine is gone, then the release, last queue and roles; what "
        "is started and left all the same is swept by its tags.",
        drain=("NodePool.karpenter.sh", "NodeClaim.karpenter.sh"),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Nodes as pods need them."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, with what its machines are and how it hears that AWS takes one back."""
    cluster = scope.one(Cluster)
    role, attachments = add_role(scope, facts, "node-role")
    profile, entry = add_profile(scope, role), add_entry(scope, cluster, role)
    queue, heard = add_queue(scope, _EVENTS)
    # Two, where there are two nodes to run on; it does not run on nodes that it makes.
    hosts = sum(group.minimum for group in scope.every(NodeGroup) if group.hosts_anything)
    values = {
        "replicas": min(2, max(1, hosts)),
        "serviceAccount": {"name": NAME},
        "settings": {"clusterName": cluster.name, "eksControlPlane": True, "interruptionQueue": queue["name"]},
        "controller": {"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}},
    }
    names = {"node_role": role.arn, "profile": profile.arn, "queue": queue.arn}
    before = (*attachments, entry, *heard)
    return Component(address=add_addon(scope, CONTRACT, facts, values, names=names, after=before).address)
