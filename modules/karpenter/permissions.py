"""What the controller may do.

The policy that its documentation gives ("Getting started", cloudformation.yaml of release 1.14.1, read 2026-11-24), as
far as what is installed here needs it: it makes no instance profiles, since node classes name ours; and what it starts,
tags and ends bears the tags of this very cluster and of a pool.
"""

from __future__ import annotations

from mlinfra.library.cluster_mark import MARK
from mlinfra.library.contract import Statement

_EC2 = "arn:{partition}:ec2:{region}:"
_OWNED = f"aws:ResourceTag/{MARK}"
_OF_A_POOL = {"StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"}}
_ASKED_FOR = {
    f"aws:RequestTag/{MARK}": "owned",
    "aws:RequestTag/eks:eks-cluster-name": "{cluster}",
}
_FOR_A_POOL = {"StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"}}
_MADE = tuple(
    f"{_EC2}*:{kind}/*"
    for kind in ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
)
_USED = (
    f"{_EC2}:image/*",
    f"{_EC2}:snapshot/*",
    *(f"{_EC2}*:{kind}/*" for kind in ("security-group", "subnet", "capacity-reservation", "placement-group")),
)
_LAUNCH = ("ec2:RunInstances", "ec2:CreateFleet")
_SPOT_ROLE = "arn:{partition}:iam::{account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"

STATEMENTS = (
    Statement(actions=_LAUNCH, resources=_USED),
    Statement(
        actions=_LAUNCH,
        resources=(f"{_EC2}*:launch-template/*",),
        conditions={"StringEquals": {_OWNED: "owned"}, **_OF_A_POOL},
    ),
    Statement(
        actions=(*_LAUNCH, "ec2:CreateLaunchTemplate"),
        resources=_MADE,
        conditions={"StringEquals": _ASKED_FOR, **_FOR_A_POOL},
    ),
    Statement(
        actions=("ec2:CreateTags",),
        resources=_MADE,
        conditions={
            "StringEquals": {**_ASKED_FOR, "ec2:CreateAction": [*(one[4:] for one in _LAUNCH), "CreateLaunchTemplate"]},
            **_FOR_A_POOL,
        },
    ),
    Statement(
        actions=("ec2:CreateTags",),
        resources=(f"{_EC2}*:instance/*",),
        conditions={
            "StringEquals": {_OWNED: "owned"},
            **_OF_A_POOL,
            "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": "{cluster}"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
        },
    ),
    Statement(
        actions=("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"),
        resources=(f"{_EC2}*:instance/*", f"{_EC2}*:launch-template/*"),
        conditions={"StringEquals": {_OWNED: "owned"}, **_OF_A_POOL},
    ),
    Statement(
        actions=("iam:PassRole",),
        resources=("{node_role}",),
        conditions={"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
    ),
    Statement(actions=("iam:GetInstanceProfile",), resources=("{profile}",)),
    # It looks for profiles of its own that nobody uses any more, and finds none.
    Statement(actions=("iam:ListInstanceProfiles",)),
    # The first spot machine of an account needs this role ("Troubleshooting", ServiceLinkedRoleCreationNotPermitted).
    Statement(
        actions=("iam:CreateServiceLinkedRole",),
        resources=(_SPOT_ROLE,),
        conditions={"StringEquals": {"iam:AWSServiceName": "spot.amazonaws.com"}},
    ),
    Statement(
        actions=("eks:DescribeCluster",), resources=("arn:{partition}:eks:{region}:{account}:cluster/{cluster}",)
    ),
    Statement(actions=("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"), resources=("{queue}",)),
    Statement(
        actions=(
            "ec2:DescribeCapacityReservations",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceStatus",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeInstances",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribePlacementGroups",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSpotPriceHistory",
            "ec2:DescribeSubnets",
        ),
        conditions={"StringEquals": {"aws:RequestedRegion": "{region}"}},
    ),
    Statement(actions=("ssm:GetParameter",), resources=("arn:{partition}:ssm:{region}::parameter/aws/service/*",)),
    Statement(actions=("pricing:GetProducts",)),
)
