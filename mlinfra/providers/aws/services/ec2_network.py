"""Networks and subnets.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from mlinfra.core.property import Replace, block, boolean, text
from mlinfra.core.resource_type import ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Update, Waiting
from mlinfra.providers.aws.forms import NETWORK_RANGE, ZONE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services import holders
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, Call, call, prop

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"


def without_host_bits(cidr: Any) -> Any:
    """AWS stores 10.0.0.0/16 where 10.0.1.7/16 is asked for."""
    try:
        return str(ipaddress.ip_network(cidr, strict=False))
    except ValueError:
        return cidr  # no CIDR at all: AWS's own refusal says so best


_VPC_ATTRIBUTES = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")


def _set_attribute(name: str) -> Update:
    attribute = name[0].upper() + name[1:]
    params = {"VpcId": ID, attribute: {"Value": prop(name)}}
    return Update((name,), (Call(operation="ModifyVpcAttribute", params=params),))


def _read_attributes(reader: Reader, item: Item) -> Item:
    """DescribeVpcs is silent on attributes; each is a call of its own."""
    found = dict(item)
    for name in _VPC_ATTRIBUTES:
        params = {"VpcId": item["VpcId"], "Attribute": name}
        answer = reader.one("ec2", "DescribeVpcAttribute", params, about=item["VpcId"])
        attribute = name[0].upper() + name[1:]
        found[attribute] = answer.get(attribute, {}).get("Value", False)
    groups = reader.pages("ec2", "DescribeSecurityGroups", "SecurityGroups")  # as those read them who list them all
    defaults = {group["VpcId"]: group["GroupId"] for group in groups if group["GroupName"] == "default"}
    found["DefaultGroup"] = defaults.get(item["VpcId"])
    return found


_VPC = AwsType(
    about=ResourceType(
        token=VPC,
        inputs=block(
            {
                "cidrBlock": text(rules=NETWORK_RANGE, replace=Replace.CREATE_FIRST, canonical=without_host_bits),
                "instanceTenancy": text(replace=Replace.CREATE_FIRST, default="default"),
                "enableDnsSupport": boolean(default=True),
                "enableDnsHostnames": boolean(default=False),
                "enableNetworkAddressUsageMetrics": boolean(default=False),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="ec2",
    id="VpcId",
    made="Vpc.VpcId",
    create=call("CreateVpc", "cidrBlock", "instanceTenancy"),
    reading=Reading(
        listing=call("DescribeVpcs"),
        items="Vpcs",
        one=call("DescribeVpcs", VpcIds=[ID]),
        details=_read_attributes,
        outputs={
            "arn": "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
            "ownerId": "OwnerId",
            "defaultSecurityGroupId": "DefaultGroup",
        },
    ),
    tagging=ec2_tags("vpc"),
    updates=tuple(_set_attribute(name) for name in _VPC_ATTRIBUTES),
    waiting=Waiting(state="State", ready=("available",), every=1.0, limit=300.0),
    leaving=Leaving.AT_ONCE,
    delete=call("DeleteVpc", VpcId=ID),
    held=holders.NETWORK,
)

_SUBNET_ATTRIBUTES = ("mapPublicIpOnLaunch", "assignIpv6AddressOnCreation", "enableDns64")


def _set_subnet_attribute(name: str) -> Update:
    attribute = name[0].upper() + name[1:]
    params = {"SubnetId": ID, attribute: {"Value": prop(name)}}
    return Update((name,), (Call(operation="ModifySubnetAttribute", params=params),))


_SUBNET = AwsType(
    about=ResourceType(
        token=SUBNET,
        inputs=block(
            {
                "vpcId": text(required=True, replace=Replace.CREATE_FIRST, refers=VPC),
                # A second subnet with the same range cannot stand beside the first.
                "cidrBlock": text(rules=NETWORK_RANGE, replace=Replace.DELETE_FIRST, canonical=without_host_bits),
                "availabilityZone": text(rules=ZONE, replace=Replace.DELETE_FIRST),
                "mapPublicIpOnLaunch": boolean(default=False),
                "assignIpv6AddressOnCreation": boolean(default=False),
                "enableDns64": boolean(default=False),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="ec2",
    id="SubnetId",
    made="Subnet.SubnetId",
    create=call("CreateSubnet", "vpcId", "cidrBlock", "availabilityZone"),
    reading=Reading(
        listing=call("DescribeSubnets"),
        items="Subnets",
        one=call("DescribeSubnets", SubnetIds=[ID]),
        outputs={"arn": "SubnetArn", "ownerId": "OwnerId", "availabilityZoneId": "AvailabilityZoneId"},
    ),
    tagging=ec2_tags("subnet"),
    updates=tuple(_set_subnet_attribute(name) for name in _SUBNET_ATTRIBUTES),
    waiting=Waiting(state="State", ready=("available",), every=1.0, limit=300.0),
    leaving=Leaving.AT_ONCE,
    delete=call("DeleteSubnet", SubnetId=ID),
    held=holders.SUBNET,
)

TYPES = (_VPC, _SUBNET)
