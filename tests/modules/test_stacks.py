"""The examples and reference stacks: each loads, and is built, from its file to its resources."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.connections import AWS
from mlinfra.core.resource import Graph
from mlinfra.library.assembly import build, wants
from mlinfra.session.reading.catalogue import language
from tests.library.samples import FACTS, LIBRARY, ROOT, TAGGABLE

_FILES = sorted([*(ROOT / "examples").glob("*/stack.yaml"), *(ROOT / "stacks").glob("*/stack.yaml")])


def _built(file: Path) -> Graph:
    stack, notes = load_stack(str(file), language(LIBRARY), environ={})
    assert notes == ()
    assert wants(stack, LIBRARY).instance_types <= set(FACTS.instance_types)
    return build(stack, LIBRARY, FACTS, TAGGABLE)


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.parent.name)
def test_a_stack_of_ours_can_be_built(file: Path) -> None:
    graph = _built(file)
    on_aws = any(one.connection.kind == AWS for one in graph)
    assert ({"network.vpc", "cluster", "nodeGroups.system"} if on_aws else {"resources.ranker"}) <= set(graph.resources)
    assert all(one.source is not None and one.source.line for one in graph)


def test_production_protects_what_cannot_be_made_again() -> None:
    graph = _built(ROOT / "stacks" / "production" / "stack.yaml")
    protected = {str(one.address) for one in graph if one.lifecycle.protect}
    assert {address.partition(".")[0] for address in protected} == {"network", "cluster", "registries", "runtimes"}
    databases = {"runtimes.flyte.database", "runtimes.mlflow.database"}
    assert {address for address in protected if address.startswith("runtimes")} == databases


def test_resources_point_at_the_line_of_their_entry() -> None:
    file = ROOT / "examples" / "quickstart" / "stack.yaml"
    source = next(one.source for one in _built(file) if one.address == "nodeGroups.gpu")
    assert source is not None
    assert file.read_text().splitlines()[source.line - 1].strip() in {"gpu:", "instances: [g5.xlarge, g5.2xlarge]"}
