"""Fast volumes for training, on FSx for Lustre: the driver, which makes a file system for each claim.

What it makes bears the cluster's own mark, by which a sweep finds it, and the stack's tags, by which its cost is told;
it may change and delete nothing else. File systems that are linked to buckets are made in the stack and not by claims:
for those the driver would need rights on every bucket.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Block, Place, Scope
from mlinfra.library.cluster_mark import MARK, cluster_mark
from mlinfra.library.contract import Chart, Contract, Permission, Rival, Statement, Teardown, Workload
from mlinfra.library.outputs import Cluster, Component, NodeGroup
from mlinfra.library.volume_driver import add_driver, room_of_driver

_NAME = "aws-fsx-csi-driver"
_ACCOUNT = "fsx-csi-controller-sa"

SECTION = Place("components", entry=_NAME)
NEEDS = (Cluster, NodeGroup)
Outputs = Component

_SYSTEMS = "arn:{partition}:fsx:{region}:{account}:file-system/*"
_ROLE = "arn:{partition}:iam::{account}:role/aws-service-role/fsx.amazonaws.com/*"
# What its flag is put together with.
_MARKS_OF_LISTS = frozenset(',="')

CONTRACT = Contract(
    charts=(
        Chart(
            name=_NAME,
            version="1.17.0",
            digest="sha256:dedcc71b5efc7f93fed6c0feaf73eacab4de869a6d07228c6df4c48373b0d315",
            repository="https://kubernetes-sigs.github.io/aws-fsx-csi-driver",
            app_version="1.9.0",
            source="https://github.com/kubernetes-sigs/aws-fsx-csi-driver/tree/5b227125add708cd0b87c76abe1a4c074e71dfc5",
            looked_up="2026-04-21",
        ),
    ),
    namespaces=(room_of_driver(_NAME),),
    workloads=(
        Workload("Deployment", _NAME, "fsx-csi-controller"),
        Workload("DaemonSet", _NAME, "fsx-csi-node"),
    ),
    permissions=(
        # docs/install.md of the same source, "Set up driver permissions", which allows it on all file systems.
        Permission(
            service_account=_ACCOUNT,
            namespace=_NAME,
            statements=(
                Statement(actions=("fsx:DescribeFileSystems",)),
                Statement(
                    actions=("fsx:CreateFileSystem", "fsx:TagResource"),
                    resources=(_SYSTEMS,),
                    conditions={"StringEquals": {f"aws:RequestTag/{MARK}": "owned"}},
                ),
                Statement(
                    actions=("fsx:DeleteFileSystem", "fsx:UpdateFileSystem"),
                    resources=(_SYSTEMS,),
                    conditions={"StringEquals": {f"aws:ResourceTag/{MARK}": "owned"}},
                ),
                Statement(
                    actions=("iam:CreateServiceLinkedRole",),
                    resources=(_ROLE,),
                    conditions={"StringEquals": {"iam:AWSServiceName": "fsx.amazonaws.com"}},
                ),
            ),
        ),
    ),
    rivals=(Rival(_NAME, "both install the driver fsx.csi.aws.com, of which a cluster has one", kind="chart"),),
    teardown=Teardown(
        recipe="The release, then its namespace, once every claim is gone and its file system with it.",
        drain=("PersistentVolumeClaim",),
        keeps=("file systems that a class of its own retains, until `--delete-data`",),
    ),
)


class Inputs(Block, frozen=True, kw_only=True):
    """Fast volumes for training."""


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Install it, unless the stack has it as an add-on of EKS."""
    tags = {key: value for key, value in scope.stack.tags.items() if not _MARKS_OF_LISTS & {*key, *value}}
    values: Properties = {
        "controller": {
            "serviceAccount": {"name": _ACCOUNT},
            "region": facts.region,
            "extraTags": {**tags, **cluster_mark(scope.stack.name)},
            # It mounts nothing; the pods on the nodes do.
            "containerSecurityContext": {"privileged": False},
        },
    }
    return add_driver(scope, CONTRACT, facts, values)
