from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.facts import Wants
from mlinfra.core.resource import Connection, Move
from mlinfra.core.stack import Target
from mlinfra.core.value import Concat, Ref, Secret
from mlinfra.library.assembly import build, wants
from mlinfra.library.folders import bundled_modules
from mlinfra.library.library import Library
from tests.library.samples import FACTS, LIBRARY, TAGGABLE, codes, graph_of, properties, refusals, stack_of

_NETWORK = {"network": {"nat": "single"}}
_CLUSTER = {**_NETWORK, "cluster": {}}
_BUCKET = "aws:s3/bucket:Bucket"


def test_a_stack_without_sections_desires_nothing() -> None:
    assert not graph_of({}).resources


def test_a_section_that_is_empty_takes_its_defaults() -> None:
    assert graph_of({"network": None}).resources.keys() == graph_of({"network": {}}).resources.keys()


def test_the_same_stack_gives_the_same_graph_each_time() -> None:
    first, second = (graph_of(_CLUSTER) for _ in range(2))
    assert list(first) == list(second)


def test_resources_say_where_their_section_was_written() -> None:
    graph = graph_of({**_CLUSTER, "nodeGroups": {"system": {"instances": ["m6i.large"], "max": 2}}})
    sources = {one.source.file for one in graph if one.source and one.address.is_within("nodeGroups.system")}
    assert sources == {"nodeGroups.system"}


def test_what_is_made_in_an_account_is_behind_its_connection() -> None:
    assert {one.connection for one in graph_of(_NETWORK)} == {Connection("aws", "123456789012/us-east-1")}


def test_the_facts_that_node_groups_want_are_their_instance_types() -> None:
    groups = {"system": {"instances": ["m6i.large"], "max": 2}, "gpu": {"instances": ["g5.xlarge"], "max": 2}}
    stack = stack_of({**_CLUSTER, "nodeGroups": groups})
    assert wants(stack, LIBRARY).instance_types == {"m6i.large", "g5.xlarge"}


# Tags and protection


def test_stack_tags_lie_beneath_a_modules_own_and_name_what_has_no_name() -> None:
    tags = properties(graph_of(_NETWORK, tags={"team": "recsys"}), "network.private.us-east-1a.subnet")["tags"]
    assert tags == {
        "team": "recsys",
        "Name": "demo/network.private.us-east-1a.subnet",
        "kubernetes.io/role/internal-elb": "1",
    }


def test_only_types_that_bear_tags_get_them() -> None:
    assert "tags" not in properties(graph_of(_NETWORK, tags={"team": "recsys"}), "network.public.default-route")


def test_a_stack_tag_changes_nothing_in_a_launch_template_but_its_own_tags() -> None:
    sections = {**_CLUSTER, "nodeGroups": {"gpu": {"instances": ["m6i.large"], "max": 2}}}
    plain, tagged = (
        properties(graph_of(sections, tags=tags), "nodeGroups.gpu.launch-template") for tags in ({}, {"team": "recsys"})
    )
    assert tagged == {**plain, "tags": {"team": "recsys"}}


@pytest.mark.parametrize("part", ["cluster", "network.vpc"])
def test_what_the_stack_protects_is_protected_and_nothing_else(part: str) -> None:
    graph = graph_of(_CLUSTER, protect=(part,))
    assert {one.address for one in graph if one.lifecycle.protect} == {
        one.address for one in graph if one.address.is_within(part)
    }


# Raw resources, references, outputs


def test_a_reference_becomes_what_the_module_gave() -> None:
    raw = {"logs": {"type": _BUCKET, "properties": {"tags": {"vpc": Ref(Address("network"), ("vpcId",))}}}}
    bucket = properties(graph_of(_NETWORK, resources=raw), "resources.logs")
    assert bucket["tags"]["vpc"] == Ref(Address("network.vpc"), ("id",))


def test_references_are_replaced_within_expressions_and_outputs() -> None:
    outputs = {"prefix": Concat((Ref(Address("registries.models"), ("url",)), ":latest"))}
    graph = graph_of({"registries": {"models": {}}}, outputs=outputs)
    assert graph.outputs["prefix"] == Concat((Ref(Address("registries.models"), ("repositoryUrl",)), ":latest"))


def test_a_reference_reaches_into_plain_outputs() -> None:
    outputs = {"first": Ref(Address("network"), ("zones", 0)), "subnet": Ref(Address("network"), ("subnetIds", 1))}
    graph = graph_of(_NETWORK, outputs=outputs)
    assert graph.outputs["first"] == "us-east-1a"
    assert graph.outputs["subnet"] == Ref(Address("network.private.us-east-1b.subnet"), ("id",))


