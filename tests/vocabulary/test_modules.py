"""Every resource that a module emits, against Pulumi's own argument classes, and against the types we declare."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import pytest

from mlinfra.core.address import Address
from mlinfra.core.property import block, integer, list_of, text
from mlinfra.core.resource import Resource
from mlinfra.core.value import Path, Ref, refs
from mlinfra.providers.aws.catalogue import catalogue
from tests.modules.cases import graphs
from tests.vocabulary.vocabulary import complaints, output_complaints, unknown_names

pytestmark = pytest.mark.skipif(
    find_spec("pulumi_aws") is None, reason="pulumi_aws is not installed: pip install 'mlinfra[pulumi]'"
)


@pytest.mark.parametrize("name", sorted(graphs()))
def test_pulumi_understands_every_property(name: str) -> None:
    graph = graphs()[name]
    assert [one for resource in graph for one in complaints(resource.type, resource.properties)] == []


@pytest.mark.parametrize("token", sorted(catalogue()))
def test_pulumi_has_every_property_of_every_type(token: str) -> None:
    assert unknown_names(token, catalogue()[token].about.inputs) == []


def test_a_property_that_pulumi_does_not_have_is_found_within_blocks() -> None:
    disk = block({"ebs": block({"volumeSize": integer(), "size": integer()})})
    declared = block({"blockDeviceMappings": list_of(disk), "name": text(), "names": text()})
    unknown = unknown_names("aws:ec2/launchTemplate:LaunchTemplate", declared)
    assert unknown == ["blockDeviceMappings.ebs.size", "names"]


@pytest.mark.parametrize("name", sorted(graphs()))
def test_pulumi_has_every_output_that_is_referred_to(name: str) -> None:
    graph = graphs()[name]
    types: Mapping[str, Resource] = {str(one.address): one for one in graph}
    found = [
        one
        for resource in graph
        for ref in refs(resource.properties)
        for one in output_complaints(types[ref.address].type, ref)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("token", "properties", "complaint"),
    [
        ("aws:ec2/vpc:Vpc", {"cidrblock": "10.0.0.0/16"}, "aws:ec2/vpc:Vpc has no property cidrblock"),
        ("aws:ec2/vpc:Vpc", {"enableDnsSupport": "true"}, "aws:ec2/vpc:Vpc.enableDnsSupport is 'true', expected bool"),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"blockDeviceMappings": [{"ebs": {"size": 3}}]},
            "aws:ec2/launchTemplate:LaunchTemplate.blockDeviceMappings[0].ebs has no property size",
        ),
        ("aws:ec2/routeTable:RouteTable", {}, "aws:ec2/routeTable:RouteTable lacks vpcId"),
    ],
)
def test_what_pulumi_would_not_understand_is_complained_about(
    token: str, properties: dict[str, object], complaint: str
) -> None:
    assert list(complaints(token, properties)) == [complaint]


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        (("vpcConfig", "clusterSecurityGroupId"), True),
        (("identities", 0, "oidcs", 0, "issuer"), True),
        (("vpcConfig", "securityGroup"), False),
        (("identities", 0, "oidcs", 0, "url"), False),
        (("nodes",), False),
    ],
)
def test_outputs_that_pulumi_does_not_have_are_complained_about(path: Path, fits: bool) -> None:
    ref = Ref(Address("cluster"), path)
    assert (list(output_complaints("aws:eks/cluster:Cluster", ref)) == []) is fits
