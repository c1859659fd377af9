"""Elastic Fabric Adapters: the interfaces over which nodes train together, and who may talk through them."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties, Value
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Network, Subnet


def fabric_problems(names: tuple[str, ...], subnets: list[Subnet], network: Network, facts: Facts) -> Iterator[Problem]:
    """Machines without adapters, or a place where they would be of no use. Types that are unknown are passed over."""
    types = [facts.instance_types[name] for name in names if name in facts.instance_types]
    for index, one in enumerate(types):
        if one.efa_interfaces == 0:
            hint = "choose a type that has one, such as p4d.24xlarge, or take efa out"
            yield Problem(Code.FABRIC, f"{one.name} has no EFA", at=("instances", index), hint=hint)
        elif one.efa_interfaces != types[0].efa_interfaces:
            summary = f"{one.name} has {one.efa_interfaces} EFAs and {types[0].name} has {types[0].efa_interfaces}"
            hint = "make a node group of its own for it"
            yield Problem(Code.FABRIC, summary, at=("instances", index), hint=hint)
    if len(subnets) != 1:
        hint = "name the one zone of your capacity: zones: [...]"
        yield Problem(Code.FABRIC, "EFA does not reach from one zone to another", at=("efa",), hint=hint)
    if network.nodes_public:
        # EC2 gives public addresses to machines with one interface only (EC2 user guide, "Public IPv4 addresses").
        hint = "set network.nodeSubnets to private"
        yield Problem(Code.FABRIC, "machines with EFA cannot have public addresses", at=("efa",), hint=hint)


def add_fabric_group(scope: Scope, network: Network) -> Handle:
    """A security group whose members talk freely to each other, as EFA asks for (EC2 user guide, "Get started")."""
    properties: Properties = {"vpcId": network.vpc_id, "description": "nodes that train together"}
    group = scope.add("efa.security-group", "aws:ec2/securityGroup:SecurityGroup", properties)
    for way in ("ingress", "egress"):
        kind = f"SecurityGroup{way.title()}Rule"
        rule: Properties = {
            "securityGroupId": group.id,
            "referencedSecurityGroupId": group.id,
            "ipProtocol": "-1",
            "description": "all traffic between them",
        }
        scope.add(f"efa.security-group.{way}", f"aws:vpc/s{kind[1:]}:{kind}", rule)
    return group


def fabric_interfaces(count: int, groups: list[Value]) -> list[Properties]:
    """One interface for all ordinary traffic, and an adapter on each of `count` network cards.

    As the EC2 user guide recommends ("Maximize network bandwidth on instances with multiple network cards", November
    2026): adapters alone, since such interfaces use up no addresses; on the first card beside the ordinary one.
    """
    ordinary: Properties = {"networkCardIndex": 0, "deviceIndex": 0}
    adapters: list[Properties] = [
        {"networkCardIndex": card, "deviceIndex": 1 if card == 0 else 0, "interfaceType": "efa-only"}
        for card in range(count)
    ]
    return [{**one, "deleteOnTermination": "true", "securityGroups": groups} for one in (ordinary, *adapters)]
