"""VPC endpoints: AWS services reached without a way out."""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope

from .subnets import Subnets

# The two services with gateway endpoints (VPC user guide, "Gateway endpoints", November 2026): free of charge.
_GATEWAY = frozenset({"s3", "dynamodb"})
_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def add_endpoints(
    scope: Scope, vpc: Handle, subnets: Subnets, tables: Iterable[Handle], names: Iterable[str], cidr: str, facts: Facts
) -> tuple[Address, ...]:
    """Add the endpoints of the services `names` (`s3`, `ecr.api`), and what guards them."""
    interfaces = [name for name in names if name not in _GATEWAY]
    gateways = [name for name in names if name in _GATEWAY]
    guard = _guard(scope, vpc, cidr) if interfaces else None
    made = []
    for name in gateways:
        made.append(
            _add(scope, vpc, name, facts, {"vpcEndpointType": "Gateway", "routeTableIds": [one.id for one in tables]})
        )
    for name in interfaces:
        properties: Properties = {
            "vpcEndpointType": "Interface",
            "subnetIds": [subnet.id for subnet in subnets.private.values()],
            "securityGroupIds": [guard.id] if guard else [],
            "privateDnsEnabled": True,
        }
        made.append(_add(scope, vpc, name, facts, properties))
    return tuple(one.address for one in made)


def _add(scope: Scope, vpc: Handle, name: str, facts: Facts, more: Properties) -> Handle:
    # China's services carry the domain of that partition (VPC user guide, "AWS services that integrate").
    domain = "cn.com.amazonaws" if facts.partition == "aws-cn" and name not in _GATEWAY else "com.amazonaws"
    properties = {"vpcId": vpc.id, "serviceName": f"{domain}.{facts.region}.{name}", **more}
    return scope.add(f"endpoints.{name.replace('.', '-')}", _ENDPOINT, properties)


def _guard(scope: Scope, vpc: Handle, cidr: str) -> Handle:
    """A security group that lets the network in over TLS, and nothing else."""
    properties = {"vpcId": vpc.id, "description": "AWS services reached from within the network"}
    group = scope.add("endpoints.security-group", "aws:ec2/securityGroup:SecurityGroup", properties)
    rule = {
        "securityGroupId": group.id,
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": cidr,
        "description": "TLS from the network",
    }
    scope.add("endpoints.security-group.ingress", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", rule)
    return group