def test_references_between_raw_resources_stay() -> None:
    other = Ref(Address("resources.one"), ("arn",))
    raw = {"one": {"type": _BUCKET}, "two": {"type": _BUCKET, "properties": {"tags": {"other": other}}}}
    assert properties(graph_of({}, resources=raw), "resources.two")["tags"]["other"] == other


def test_secrets_pass_untouched() -> None:
    secret = Secret("sm", "recsys/webhook", "url")
    raw = {"hook": {"type": "aws:ssm/parameter:Parameter", "properties": {"value": secret}}}
    assert properties(graph_of({}, resources=raw), "resources.hook")["value"] is secret


@pytest.mark.parametrize(
    ("path", "summary", "hint"),
    [
        (("vpcid",), "network has no output 'vpcid'", "vpcId"),
        ((), "network has no output ''", "vpcId"),
        (("zones", 9), "there is nothing at [9] of network", ""),
    ],
)
def test_a_reference_to_nothing_is_refused_with_what_there_is(path: tuple[Any, ...], summary: str, hint: str) -> None:
    (wrong,) = refusals(_NETWORK, outputs={"x": Ref(Address("network"), path)})
    assert (wrong.code, wrong.summary, str(wrong.source)) == ("MLI2008", summary, "outputs.x:1")
    assert hint in wrong.hint


def test_a_reference_to_an_absent_section_is_refused_with_near_names() -> None:
    raw = {"bucket": {"type": _BUCKET, "properties": {"tags": {"a": Ref(Address("registries.model"), ("url",))}}}}
    (wrong,) = refusals({"registries": {"models": {}}}, resources=raw)
    assert codes((wrong,)) == [("MLI2008", "resources.bucket.properties.tags.a")]
    assert wrong.hint == "there is registries.models"


def test_an_output_that_this_stack_does_not_have_is_refused() -> None:
    sections = {"registries": {"mirror": {"pullThrough": ["quay.io"]}}}
    (wrong,) = refusals(sections, outputs={"arn": Ref(Address("registries.mirror"), ("arn",))})
    assert wrong.summary == "registries.mirror has no arn in this stack"


def test_depends_on_names_sections_entries_or_addresses() -> None:
    raw = {"one": {"type": _BUCKET, "dependsOn": ["registries", "resources.two"]}, "two": {"type": _BUCKET}}
    graph = graph_of({"registries": {"models": {}}}, resources=raw)
    assert graph.resources[Address("resources.one")].depends_on == (
        "registries.models",
        "registries.models.lifecycle",
        "resources.two",
    )


def test_nothing_depends_on_itself_through_its_section() -> None:
    raw = {"one": {"type": _BUCKET, "dependsOn": ["resources"]}, "two": {"type": _BUCKET}}
    assert graph_of({}, resources=raw).resources[Address("resources.one")].depends_on == ("resources.two",)


def test_what_names_itself_among_what_it_depends_on_is_refused() -> None:
    raw = {"one": {"type": _BUCKET, "dependsOn": ["resources.two", "resources.one"]}, "two": {"type": _BUCKET}}
    assert codes(refusals({}, resources=raw)) == [("MLI2851", "resources.one.dependsOn[1]")]


def test_depends_on_may_name_an_entry_that_made_nothing() -> None:
    use = {"vpcId": "vpc-0abc", "subnetIds": ["subnet-0a"]}
    raw = {"one": {"type": _BUCKET, "dependsOn": ["network"]}}
    graph = graph_of({"network": {"use": use}}, resources=raw)
    assert graph.resources[Address("resources.one")].depends_on == ()


def test_depends_on_of_a_name_is_not_of_names_that_begin_like_it() -> None:
    sections = {"registries": {"models": {"keepLast": 0}, "models-old": {"keepLast": 0}}}
    graph = graph_of(sections, resources={"one": {"type": _BUCKET, "dependsOn": ["registries.models"]}})
    assert graph.resources[Address("resources.one")].depends_on == ("registries.models",)


def test_depends_on_that_names_nothing_is_refused_with_near_names() -> None:
    (wrong,) = refusals(_NETWORK, resources={"one": {"type": _BUCKET, "dependsOn": ["network.vcp"]}})
    assert codes((wrong,)) == [("MLI2012", "resources.one.dependsOn[0]")]
    assert "network.vpc" in wrong.hint


def test_a_raw_resource_of_a_cluster_needs_one() -> None:
    raw = {"app": {"type": "kubernetes:apps/v1:Deployment"}}
    assert codes(refusals({}, resources=raw)) == [("MLI2013", "resources.app")]


