"""What the controller may do.

docs/install/iam_policy.json of the chart's source (v3.5.0), as far as what is installed here needs it: without WAF,
Shield, Cognito and server certificates; and what it changes bears the tag of this very cluster, not of any.
"""

from __future__ import annotations

from mlinfra.library.contract import Statement

_TAG = "elbv2.k8s.aws/cluster"
_MINE = {"aws:ResourceTag/" + _TAG: "{cluster}"}
_FOR_ME = {"aws:RequestTag/" + _TAG: "{cluster}"}
_GROUPS = ("arn:{partition}:ec2:{region}:{account}:security-group/*",)
_BALANCERS = (
    "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/*/*",
    "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/net/*/*",
    "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/*/*",
)
_LISTENERS = tuple(
    f"arn:{{partition}}:elasticloadbalancing:{{region}}:{{account}}:{kind}/*"
    for kind in ("listener/net", "listener/app", "listener-rule/net", "listener-rule/app")
)

STATEMENTS = (
    Statement(
        actions=("iam:CreateServiceLinkedRole",),
        conditions={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
    ),
    Statement(
        actions=(
            "acm:DescribeCertificate",
            "acm:ListCertificates",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstances",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVpcPeeringConnections",
            "ec2:DescribeVpcs",
            "ec2:GetSecurityGroupsForVpc",
            "elasticloadbalancing:DescribeCapacityReservation",
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeListenerCertificates",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeSSLPolicies",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:DescribeTrustStores",
        ),
    ),
    # The groups of nodes are not its own, and it opens them for what it makes.
    Statement(
        actions=("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
        resources=_GROUPS,
    ),
    Statement(actions=("ec2:CreateSecurityGroup",)),
    Statement(
        actions=("ec2:CreateTags",),
        resources=_GROUPS,
        conditions={"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup", **_FOR_ME}},
    ),
    Statement(
        actions=("ec2:CreateTags", "ec2:DeleteTags"),
        resources=_GROUPS,
        conditions={"Null": {"aws:RequestTag/" + _TAG: "true"}, "StringEquals": _MINE},
    ),
    Statement(actions=("ec2:DeleteSecurityGroup",), resources=_GROUPS, conditions={"StringEquals": _MINE}),
    Statement(
        actions=("elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"),
        conditions={"StringEquals": _FOR_ME},
    ),
    Statement(
        actions=(
            "elasticloadbalancing:AddListenerCertificates",
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:RemoveListenerCertificates",
            "elasticloadbalancing:SetRulePriorities",
        ),
        resources=(*_BALANCERS[1:], *_LISTENERS),
    ),
    Statement(
        actions=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        resources=_BALANCERS,
        conditions={"Null": {"aws:RequestTag/" + _TAG: "true"}, "StringEquals": _MINE},
    ),
    Statement(
        actions=("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        resources=_LISTENERS,
    ),
    Statement(
        actions=("elasticloadbalancing:AddTags",),
        resources=_BALANCERS,
        conditions={
            "StringEquals": {
                "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"],
                **_FOR_ME,
            }
        },
    ),
    Statement(
        actions=(
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:ModifyCapacityReservation",
            "elasticloadbalancing:ModifyListenerAttributes",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ),
        conditions={"StringEquals": _MINE},
    ),
    # Bindings of pods to target groups of the stack's own load balancers, which bear no tag of this controller.
    Statement(
        actions=("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"),
        resources=_BALANCERS[:1],
    ),
)
