"""Security groups and their rules, which are objects of their own.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51, without inline rules.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.ownership import owner_of
from mlinfra.core.property import Replace, block, integer, text
from mlinfra.core.resource_type import Exclusive, NameRule, ResourceType
from mlinfra.core.value import Properties
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Update
from mlinfra.providers.aws.forms import IPV4_RANGE, IPV6_RANGE, PORT, PROTOCOL, SPOKEN
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services import holders
from mlinfra.providers.aws.services.ec2_network import VPC, without_host_bits
from mlinfra.providers.aws.tags import ec2_tags, from_form
from mlinfra.providers.aws.template import ID, call, prop, when
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.wire import api_name
from mlinfra.providers.aws.work import Work

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def _revoke_default_egress(work: Work) -> None:
    """AWS gives every new group a rule that lets everything out; what may go out is declared."""
    rules = work.pages(
        "DescribeSecurityGroupRules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [work.id]}],
    )
    given = [
        rule["SecurityGroupRuleId"]
        for rule in rules
        if rule["IsEgress"] and rule["IpProtocol"] == "-1" and owner_of(from_form("list", rule.get("Tags"))) is None
    ]
    if given:
        work.call("RevokeSecurityGroupEgress", GroupId=work.id, SecurityGroupRuleIds=given)


_SECURITY_GROUP = AwsType(
    about=ResourceType(
        token=SECURITY_GROUP,
        inputs=block(
            {
                "name": text(rules=SPOKEN, replace=Replace.CREATE_FIRST),
                "description": text(rules=SPOKEN, required=True, replace=Replace.CREATE_FIRST),
                "vpcId": text(replace=Replace.CREATE_FIRST, refers=VPC),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("vpcId", "name"),
        name=NameRule("name", longest=255),
    ),
    service="ec2",
    id="GroupId",
    made="GroupId",
    names={"name": "GroupName"},
    create=call("CreateSecurityGroup", "name", "description", "vpcId"),
    reading=Reading(
        listing=call("DescribeSecurityGroups"),
        items="SecurityGroups",
        one=call("DescribeSecurityGroups", GroupIds=[ID]),
        outputs={"arn": "arn:{partition}:ec2:{region}:{account}:security-group/{id}", "ownerId": "OwnerId"},
    ),
    tagging=ec2_tags("security-group"),
    after=(_revoke_default_egress,),
    delete=call("DeleteSecurityGroup", GroupId=ID),
    held=holders.GROUP,
)

# IANA's numbers of the protocols that AWS names; AWS shows names where it is given numbers.
_PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}


def _protocol(value: Any) -> Any:
    return _PROTOCOLS.get(str(value).lower(), str(value).lower())


_PEER = {
    "IpRanges": when("cidrIpv4", [{"CidrIp": prop("cidrIpv4"), "Description": prop("description")}]),
    "Ipv6Ranges": when("cidrIpv6", [{"CidrIpv6": prop("cidrIpv6"), "Description": prop("description")}]),
    "PrefixListIds": when("prefixListId", [{"PrefixListId": prop("prefixListId"), "Description": prop("description")}]),
    "UserIdGroupPairs": when(
        "referencedSecurityGroupId",
        [{"GroupId": prop("referencedSecurityGroupId"), "Description": prop("description")}],
    ),
}
_PERMISSION = {"IpProtocol": prop("ipProtocol"), "FromPort": prop("fromPort"), "ToPort": prop("toPort"), **_PEER}


def _modify(work: Work) -> None:
    """Everything but the peer: EC2 refuses to turn a range into a group ("You may not specify ...")."""
    names = ("ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "prefixListId", "description")
    rule = {api_name(work.kind, (name,)): value for name in names if (value := work.api(name)) is not None}
    if (group := work.api("referencedSecurityGroupId")) is not None:
        rule["ReferencedGroupId"] = group
    if rule.get("IpProtocol") == "-1":
        rule |= {"FromPort": -1, "ToPort": -1}
    work.call(
        "ModifySecurityGroupRules",
        GroupId=work.api("securityGroupId"),
        SecurityGroupRules=[{"SecurityGroupRuleId": work.id, "SecurityGroupRule": rule}],
    )


def _in_words(rule: Properties, direction: str) -> str:
    """What a rule lets through."""
    protocol, first, last = rule["ipProtocol"], rule.get("fromPort"), rule.get("toPort")
    ports = "" if first in (None, -1) else f" {first}" if first == last else f" {first}-{last}"
    peers = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
    peer = next((rule[name] for name in peers if rule.get(name)), "anybody")
    traffic = "everything" if protocol == "-1" else f"{protocol}{ports}"
    return f"which lets {traffic} {'out to' if direction == 'Egress' else 'in from'} {peer}"


# How the load balancer controller and the cloud provider of Kubernetes describe the rules that they add to groups of
# nodes: kubernetes-sigs/aws-load-balancer-controller, pkg/targetgroupbinding/networking_manager.go; and
# kubernetes/cloud-provider-aws, pkg/providers/v1/aws_loadbalancer.go (read in November 2026).
_OF_CONTROLLERS = ("elbv2.k8s.aws/", "kubernetes.io/rule/nlb/")


def _of_a_controller(rule: Properties) -> bool:
    return str(rule.get("description", "")).startswith(_OF_CONTROLLERS)


def _rule_type(token: str, direction: str) -> AwsType:
    """The two kinds of rules differ in their direction alone."""

    def rules(reader: Reader, wanted: Wanted) -> list[Item]:
        listed = reader.pages("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules")
        return [rule for rule in listed if rule["IsEgress"] == (direction == "Egress")]

    return AwsType(
        about=ResourceType(
            token=token,
            inputs=block(
                {
                    "securityGroupId": text(required=True, replace=Replace.CREATE_FIRST, refers=SECURITY_GROUP),
                    "ipProtocol": text(rules=PROTOCOL, required=True, canonical=_protocol),
                    "fromPort": integer(rules=PORT, default=None),
                    "toPort": integer(rules=PORT, default=None),
                    "cidrIpv4": text(rules=IPV4_RANGE, replace=Replace.CREATE_FIRST, canonical=without_host_bits),
                    "cidrIpv6": text(rules=IPV6_RANGE, replace=Replace.CREATE_FIRST, canonical=without_host_bits),
                    "prefixListId": text(replace=Replace.CREATE_FIRST),
                    "referencedSecurityGroupId": text(replace=Replace.CREATE_FIRST, refers=SECURITY_GROUP),
                    "description": text(rules=SPOKEN, default=None),
                    "tags": TAGS_PROPERTY,
                }
            ),
            exclusive=Exclusive(
                of=SECURITY_GROUP,
                by="{securityGroupId}",
                said=lambda rule: f"has the rule {rule['securityGroupRuleId']}, {_in_words(rule, direction)}",
                welcome=_of_a_controller,
            ),
        ),
        service="ec2",
        id="SecurityGroupRuleId",
        made="SecurityGroupRules[0].SecurityGroupRuleId",
        names={"securityGroupId": "GroupId"},
        create=call(f"AuthorizeSecurityGroup{direction}", "securityGroupId", IpPermissions=[_PERMISSION]),
        reading=Reading(
            source=rules,
            one=call("DescribeSecurityGroupRules", SecurityGroupRuleIds=[ID]),
            items="SecurityGroupRules",
            outputs={
                "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
                "arn": "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
                "securityGroupRuleId": "SecurityGroupRuleId",
            },
        ),
        tagging=ec2_tags("security-group-rule"),
        updates=(Update(("ipProtocol", "fromPort", "toPort", "description"), _modify),),
        delete=call(f"RevokeSecurityGroup{direction}", "securityGroupId", SecurityGroupRuleIds=[ID]),
    )


TYPES = (_SECURITY_GROUP, _rule_type(INGRESS_RULE, "Ingress"), _rule_type(EGRESS_RULE, "Egress"))
