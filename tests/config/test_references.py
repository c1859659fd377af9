from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mlinfra.config import Applied
from mlinfra.core.address import Address
from mlinfra.core.source import Source
from mlinfra.core.value import Concat, Ref, Secret
from tests.config.project import Project

GROUP = "nodeGroups: {gpu: {instances: [a], max: 1, %s}}\n"


def test_a_whole_scalar_keeps_the_type_of_the_input(project: Project) -> None:
    stack = project.load("""
        inputs:
          most: {type: integer, default: 8}
          types: {type: array, default: [g5.xlarge, g5.2xlarge]}
        nodeGroups: {gpu: {instances: "${inputs.types}", max: "${inputs.most}"}}
    """)
    assert stack.sections["nodeGroups"]["gpu"] == {"instances": ["g5.xlarge", "g5.2xlarge"], "max": 8}


def test_within_a_longer_text_a_value_becomes_text_as_it_was_spelt(project: Project) -> None:
    stack = project.load(
        """
        inputs:
          version: {type: number, default: 1.30}
          blue: {type: boolean, default: true}
        registries: {models: {}}
        outputs: {a: "v${inputs.version}-${inputs.blue}-${env.USER}"}
        """,
        environ={"USER": "ada"},
    )
    assert stack.outputs == {"a": "v1.30-true-ada"}


def test_an_element_of_an_input_can_be_named(project: Project) -> None:
    stack = project.load("""
        inputs: {net: {type: object, default: {zones: [a, b]}}}
        outputs: {zone: "${inputs.net.zones[1]}"}
    """)
    assert stack.outputs == {"zone": "b"}


def test_what_an_input_holds_is_never_expanded_again(project: Project) -> None:
    stack = project.load(
        "inputs: {cidr: {type: string}}\nnetwork: {cidr: '${inputs.cidr}'}\noutputs: {b: 'x${inputs.cidr}'}",
        sets=["cidr=${env.SECRET}$$"],
        environ={"SECRET": "hunter2"},
    )
    assert stack.sections["network"]["cidr"] == "${env.SECRET}$$"
    assert stack.outputs == {"b": "x${env.SECRET}$$"}


def test_what_an_environment_variable_holds_is_never_expanded_again(project: Project) -> None:
    stack = project.load("network: {cidr: '${env.CIDR}'}", environ={"CIDR": "${secret.sm:root}"})
    assert stack.sections["network"]["cidr"] == "${secret.sm:root}"


@pytest.mark.parametrize(
    ("written", "means"),
    [("$${inputs.x}", "${inputs.x}"), ("a$$b", "a$b"), ("$5", "$5"), ("a$", "a$"), ("$$$$", "$$"), ("}{", "}{")],
)
def test_two_dollars_are_one_and_one_alone_is_itself(project: Project, written: str, means: str) -> None:
    assert project.load(f"network: {{cidr: '{written}'}}").sections["network"]["cidr"] == means


def test_a_dollar_sign_in_an_input_s_default_is_doubled_too(project: Project) -> None:
    stack = project.load("inputs: {a: {type: string, default: '$${x}'}}\noutputs: {a: '${inputs.a}'}")
    assert stack.outputs == {"a": "${x}"}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("${secret.sm:prod/db#password}", Secret("sm", "prod/db", "password")),
        ("${secret.sm:prod/db}", Secret("sm", "prod/db")),
        ("${secret.ssm:/prod/db/password}", Secret("ssm", "/prod/db/password")),
        ("${secret.env:TOKEN}", Secret("env", "TOKEN")),
    ],
)
def test_a_secret_stays_a_reference(project: Project, written: str, means: Secret) -> None:
    stack = project.load(GROUP % f"token: '{written}'", environ={"TOKEN": "hunter2"})
    assert stack.sections["nodeGroups"]["gpu"]["token"] == means
    assert "hunter2" not in repr(stack)