def test_a_raw_resource_of_a_cluster_is_behind_it() -> None:
    raw = {"app": {"type": "kubernetes:apps/v1:Deployment"}, "chart": {"type": "kubernetes:helm.sh/v3:Release"}}
    made = graph_of(_CLUSTER, resources=raw).resources
    identity = Concat((Ref(Address("cluster"), ("arn",)), "@", Ref(Address("cluster"), ("createdAt",))))
    assert made[Address("resources.app")].connection == Connection("kubernetes", identity)
    assert made[Address("resources.chart")].connection == Connection("helm", identity)
    assert "cluster" in made[Address("resources.app")].dependencies()


def test_a_raw_resource_of_another_provider_has_no_connection() -> None:
    raw = {"vm": {"type": "gcp:compute/instance:Instance"}}
    assert codes(refusals({}, resources=raw)) == [("MLI2013", "resources.vm")]


def test_moves_of_the_stack_come_before_those_of_modules(tmp_path: Path) -> None:
    text = (bundled_modules() / "registry" / "module.py").read_text()
    folder = tmp_path / "registry"
    folder.mkdir()
    (folder / "module.py").write_text(text + "MOVED = (('policy', 'lifecycle'),)\n")
    moves = (Move("registries.old", "registries.models"),)
    graph = graph_of({"registries": {"models": {}}}, library=Library.find([tmp_path]), moves=moves)
    assert graph.moves == (*moves, Move("registries.models.policy", "registries.models.lifecycle"))


# Refusals


def _with_one_to_come(folder: Path) -> Library:
    """Our modules, and one of which only the inputs are there yet."""
    (folder / "dataset").mkdir()
    (folder / "dataset" / "module.py").write_text(_TO_COME)
    return Library.find([bundled_modules(), folder])


_TO_COME = '''"""A data set."""

from mlinfra.library import Block, Place

SECTION = Place("datasets", many=True)


class Inputs(Block, frozen=True, kw_only=True):
    """Nothing yet."""
'''


def test_a_section_that_cannot_be_planned_yet_says_what_can(tmp_path: Path) -> None:
    (wrong,) = refusals({**_NETWORK, "datasets": {"clicks": {}}}, library=_with_one_to_come(tmp_path))
    assert codes((wrong,)) == [("MLI2005", "datasets.clicks")]
    assert {"cluster", "network", "nodeGroups", "registries"} < set(wrong.hint.rpartition(": ")[2].split(", "))


def test_an_entry_that_is_a_module_of_its_own_is_named_with_it() -> None:
    (wrong,) = refusals({"runtimes": {"jupyterhub": {}}})
    assert codes((wrong,)) == [("MLI2005", "runtimes.jupyterhub")]


def test_an_unknown_section_or_part_of_one_says_what_there_is() -> None:
    section, part = refusals({"networks": {}, "runtimes": {"kserv": {}}})
    assert codes((section, part)) == [("MLI2015", "networks"), ("MLI2015", "runtimes.kserv")]
    assert "network" in section.hint
    assert "kserve" in part.hint


@pytest.mark.parametrize(
    ("sections", "at", "words"),
    [
        ({"network": {"zones": "three"}}, "network.zones", "expected"),
        ({"network": {"colour": 1}}, "network", "colour"),
        ({"nodeGroups": {"a": {"instances": [], "max": 1}}}, "nodeGroups.a.instances", "length"),
        ({"nodeGroups": {"a": {"instances": ["m6i.large"], "max": 1, "taints": [{"key": "a"}, {"key": 3}]}}},
         "nodeGroups.a.taints[1].key", "str"),
    ],
)  # fmt: skip
def test_an_input_of_the_wrong_form_is_refused_where_it_stands(sections: dict[str, Any], at: str, words: str) -> None:
    (wrong,) = refusals(sections)
    assert codes((wrong,)) == [("MLI2006", at)]
    assert words in wrong.summary


def test_a_missing_section_is_named_and_not_what_it_would_have_caused() -> None:
    groups = {"nodeGroups": {"system": {"instances": ["m6i.large"], "max": 2}}}
    (wrong,) = refusals({"cluster": {}, **groups})
    assert (wrong.code, wrong.summary) == ("MLI2007", "cluster needs a network, and the stack has none")
    assert wrong.hint == "add the section network"


def test_mistakes_of_all_sections_are_told_at_once() -> None:
    wrong = refusals({"network": {"cidr": "10.0.0.0/8"}, "registries": {"a": {"prefix": "x"}}})
    assert [one.code for one in wrong] == ["MLI2101", "MLI2401"]


