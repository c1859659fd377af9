"""Which tags a desired resource bears: the one mechanism behind the tags of a stack.

Ownership tags are not among them; providers add those. Launch templates get tags of their own and never tag
specifications, so that changing a stack tag rolls no node.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.stack import Stack
from mlinfra.core.value import Properties

# What has no name but the tag of that name, which consoles show as one (EC2 user guide, "Tag your resources").
_NAMED_BY_TAG = frozenset(
    {
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
    }
)


def tagged(stack: Stack, address: Address, token: str, properties: Properties) -> Properties:
    """`properties` with the stack's tags beneath its own."""
    name = {"Name": f"{stack.name}/{address}"} if token in _NAMED_BY_TAG else {}
    tags = {**name, **stack.tags, **properties.get("tags", {})}
    return {**properties, "tags": tags} if tags else properties
