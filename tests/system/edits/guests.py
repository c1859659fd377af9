"""What others may add to objects that a stack owns alone: how somebody does it, with the object in hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..things import Thing
from .identities import document
from .networks import EGRESS_RULE, INGRESS_RULE, ROUTE
from .table import edit
from .traffic import LISTENER, RULE

_READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
_SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.7/32"}]}]


def _lead_out(thing: Thing) -> None:
    gateway = thing.other("resources.gateway").id
    ec2 = thing.client("ec2")
    ec2.create_route(RouteTableId=thing.id, DestinationCidrBlock="198.51.100.0/24", GatewayId=gateway)


def _expire_images(thing: Thing) -> None:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}
    policy = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    thing.client("ecr").put_lifecycle_policy(repositoryName=thing.id, lifecyclePolicyText=json.dumps(policy))


def _share(thing: Thing) -> None:
    policy = document("s3:GetObject", Principal={"AWS": "*"}, Resource=f"arn:aws:s3:::{thing.id}/*")
    thing.client("s3").put_bucket_policy(Bucket=thing.id, Policy=policy)


def _mount(thing: Thing) -> None:
    thing.client("efs").create_mount_target(FileSystemId=thing.id, SubnetId=thing.other("resources.subnet-a").id)


def _allow_more(thing: Thing) -> None:
    thing.client("eks").associate_access_policy(
        clusterName=thing.inputs["clusterName"],
        principalArn=thing.inputs["principalArn"],
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy",
        accessScope={"type": "cluster"},
    )


_REFUSE: list[Any] = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]


def _listen(thing: Thing) -> None:
    thing.client("elbv2").create_listener(LoadBalancerArn=thing.id, Port=8443, Protocol="HTTP", DefaultActions=_REFUSE)


def _lead_astray(thing: Thing) -> None:
    paths = [{"Field": "path-pattern", "Values": ["/by-hand/*"]}]
    thing.client("elbv2").create_rule(ListenerArn=thing.id, Priority=999, Conditions=paths, Actions=_REFUSE)


_EXPIRE: dict[str, Any] = {
    "Rules": [{"ID": "by-hand", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
}

GUESTS: dict[str, Callable[[Thing], object]] = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": edit(
        "iam", "attach_role_policy", "RoleName", PolicyArn=_READ_ONLY
    ),
    "aws:iam/rolePolicy:RolePolicy": edit(
        "iam", "put_role_policy", "RoleName", PolicyName="by-hand", PolicyDocument=document("s3:*")
    ),
    INGRESS_RULE: edit("ec2", "authorize_security_group_ingress", "GroupId", IpPermissions=_SSH),
    EGRESS_RULE: edit("ec2", "authorize_security_group_egress", "GroupId", IpPermissions=_SSH),
    ROUTE: _lead_out,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _expire_images,
    "aws:s3/bucketPolicy:BucketPolicy": _share,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": edit(
        "s3", "put_bucket_lifecycle_configuration", "Bucket", LifecycleConfiguration=_EXPIRE
    ),
    "aws:cloudwatch/eventTarget:EventTarget": edit(
        "events", "put_targets", "Rule", Targets=[{"Id": "by-hand", "Arn": "arn:aws:sns:us-east-1:123456789012:theirs"}]
    ),
    "aws:efs/mountTarget:MountTarget": _mount,
    LISTENER: _listen,
    RULE: _lead_astray,
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _allow_more,
}
