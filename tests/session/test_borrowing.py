"""What a stack names and does not make is found by what its types declare, wherever it stands."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.plan import Action, Change, Field, Plan
from mlinfra.core.resource import Connection, Graph, Ownership, Resource
from mlinfra.core.value import Properties, Ref
from mlinfra.session.plans.borrowing import borrowings
from mlinfra.session.plans.written import place_of
from mlinfra.session.reading.kinds import Kinds
from tests.library.samples import stack_of

CLUSTER, ENTRY = "aws:eks/cluster:Cluster", "aws:eks/accessEntry:AccessEntry"
VPC, SUBNET, GROUP, ROLE = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/role:Role",
)
FILES = "aws:efs/fileSystem:FileSystem"
CLOUD = Connection("aws", "123456789012/us-east-1")
AT = Address("resources.it")
PERSON = "arn:aws:iam::123456789012:user/ada"


def found(token: str, properties: Properties, action: Action = Action.CREATE, *changed: str) -> list[tuple[str, str]]:
    graph = Graph.of([Resource(AT, token, properties, CLOUD)])
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


def test_what_the_stack_makes_under_a_name_is_its_maker_where_only_the_name_is_said() -> None:
    made = {"resources.role": (ROLE, "ml-admins"), "resources.alias": ("aws:kms/alias:Alias", "alias/data")}
    own = [Resource(Address(at), token, {"name": name}, CLOUD) for at, (token, name) in made.items()]
    entry = Resource(AT, ENTRY, {"principalArn": "arn:aws:iam::123456789012:role/teams/ml-admins"}, CLOUD)
    disk = Resource(Address("resources.disk"), FILES, {"kmsKeyId": "arn:aws:kms:us-east-1:1:alias/data"}, CLOUD)
    changes = [Change(address=one.address, type=one.type, action=Action.CREATE) for one in (entry, disk)]
    plan = Plan(ownership=Ownership("s", "l"), serial=1, steps=(), changes=tuple(changes))
    found = borrowings(plan, Graph.of([*own, entry, disk]), Kinds())
    assert {one.address: one.maker for one in found} == {AT: "resources.role", "resources.disk": "resources.alias"}


def test_a_bucket_is_looked_for_where_only_its_key_is_not() -> None:
    setting = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k-1"}}
    own = Resource(Address("resources.own"), "aws:s3/bucket:Bucket", {"bucket": "own"}, CLOUD)
    for bucket, maker in (("own", "resources.own"), ("other", None)):
        it = Resource(AT, setting, {"bucket": bucket, "rules": [rule]}, CLOUD)
        change = Change(address=AT, type=setting, action=Action.CREATE)
        plan = Plan(ownership=Ownership("s", "l"), serial=1, steps=(), changes=(change,))
        found = {one.name: (one.maker, one.later) for one in borrowings(plan, Graph.of([own, it]), Kinds())}
        assert found == {bucket: (maker, False), "k-1": (None, True)}


def test_what_aws_does_not_look_for_it_misses_later_unless_a_group_launches_from_it() -> None:
    template = Resource(AT, "aws:ec2/launchTemplate:LaunchTemplate", {"vpcSecurityGroupIds": ["sg-1"]}, CLOUD)
    launch = {"launchTemplate": {"id": Ref(AT), "version": "1"}}
    nodes = Resource(Address("nodes"), "aws:eks/nodeGroup:NodeGroup", launch, CLOUD)
    change = Change(address=AT, type=template.type, action=Action.CREATE)
    plan = Plan(ownership=Ownership("s", "l"), serial=1, steps=(), changes=(change,))
    for graph, later in (([template], True), ([template, nodes], False)):
        (one,) = borrowings(plan, Graph.of(graph), Kinds())
        assert (one.name, one.later) == ("sg-1", later)


def test_it_is_told_at_the_line_that_names_it_in_its_own_section_first() -> None:
    role = "arn:aws:iam::123456789012:role/ml-admins"
    sections = {
        "endpoints": {"ranker": {"role": role}},
        "cluster": {"access": [{"principal": PERSON}, {"principal": role}]},
    }
    grouped = {"type": GROUP, "properties": {"vpcId": "vpc-1"}}
    stack = stack_of(sections, resources={"first": grouped, "it": grouped})
    asked = [(role, "cluster.access.ml-admins"), (role, "endpoints.ranker"), ("vpc-1", AT), ("vpc-2", AT)]
    places = [place_of(name, stack, Address(below)) for name, below in asked]
    assert [one.file if one else None for one in places] == [
        "cluster.access[1].principal",
        "endpoints.ranker.role",
        "resources.it.properties.vpcId",
        None,
    ]


def test_of_what_is_changed_only_what_is_new_is_looked_for() -> None:
    assert found(CLUSTER, PLACED, Action.UPDATE, "vpcConfig") == [(SUBNET, "subnet-1")]
    assert found(CLUSTER, PLACED, Action.UPDATE, "version") == []
    assert found(CLUSTER, PLACED, Action.DELETE) == []
