"""Who makes nodes and pods more or fewer, and in which order groups grow."""

from __future__ import annotations

import re

import pytest

from mlinfra.core.value import Expression, Ref, resolve
from tests.library.samples import graph_of, properties
from tests.modules.cases import NODES, Sections, group


def _components(about: Sections) -> set[str]:
    graph = graph_of({**NODES, "autoscaling": about})
    return {one.address.parts[1] for one in graph if one.address.section == "components"}


def _named(ref: Expression) -> str:
    assert isinstance(ref, Ref)
    return f"asg-{ref.address.parts[-1]}"


def test_each_choice_brings_what_does_it() -> None:
    assert _components({}) == {"cluster-autoscaler", "metrics-server"}
    assert _components({"pods": {"kind": "keda"}}) == {"cluster-autoscaler", "metrics-server", "keda"}
    assert _components({"nodes": {"kind": "karpenter"}}) == {"karpenter", "metrics-server"}
    assert _components({"nodes": {"kind": "none"}, "pods": {"kind": "none"}}) == set()


def test_groups_grow_in_the_order_of_their_priorities() -> None:
    sections = {**group(priority=70), "autoscaling": {"nodes": {"fallbackAfter": "3m"}}}
    graph = graph_of(sections)
    text = properties(graph, "components.cluster-autoscaler.priorities")["data"]["priorities"]
    known = resolve(text, _named)
    assert re.fullmatch(r"70:\n- \^asg-gpu\$\n50:\n- \^asg-system\$\n", known)
    arguments = properties(graph, "components.cluster-autoscaler")["values"]["extraArgs"]
    assert (arguments["expander"], arguments["max-node-provision-time"]) == ("priority,least-waste", "3m")


@pytest.mark.parametrize(("kubernetes", "release"), [("1.33", "v1.33.6"), ("1.35", "v1.35.2")])
def test_an_autoscaler_is_of_the_release_that_is_meant_for_its_cluster(kubernetes: str, release: str) -> None:
    graph = graph_of({**NODES, "cluster": {"version": kubernetes}, "autoscaling": {}})
    assert properties(graph, "components.cluster-autoscaler")["values"]["image"] == {"tag": release}


def test_an_autoscaler_changes_only_the_groups_of_its_own_cluster() -> None:
    graph = graph_of({**NODES, "autoscaling": {}})
    policy = properties(graph, "components.cluster-autoscaler.role.policy")["policy"].content
    changing = next(one for one in policy["Statement"] if "autoscaling:SetDesiredCapacity" in one["Action"])
    ((tag, value),) = changing["Condition"]["StringEquals"].items()
    assert resolve(tag, lambda ref: "demo") == "aws:ResourceTag/k8s.io/cluster-autoscaler/demo"
    assert value == "owned"
