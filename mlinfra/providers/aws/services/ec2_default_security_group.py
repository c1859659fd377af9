"""The security group that comes with every network, emptied: whoever is made without a group gets this one.

It is adopted, not made, and cannot be deleted. That it is a stack's affair is told by a tag of ours on it; what is
deleted is that tag, and the group stays as empty as it is for as long as its network is there. Calls and fields: EC2
API reference, 2016-11-15; the rules that AWS gives it: VPC user guide, "Default security groups for your VPCs"
(November 2026). Names: Pulumi's AWS schema 7.51, without tags and rules: what needs rules gets a group of its own.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.property import Replace, anything, block, list_of, text
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import AwsType, Item, Reading, Shape, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.template import call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"

_MARK = {"Key": "mlinfra:default-security-group", "Value": "emptied"}
_IS_DEFAULT = {"Name": "group-name", "Values": ["default"]}


def _is_marked(group: Item) -> bool:
    return _MARK in group.get("Tags", ())


def _groups(reader: Reader, wanted: Wanted) -> list[Item]:
    listed = reader.pages("ec2", "DescribeSecurityGroups", "SecurityGroups")
    return [group for group in listed if group["GroupName"] == "default" and _is_marked(group)]


def _look(work: Work) -> Item | None:
    found = work.call("DescribeSecurityGroups", GroupIds=[work.id])["SecurityGroups"]
    return found[0] if found and _is_marked(found[0]) else None


def _empty(work: Work) -> None:
    """Take every rule away, and say that this is as it should be."""
    rules = work.pages(
        "DescribeSecurityGroupRules", "SecurityGroupRules", Filters=[{"Name": "group-id", "Values": [work.id]}]
    )
    for is_egress, direction in ((False, "Ingress"), (True, "Egress")):
        ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] is is_egress]
        if ids:
            work.call(f"RevokeSecurityGroup{direction}", GroupId=work.id, SecurityGroupRuleIds=ids)
    work.call("CreateTags", Resources=[work.id], Tags=[_MARK])


def _let_go(work: Work) -> None:
    work.call("DeleteTags", Resources=[work.id], Tags=[{"Key": _MARK["Key"]}])


def _shown(permissions: Any) -> list[dict[str, Any]]:
    """What somebody let through, in the words of the vocabulary."""
    return [
        {
            "protocol": one["IpProtocol"],
            "fromPort": one.get("FromPort", 0),
            "toPort": one.get("ToPort", 0),
            "cidrBlocks": [peer["CidrIp"] for peer in one.get("IpRanges", ())],
            "ipv6CidrBlocks": [peer["CidrIpv6"] for peer in one.get("Ipv6Ranges", ())],
            "prefixListIds": [peer["PrefixListId"] for peer in one.get("PrefixListIds", ())],
            "securityGroups": [peer["GroupId"] for peer in one.get("UserIdGroupPairs", ())],
        }
        for one in permissions
    ]


# Nothing may be said of a rule, and whatever is there is shown.
_NOTHING = list_of(
    anything(), default=[], maxItems=0, description="Nothing: what needs a rule gets a security group of its own."
)

_DEFAULT_SECURITY_GROUP = AwsType(
    about=ResourceType(
        token=DEFAULT_SECURITY_GROUP,
        inputs=block(
            {
                "vpcId": text(required=True, replace=Replace.CREATE_FIRST, refers=VPC),
                "ingress": _NOTHING,
                "egress": _NOTHING,
            }
        ),
        key=("vpcId",),
        owned_by=OwnedBy.PARENT,
        parent="vpcId",
    ),
    service="ec2",
    id="GroupId",
    made="SecurityGroups[0].GroupId",
    names={"ingress": "IpPermissions", "egress": "IpPermissionsEgress"},
    shapes={"ingress": Shape(list, _shown), "egress": Shape(list, _shown)},
    # It came with the network: to make it is to find it.
    create=call("DescribeSecurityGroups", Filters=[_IS_DEFAULT, {"Name": "vpc-id", "Values": [prop("vpcId")]}]),
    reading=Reading(
        source=_groups,
        one=_look,
        outputs={
            "arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
            "name": "GroupName",
            "ownerId": "OwnerId",
        },
    ),
    updates=(Update(("ingress", "egress"), _empty),),
    after=(_empty,),
    delete=_let_go,
)

TYPES = (_DEFAULT_SECURITY_GROUP,)
