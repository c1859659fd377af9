from __future__ import annotations

from mlinfra.config import load_stack, unbuilt
from mlinfra.core.resource import Move
from mlinfra.core.source import Source
from mlinfra.core.stack import RawResource, Target
from tests.config.language import LANGUAGE
from tests.config.project import Project


def test_a_stack_has_all_that_its_file_says(project: Project) -> None:
    file = project.write("""\
        apiVersion: mlinfra/v1
        kind: Stack
        metadata: {name: shop, owner: ml@acme.example, tags: {team: shop, cost-center: 0441}}
        target: {platform: aws, region: us-east-1, account: 012345678901}
        state: s3://acme-state/shop
        moved:
          - {from: nodeGroups.a, to: nodeGroups.b}
        lifecycle: {environment: ephemeral, protect: [registries, network.vpc], ttl: 8h, budget: {monthlyUSD: 1.5}}
        policies:
          packs: [baseline]
          waive: [{rule: R-1, address: network, reason: partners, until: 2027-03-31}]
        network: {}
        resources:
          scratch:
            type: aws:s3/bucket:Bucket
            properties: {bucket: 0012}
            dependsOn: [network]
            connection: other
    """)
    stack, notes = load_stack(file, LANGUAGE, environ={})
    assert notes == ()
    assert (stack.name, stack.owner, stack.state) == ("shop", "ml@acme.example", "s3://acme-state/shop")
    assert stack.tags == {"team": "shop", "cost-center": "0441"}
    assert stack.target == Target(platform="aws", region="us-east-1", account="012345678901")
    assert stack.moves == (Move("nodeGroups.a", "nodeGroups.b", Source("stack.yaml", 7, 5)),)
    assert (stack.environment, stack.protect) == ("ephemeral", ("registries", "network.vpc"))
    assert stack.lifecycle == {"ttl": "8h", "budget": {"monthlyUSD": 1.5}}
    assert stack.policies["waive"][0]["until"] == "2027-03-31"
    assert stack.resources["scratch"] == RawResource(
        type="aws:s3/bucket:Bucket", properties={"bucket": "0012"}, depends_on=("network",), connection="other"
    )


def test_the_smallest_stack_is_its_head(project: Project) -> None:
    stack = project.load("")
    assert (stack.sections, stack.resources, stack.outputs, stack.environment) == ({}, {}, {}, "production")


def test_text_keeps_the_spelling_of_what_is_not_quoted(project: Project) -> None:
    stack = project.load("""
        nodeGroups:
          gpu: {instances: [1.0], max: 1, version: 1.30, labels: {on: yes, exact: 1e3, no: false, octal: 010}}
    """)
    assert stack.sections["nodeGroups"]["gpu"] == {
        "instances": ["1.0"], "max": 1, "version": "1.30",
        "labels": {"on": "yes", "exact": "1e3", "no": "false", "octal": "010"},
    }  # fmt: skip


def test_a_section_that_cannot_be_planned_yet_loads_and_is_an_error_for_a_plan(project: Project) -> None:
    stack = project.load("network: {}\nruntimes: {kserve: {}}\n")
    assert [(d.code, str(d.source)) for d in unbuilt(stack, LANGUAGE)] == [("MLI1153", "stack.yaml:7:1")]
    assert unbuilt(project.load("network: {}\n"), LANGUAGE) == ()


def test_a_mistake_in_an_entry_names_its_address(project: Project) -> None:
    found = project.refused("nodeGroups: {gpu: {instances: [a], max: x}}\nnetwork: {nat: x}\n")
    assert [diagnostic.address for diagnostic in found] == ["nodeGroups.gpu", "network"]


def test_a_key_with_nothing_behind_it_must_say_which_it_means(project: Project) -> None:
    found = project.refused("runtimes:\n  kserve:\n  flyte: {}\nnodeGroups: {gpu: {instances: [], labels: {a: }}}\n")
    assert [diagnostic.summary for diagnostic in found if diagnostic.code == "MLI1018"] == [
        "nothing is written for runtimes.kserve",
        "nothing is written for nodeGroups.gpu.labels.a",
    ]


def test_what_no_section_makes_has_addresses_too(project: Project) -> None:
    stack = project.load("""
        moved: [{from: nodeGroups.gpu.driver, to: components.aws-ebs-csi-driver.driver}]
        policies: {waive: [{rule: R, address: lifecycle.budget, reason: x, until: 2027-03-31}]}
    """)
    assert [move.target for move in stack.moves] == ["components.aws-ebs-csi-driver.driver"]
