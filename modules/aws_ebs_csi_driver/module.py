"""Volumes for pods, on EBS: the driver as an add-on of EKS, and the class of volumes that is meant where none is said.

EKS has the driver tag each volume as the cluster's own (`kubernetes.io/cluster/<name>`), by which a sweep finds it.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Json, Properties
from mlinfra.library import Block, Handle, Place, Scope
from mlinfra.library.contract import Contract, Namespace, Rival, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.pod_identity import trust

SECTION = Place("components", entry="aws-ebs-csi-driver")
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_NAME = "aws-ebs-csi-driver"
# Limited to volumes that bear the driver's own tag (EKS user guide, "Amazon EBS CSI driver", November 2026).
_POLICY = "service-role/AmazonEBSCSIDriverPolicy"

CONTRACT = Contract(
    namespaces=(Namespace(name="kube-system", level="privileged", made=False),),
    workloads=(
        Workload("Deployment", "kube-system", "ebs-csi-controller"),
        Workload("DaemonSet", "kube-system", "ebs-csi-node"),
    ),
    cloud=("aws:eks/addon:Addon",),
    rivals=(Rival(_NAME, "both install the driver ebs.csi.aws.com, of which a cluster has one", kind="chart"),),
    teardown=Teardown(
        recipe="The class, then the add-on, once every claim is gone and its volume with it.",
        drain=("PersistentVolumeClaim",),
        keeps=("volumes that a class of its own retains, and snapshots, until `--delete-data`",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Volumes for pods."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Add the driver, unless the stack names it among the cluster's add-ons, and the class."""
    cluster = scope.one(Cluster)
    drivers = [] if _NAME in cluster.addons else [_add_driver(scope, cluster, facts)]
    properties = {
        "metadata": {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true"},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    kind = scope.add("", "kubernetes:storage.k8s.io/v1:StorageClass", properties, depends_on=drivers)
    return Component(address=kind.address)


def _add_driver(scope: Scope, cluster: Cluster, facts: Facts) -> Handle:
    role = scope.add("role", "aws:iam/role:Role", {"assumeRolePolicy": Json(trust())})
    policy = scope.add(
        "role.policy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": role.id, "policyArn": f"arn:{facts.partition}:iam::aws:policy/{_POLICY}"},
    )
    tags = {"controller": {"extraVolumeTags": dict(scope.stack.tags)}}
    properties: Properties = {
        "clusterName": cluster.name,
        "addonName": _NAME,
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "OVERWRITE",
        "podIdentityAssociations": [{"roleArn": role.arn, "serviceAccount": "ebs-csi-controller-sa"}],
        **({"configurationValues": Json(tags)} if scope.stack.tags else {}),
    }
    nodes = [group.address for group in scope.every(NodeGroup) if group.hosts_anything]
    return scope.add("driver", "aws:eks/addon:Addon", properties, depends_on=[policy, *cluster.before_nodes, *nodes])
