"""Graphs made by hand."""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.source import Source
from mlinfra.core.value import Ref

_AWS = Connection("aws", {"account": "123456789012", "region": "us-east-1"})

HOME = ("cluster.control-plane", "network.private-a")


def resource(address: str, token: str, *needs: str, line: int = 0) -> Resource:
    properties = {f"p{index}": Ref(Address(need)) for index, need in enumerate(needs)}
    return Resource(Address(address), token, properties, _AWS, source=Source("stack.yaml", line) if line else None)


def cluster(groups: int = 4) -> Graph:
    """A cluster as our modules make them: a network, a control plane, node groups, registries."""
    made = [resource("network.vpc", "aws:ec2/vpc:Vpc", line=9)]
    made.append(resource("network.gateway", "aws:ec2/internetGateway:InternetGateway", "network.vpc", line=9))
    for zone in "abc":
        for side in ("public", "private"):
            subnet = f"network.{side}-{zone}"
            made.append(resource(subnet, "aws:ec2/subnet:Subnet", "network.vpc", line=9))
            made.append(resource(f"{subnet}-routes", "aws:ec2/routeTable:RouteTable", subnet, line=9))
    made.append(resource("network.nat", "aws:ec2/natGateway:NatGateway", "network.public-a", line=11))
    made.append(resource("cluster.role", "aws:iam/role:Role", line=14))
    made.append(resource("cluster.key", "aws:kms/key:Key", line=14))
    made.append(resource("cluster.logs", "aws:cloudwatch/logGroup:LogGroup", line=14))
    needs = (
        "cluster.role",
        "cluster.key",
        "cluster.logs",
        "network.private-a",
        "network.private-b",
        "network.private-c",
    )
    made.append(resource("cluster.control-plane", "aws:eks/cluster:Cluster", *needs, line=14))
    for number in range(groups):
        base = f"nodeGroups.group-{number}"
        made.append(resource(f"{base}.role", "aws:iam/role:Role", line=20 + number))
        template = f"{base}.launch-template"
        made.append(
            resource(template, "aws:ec2/launchTemplate:LaunchTemplate", "cluster.control-plane", line=20 + number)
        )
        made.append(
            resource(f"{base}.group", "aws:eks/nodeGroup:NodeGroup", f"{base}.role", template, *HOME, line=20 + number)
        )
    made.append(resource("registries.models", "aws:ecr/repository:Repository", line=40))
    made.append(resource("registries.models.lifecycle", "aws:ecr/lifecyclePolicy:LifecyclePolicy", "registries.models"))
    return Graph.of(made)