def test_resources_and_outputs_refer_to_what_sections_will_make(project: Project) -> None:
    stack = project.load("""
        network: {}
        registries: {models: {}}
        resources:
          scratch:
            type: aws:s3/bucket:Bucket
            properties: {bucket: "b-${network.vpcId}", tags: {subnet: "${network.subnetIds[0]}"}}
          hook:
            type: aws:ssm/parameter:Parameter
            properties: {type: String, value: "${resources.scratch.arn}"}
        outputs: {url: "${registries.models.url}", all: ["${network.vpcId}", plain]}
    """)
    vpc = Ref(Address("network"), ("vpcId",))
    assert stack.resources["scratch"].properties == {
        "bucket": Concat(("b-", vpc)),
        "tags": {"subnet": Ref(Address("network"), ("subnetIds", 0))},
    }
    assert stack.resources["hook"].properties["value"] == Ref(Address("resources.scratch"), ("arn",))
    assert stack.outputs == {"url": Ref(Address("registries.models"), ("url",)), "all": [vpc, "plain"]}


def test_a_reference_may_stand_where_a_resource_wants_a_number(project: Project) -> None:
    stack = project.load("""
        network: {}
        resources:
          a: {type: "aws:s3/bucket:Bucket", properties: {size: "${network.vpcId}"}}
    """)
    assert stack.resources["a"].properties["size"] == Ref(Address("network"), ("vpcId",))


def test_a_text_around_a_reference_may_not_stand_where_a_number_is_wanted(project: Project) -> None:
    found = project.refused("""
        network: {}
        resources:
          a: {type: "aws:s3/bucket:Bucket", properties: {size: "1${network.vpcId}"}}
    """)
    assert [diagnostic.code for diagnostic in found] == ["MLI1032"]


def applied(outputs: Mapping[str, Any]) -> Any:
    return lambda location: Applied(outputs, f"lineage/7 of {location}")


NEIGHBOUR = """
    stacks: {shared: {state: "s3://acme-state/${inputs.where}"}}
    inputs: {where: {type: string, default: shared}}
    network: {cidr: "${stacks.shared.outputs.cidr}", zones: "${stacks.shared.outputs.zones}"}
"""


def test_outputs_of_another_stack_are_read_where_its_state_is_kept(project: Project) -> None:
    stack = project.load(NEIGHBOUR, reader=applied({"cidr": "10.9.0.0/16", "zones": ["a", "b"]}))
    assert stack.sections["network"] == {"cidr": "10.9.0.0/16", "zones": ["a", "b"]}
    assert stack.documents["s3://acme-state/shared"] == "lineage/7 of s3://acme-state/shared"


def test_what_another_stack_answers_is_never_expanded_again(project: Project) -> None:
    stack = project.load(NEIGHBOUR, reader=applied({"cidr": "${env.HOME}", "zones": 2}), environ={"HOME": "/root"})
    assert stack.sections["network"]["cidr"] == "${env.HOME}"


def test_without_a_reader_outputs_of_another_stack_stay_symbolic(project: Project) -> None:
    stack = project.load(NEIGHBOUR)
    assert stack.sections["network"]["cidr"] == Ref(Address("stacks.shared"), ("outputs", "cidr"))


def test_an_output_that_another_stack_does_not_have_is_refused_with_the_near_name(project: Project) -> None:
    found = project.refused(NEIGHBOUR, reader=applied({"cidrs": 1, "zones": 2}))
    assert [(d.code, d.hint) for d in found] == [("MLI1137", "did you mean cidrs?")]


def test_each_state_is_read_once(project: Project) -> None:
    asked = []

    def reader(location: str) -> Applied:
        asked.append(location)
        return Applied({"cidr": "10.9.0.0/16", "zones": 1}, "1")

    project.load(NEIGHBOUR, reader=reader)
    assert asked == ["s3://acme-state/shared"]


def test_a_substituted_value_is_found_where_its_reference_stands(project: Project) -> None:
    stack = project.load("inputs: {cidr: {type: string}}\nnetwork:\n  cidr: ${inputs.cidr}\n", sets=["cidr=10.0.0.0/8"])
    assert stack.positions.at(("network", "cidr")) == Source("stack.yaml", 8, 3)


def test_what_is_not_written_is_found_at_its_nearest_ancestor_or_nowhere(project: Project) -> None:
    stack = project.load("network:\n  nat: none\n")
    assert stack.positions.at(("network", "zones", 1)) == Source("stack.yaml", 6, 1)
    assert stack.positions.at(("registries", "models")) is None
