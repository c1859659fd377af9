from __future__ import annotations

from typing import Any

from mlinfra.config import Applied, expand
from mlinfra.core.address import Address
from mlinfra.core.stack import Stack
from mlinfra.core.value import Ref, Secret
from tests.config.language import LANGUAGE
from tests.config.project import Project


def rows(stack: Stack) -> dict[str, tuple[Any, str]]:
    found = expand(stack, LANGUAGE)
    assert len({row.path for row in found}) == len(found)
    return {row.path: (row.value, row.origin) for row in found}


def test_every_value_says_where_it_comes_from(project: Project) -> None:
    project.write("network: {nat: none}\n", "base.yaml")
    stack = project.load(
        """
        extends: [base.yaml]
        stacks: {shared: {state: s3://a/b}}
        inputs: {most: {type: integer, default: 8}, zones: {type: integer, default: 2}}
        network: {zones: "${inputs.zones}", cidr: "${env.CIDR}"}
        nodeGroups: {gpu: {instances: ["${stacks.shared.outputs.type}"], max: "${inputs.most}", version: 1.30}}
        """,
        sets=["most=4"],
        environ={"CIDR": "10.0.0.0/8"},
        reader=lambda location: Applied({"type": "g5.xlarge"}, "1"),
    )
    found = rows(stack)
    assert found["network.nat"] == ("none", "base.yaml:1:16")
    assert found["network.zones"] == (2, "stack.yaml:9:77")
    assert found["network.cidr"] == ("10.0.0.0/8", "environment variable CIDR")
    assert found["network.flowLogs"] == (True, "default")
    assert found["nodeGroups.gpu.max"] == (4, "--set most")
    assert found["nodeGroups.gpu.min"] == (1, "default")
    assert found["nodeGroups.gpu.version"] == ("1.30", "stack.yaml:11:98")
    assert found["inputs.most"] == (4, "--set most")
    assert found["lifecycle.environment"] == ("production", "default")


def test_a_mapping_that_is_left_out_shows_its_own_defaults(project: Project) -> None:
    found = rows(
        project.load("nodeGroups: {gpu: {instances: [a], max: 1}, cpu: {instances: [b], max: 1, volume: {iops: 1}}}\n")
    )
    assert found["nodeGroups.gpu.volume.size"] == ("100Gi", "default")
    assert found["nodeGroups.cpu.volume.size"] == ("100Gi", "default")
    assert found["nodeGroups.cpu.volume.iops"][0] == 1
    assert found["nodeGroups.gpu.labels"] == ({}, "default")


def test_a_section_that_is_left_out_has_no_defaults(project: Project) -> None:
    assert not any(path.startswith(("network", "registries")) for path in rows(project.load("")))


def test_resources_show_the_defaults_of_their_type_and_expressions_as_they_are(project: Project) -> None:
    found = rows(
        project.load("""
        network: {}
        resources:
          a: {type: "aws:s3/bucket:Bucket", properties: {bucket: "${network.vpcId}"}}
          b: {type: "aws:ssm/parameter:Parameter", properties: {type: String, value: "${secret.sm:x}"}}
        outputs: {vpc: "${network.vpcId}"}
    """)
    )
    assert found["resources.a.properties.bucket"] == (Ref(Address("network"), ("vpcId",)), "stack.yaml:9:58")
    assert found["resources.a.properties.forceDestroy"] == (False, "default")
    assert found["resources.b.properties.value"][0] == Secret("sm", "x")
    assert found["outputs.vpc"][0] == Ref(Address("network"), ("vpcId",))
