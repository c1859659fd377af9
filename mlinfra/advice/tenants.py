"""Tenants: what besides nodes takes addresses of subnets, so that small ones are not thought emptier than they will be.

Only what is still to be made counts: what is there already is no longer free. Pure; `demand` asks it.
"""

from __future__ import annotations

from collections import Counter

from mlinfra.advice.reading import items, part, text
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import SUBNET
from mlinfra.core.value import Value

# EKS user guide, "Subnet requirements and considerations"; Elastic Load Balancing user guides, "Subnets for your load
# balancer": what must be free in each of their subnets (November 2026).
_CONTROL_PLANE, _BALANCER = 6, 8


def taken(things: Things) -> Counter[str]:
    """How many addresses are taken of each subnet, by its id or else its address, as places are called."""
    found: Counter[str] = Counter()
    for thing in things:
        for value, count in _wanted(thing) if not thing.id else ():
            subnet = things.referred(SUBNET, value)
            if subnet is not None:
                found[subnet.id or str(subnet.address)] += count
            elif isinstance(value, str):
                found[value] += count
    return found


def _wanted(thing: Thing) -> list[tuple[Value, int]]:
    """The subnets that something lives in, each with the addresses that it wants there."""
    own = thing.properties
    match thing.type:
        case "aws:eks/cluster:Cluster":
            return [(one, _CONTROL_PLANE) for one in items(part(own, "vpcConfig"), "subnetIds")]
        case "aws:lb/loadBalancer:LoadBalancer":
            each = 1 if text(own, "loadBalancerType", "application") == "network" else _BALANCER
            given = items(own, "subnets") or [part(one).get("subnetId") for one in items(own, "subnetMappings")]
            return [(one, each) for one in given]
        case "aws:ec2/vpcEndpoint:VpcEndpoint" | "aws:fsx/lustreFileSystem:LustreFileSystem":
            return [(one, 1) for one in items(own, "subnetIds")]
        case "aws:efs/mountTarget:MountTarget" | "aws:ec2/natGateway:NatGateway":
            return [(own.get("subnetId"), 1)]
        case _:
            return []
