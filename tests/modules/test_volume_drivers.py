"""Drivers of volumes: what they may do in AWS, and by which tags what they make is known."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.value import Expression, Ref, resolve
from tests.library.samples import graph_of, properties
from tests.modules.cases import NODES


def _named(ref: Expression) -> str:
    assert isinstance(ref, Ref)
    return "demo" if ref.address == "cluster" else f"<{ref.address}>"


def _policy(kind: str) -> list[dict[str, Any]]:
    graph = graph_of({**NODES, "cluster": {"volumes": [kind]}})
    policy = properties(graph, f"components.aws-{kind}-csi-driver.role.policy")["policy"]
    return list(resolve(policy.content, _named)["Statement"])


@pytest.mark.parametrize("kind", ["efs", "fsx"])
def test_a_driver_changes_only_what_bears_the_mark_of_its_own_cluster(kind: str) -> None:
    changing = [
        one for one in _policy(kind) if not all(":Describe" in action or "iam:" in action for action in one["Action"])
    ]
    assert len(changing) >= 2
    for one in changing:
        assert "Tag/kubernetes.io/cluster/demo': 'owned'" in str(one["Condition"]), one
        assert all(resource.startswith("arn:aws:") for resource in one["Resource"])


def test_what_drivers_make_bears_that_mark() -> None:
    graph = graph_of({**NODES, "cluster": {"volumes": ["efs", "fsx"]}}, tags={"team": "recsys", "odd": "a,b"})
    mark = {"kubernetes.io/cluster/demo": "owned"}
    efs, fsx = (properties(graph, f"components.aws-{kind}-csi-driver")["values"] for kind in ("efs", "fsx"))
    assert efs["controller"]["tags"] == mark
    assert fsx["controller"]["extraTags"] == {**mark, "team": "recsys"}


def test_an_add_on_of_the_stack_stands_in_for_the_chart() -> None:
    made = graph_of({**NODES, "cluster": {"volumes": ["efs"], "addons": {"aws-efs-csi-driver": {}}}}).resources
    assert "cluster.addons.aws-efs-csi-driver" in made
    assert not [address for address in made if address.is_within("components.aws-efs-csi-driver")]