def test_a_platform_without_an_account_is_refused() -> None:
    target = Target(platform="kubernetes")
    assert codes(refusals(_NETWORK, target=target)) == [("MLI2010", "network")]


def test_a_module_that_fails_is_named_with_its_line_and_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    text = (bundled_modules() / "registry" / "module.py").read_text()
    (folder / "module.py").write_text(
        text.replace("    if inputs.pull_through:\n", "    1 / 0\n    if inputs.pull_through:\n", 1)
    )
    (wrong,) = refusals({"registries": {"models": {}}}, library=Library.find([tmp_path]))
    assert (wrong.code, wrong.detail) == ("MLI2009", "ZeroDivisionError: division by zero")
    assert wrong.source is not None
    assert wrong.source.file == str(folder / "module.py")
    assert (folder / "module.py").read_text().splitlines()[wrong.source.line - 1].strip() == "1 / 0"


def test_a_module_that_answers_something_else_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    text = (bundled_modules() / "registry" / "module.py").read_text()
    (folder / "module.py").write_text(
        text.replace("    return Registry(url=repository", "    Registry(url=repository", 1)
    )
    (wrong,) = refusals({"registries": {"models": {}}}, library=Library.find([tmp_path]))
    assert (wrong.code, wrong.detail) == ("MLI2009", "TypeError: build answers None, expected Registry")


def test_a_module_may_ask_only_for_what_it_declares(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    text = (bundled_modules() / "registry" / "module.py").read_text()
    asking = "    from mlinfra.library.outputs import Network\n    scope.one(Network)\n    if inputs.pull_through:\n"
    (folder / "module.py").write_text(text.replace("    if inputs.pull_through:\n", asking, 1))
    (wrong,) = refusals({"registries": {"models": {}}}, library=Library.find([tmp_path]))
    assert (wrong.code, "not in its NEEDS" in wrong.detail) == ("MLI2009", True)


def test_a_users_network_serves_our_cluster(tmp_path: Path) -> None:
    folder = tmp_path / "modules" / "shared_network"
    folder.mkdir(parents=True)
    (folder / "module.py").write_text(
        '"""A network for a test."""\n'
        "from __future__ import annotations\n"
        "from mlinfra.core.facts import Facts\n"
        "from mlinfra.library import Block, Place, Scope\n"
        "from mlinfra.library.outputs import Network, Subnet\n"
        'SECTION = Place("network")\n'
        "class Outputs(Network, frozen=True):\n    pass\n"
        "class Inputs(Block, frozen=True):\n    pass\n"
        "def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:\n"
        "    subnets = (Subnet('subnet-1', 'a'), Subnet('subnet-2', 'b'))\n"
        "    return Outputs(vpc_id='vpc-1', subnet_ids=('subnet-1', 'subnet-2'), subnets=subnets)\n"
    )
    graph = graph_of({"network": {}, "cluster": {}}, library=Library.of_project(tmp_path))
    assert properties(graph, "cluster")["vpcConfig"]["subnetIds"] == ["subnet-1", "subnet-2"]


def test_two_resources_of_one_address_are_refused() -> None:
    access = [{"principal": "arn:aws:iam::123456789012:role/view", "name": "coredns"}]
    stack = stack_of({**_CLUSTER, "cluster": {"access": access}})
    assert build(stack, LIBRARY, FACTS, TAGGABLE).resources
    taken = {"labels": {"a.b": "1", "a-b": "1"}, "instances": ["m6i.large"], "min": 0, "max": 1}
    (wrong,) = refusals({**_CLUSTER, "nodeGroups": {"one": taken}})
    assert wrong.code == "MLI2011"


def test_wants_of_entries_that_cannot_be_planned_are_none(tmp_path: Path) -> None:
    assert wants(stack_of({"datasets": {"clicks": {}}}), _with_one_to_come(tmp_path)) == Wants()


def test_inputs_reach_the_module_in_their_own_type() -> None:
    module = LIBRARY.modules["node-group"]
    inputs = msgspec.convert({"instances": ["m6i.large"], "max": 1}, module.inputs)
    assert module.wants is not None
    assert module.wants(inputs) == Wants(frozenset({"m6i.large"}))


def test_outputs_of_other_stacks_that_were_not_read_stay_symbolic() -> None:
    other = Ref(Address("stacks.shared"), ("outputs", "vpcId"))
    assert graph_of({}, outputs={"vpc": other}).outputs == {"vpc": other}
