"""Fargate profiles: which pods run without nodes.

A profile never changes: everything but its tags makes a new one. Calls and fields: EKS API reference, 2017-11-01.
Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, map_of, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Waiting
from mlinfra.providers.aws.forms import FARGATE_NAMESPACE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_network import SUBNET
from mlinfra.providers.aws.services.eks_children import children, clusters_of
from mlinfra.providers.aws.services.eks_cluster import CLUSTER
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.tags import eks_tags
from mlinfra.providers.aws.template import call
from mlinfra.providers.aws.wanted import Wanted

FARGATE_PROFILE = "aws:eks/fargateProfile:FargateProfile"


def _profiles(reader: Reader, wanted: Wanted) -> list[Item]:
    clusters = clusters_of(_FARGATE_PROFILE, reader, wanted)
    return children(reader, clusters, "ListFargateProfiles", "fargateProfileNames", "fargateProfileName")


def _describe(reader: Reader, item: Item) -> Item:
    if "fargateProfileArn" in item:
        return item
    names = {name: item[name] for name in ("clusterName", "fargateProfileName")}
    found: Item = reader.one("eks", "DescribeFargateProfile", names, item["fargateProfileName"])["fargateProfile"]
    return found


_FARGATE_PROFILE = AwsType(
    about=ResourceType(
        token=FARGATE_PROFILE,
        inputs=block(
            {
                "clusterName": text(required=True, replace=Replace.CREATE_FIRST, refers=CLUSTER),
                "fargateProfileName": text(replace=Replace.CREATE_FIRST),
                "podExecutionRoleArn": text(required=True, replace=Replace.CREATE_FIRST, refers=ROLE),
                "subnetIds": set_of(text(refers=SUBNET), replace=Replace.CREATE_FIRST),
                "selectors": set_of(
                    block(
                        {
                            "namespace": text(rules=FARGATE_NAMESPACE, required=True),
                            "labels": map_of(text()),
                        }
                    ),
                    required=True,
                    replace=Replace.CREATE_FIRST,
                ),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("clusterName", "fargateProfileName"),
        name=NameRule("fargateProfileName", longest=63),
    ),
    service="eks",
    upper=False,
    id="{clusterName}:{fargateProfileName}",
    names={"subnetIds": "subnets"},
    # A cluster makes one profile at a time, and does not know a new role at once.
    create=call(
        "CreateFargateProfile",
        "clusterName",
        "fargateProfileName",
        "podExecutionRoleArn",
        "subnetIds",
        "selectors",
        lag=r"ResourceInUse(?!.*already exists)|InvalidParameter.*[Rr]ole.*(exist|found|assumed|trust)",
    ),
    reading=Reading(
        source=_profiles,
        details=_describe,
        one=call("DescribeFargateProfile", "clusterName", "fargateProfileName"),
        item="fargateProfile",
        outputs={"arn": "fargateProfileArn", "status": "status"},
    ),
    tagging=eks_tags(),
    waiting=Waiting(
        state="status", ready=("ACTIVE",), failed=("CREATE_FAILED",), ill=("DELETE_FAILED",), every=10.0, limit=1200.0
    ),
    leaving=Leaving.SLOWLY,
    delete=call("DeleteFargateProfile", "clusterName", "fargateProfileName"),
    conflicts=r"ResourceInUse",
)

TYPES = (_FARGATE_PROFILE,)
