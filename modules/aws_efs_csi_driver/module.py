"""Volumes that many pods share, on EFS: the driver, which makes an access point for each claim.

What it makes bears the cluster's own mark, by which a sweep finds it, and it may delete nothing else. Which file system
a claim is in, its class of volumes says (`fileSystemId`).
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.cluster_mark import MARK, cluster_mark
from mlinfra.library.contract import Chart, Contract, Permission, Rival, Statement, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.volume_driver import add_driver, room_of_driver

_NAME = "aws-efs-csi-driver"
_ACCOUNT = "efs-csi-controller-sa"

SECTION = Place("components", entry=_NAME)
NEEDS = (Cluster, NodeGroup)
Outputs = Component

# The driver's own tag, and the cluster's.
_TAG = "efs.csi.aws.com/cluster"
_ASKED = {f"aws:RequestTag/{_TAG}": "true", f"aws:RequestTag/{MARK}": "owned"}
_EFS = "arn:{partition}:elasticfilesystem:{region}:{account}"

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="4.4.1",
            digest="sha256:6e1546bf90346eed31ae233c21f2064767b0a8967ea41de24e80e209993f0758",
            repository="https://kubernetes-sigs.github.io/aws-efs-csi-driver",
            app_version="3.4.1",
            source="https://github.com/kubernetes-sigs/aws-efs-csi-driver/tree/a4fc67600be60d0f8350dc9459e55ff04e9aa944",
            looked_up="2026-07-24",
        ),
    ),
    namespaces=(room_of_driver(_NAME),),
    workloads=(
        Workload("Deployment", _NAME, "efs-csi-controller"),
        Workload("DaemonSet", _NAME, "efs-csi-node"),
    ),
    permissions=(
        # docs/iam-policy-example.json of the same source, and the managed AmazonEFSCSIDriverPolicy (AWS managed policy
        # reference, read 2026-11-24), which allow it on what bears the tag of any cluster.
        Permission(
            service_account=_ACCOUNT,
            namespace=_NAME,
            statements=(
                Statement(
                    actions=(
                        "ec2:DescribeAvailabilityZones",
                        "elasticfilesystem:DescribeAccessPoints",
                        "elasticfilesystem:DescribeFileSystems",
                        "elasticfilesystem:DescribeMountTargets",
                    ),
                ),
                Statement(
                    actions=("elasticfilesystem:CreateAccessPoint",),
                    resources=(f"{_EFS}:file-system/*",),
                    conditions={"StringEquals": _ASKED},
                ),
                Statement(
                    actions=("elasticfilesystem:TagResource",),
                    resources=(f"{_EFS}:access-point/*", f"{_EFS}:file-system/*"),
                    conditions={"StringEquals": {**_ASKED, "elasticfilesystem:CreateAction": "CreateAccessPoint"}},
                ),
                Statement(
                    actions=("elasticfilesystem:DeleteAccessPoint",),
                    resources=(f"{_EFS}:access-point/*",),
                    conditions={"StringEquals": {f"aws:ResourceTag/{MARK}": "owned"}},
                ),
            ),
        ),
    ),
    rivals=(Rival(_NAME, "both install the driver efs.csi.aws.com, of which a cluster has one", kind="chart"),),
    teardown=Teardown(
        recipe="The release, then its namespace, once every claim is gone and its access point with it.",
        drain=("PersistentVolumeClaim",),
        keeps=("what was written: it is in the file system, whose it is",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Volumes that many pods share."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, unless the stack has it as an add-on of EKS."""
    values: Properties = {
        "useHelmHooksForCSIDriver": False,
        "controller": {
            "serviceAccount": {"name": _ACCOUNT},
            "tags": cluster_mark(scope.stack.name),
            "podDisruptionBudget": {"enabled": True},
            # It needs the node's rights only to delete what was written, which it is not asked to do.
            "containerSecurityContext": {"privileged": False},
        },
    }
    return add_driver(scope, CONTRACT, facts, values)
