"""What a stack names and does not make is found by what its types declare, wherever it stands."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Change, Field, Plan
from mlinfra.core.resource import Connection, Graph, Ownership, Resource
from mlinfra.core.value import Properties, Ref
from mlinfra.session.plans.borrowing import borrowings
from mlinfra.session.reading.kinds import Kinds

CLUSTER, ENTRY = "aws:eks/cluster:Cluster", "aws:eks/accessEntry:AccessEntry"
VPC, SUBNET, GROUP, ROLE = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/role:Role",
)
AT = Address("resources.it")
PERSON = "arn:aws:iam::123456789012:user/ada"


def found(token: str, properties: Properties, action: Action = Action.CREATE, *changed: str) -> list[tuple[str, str]]:
    graph = Graph.of([Resource(AT, token, properties, Connection("aws", "123456789012/us-east-1"))])
    change = Change(address=AT, type=token, action=action, fields=tuple(Field(path=(name,)) for name in changed))
    plan = Plan(ownership=Ownership("s", "l"), serial=1, steps=(), changes=(change,))
    return [(one.type, one.name) for one in borrowings(plan, graph, Kinds())]


PLACED = {"name": "ml", "roleArn": "arn:aws:iam::1:role/a", "vpcConfig": {"subnetIds": ["subnet-1", Ref(AT)]}}


@pytest.mark.parametrize(
    ("token", "properties", "named"),
    [
        (GROUP, {"vpcId": "vpc-1", "description": "vpc-2"}, [(VPC, "vpc-1")]),
        (GROUP, {"vpcId": Ref(Address("network.vpc"))}, []),
        (CLUSTER, PLACED, [(ROLE, "arn:aws:iam::1:role/a"), (SUBNET, "subnet-1")]),
        (ENTRY, {"clusterName": Ref(AT), "principalArn": PERSON}, [(ROLE, PERSON)]),
    ],
)
def test_literals_are_borrowed_and_references_are_not(
    token: str, properties: Properties, named: list[tuple[str, str]]
) -> None:
    assert found(token, properties) == named


def test_of_what_is_changed_only_what_is_new_is_looked_for() -> None:
    assert found(CLUSTER, PLACED, Action.UPDATE, "vpcConfig") == [(SUBNET, "subnet-1")]
    assert found(CLUSTER, PLACED, Action.UPDATE, "version") == []
    assert found(CLUSTER, PLACED, Action.DELETE) == []
