"""The examples and reference stacks: each loads, and is built, from its file to its resources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.resource import Graph
from mlinfra.library.assembly import build, wants
from mlinfra.library.sections import language
from tests.library.samples import FACTS, LIBRARY, ROOT, TAGGABLE

_FILES = sorted([*(ROOT / "examples").glob("*/stack.yaml"), *(ROOT / "stacks").glob("*/stack.yaml")])
# Whatever types they name themselves: what those take, the providers' own tests tell.
_TYPES = {
    token: {"type": "object"} for file in _FILES for token in re.findall(r"type: (\S+:\S+:\S+)", file.read_text())
}


def _built(file: Path) -> Graph:
    stack, notes = load_stack(str(file), language(LIBRARY, _TYPES), environ={})
    assert notes == ()
    assert wants(stack, LIBRARY).instance_types <= set(FACTS.instance_types)
    return build(stack, LIBRARY, FACTS, TAGGABLE)


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.parent.name)
def test_a_stack_of_ours_can_be_built(file: Path) -> None:
    graph = _built(file)
    assert {"network.vpc", "cluster", "nodeGroups.system"} <= set(graph.resources)
    assert all(one.source is not None and one.source.line for one in graph)


def test_production_protects_what_cannot_be_made_again() -> None:
    graph = _built(ROOT / "stacks" / "production" / "stack.yaml")
    protected = {one.address.section for one in graph if one.lifecycle.protect}
    assert protected == {"network", "cluster", "registries"}


def test_resources_point_at_the_line_of_their_entry() -> None:
    file = ROOT / "examples" / "quickstart" / "stack.yaml"
    source = next(one.source for one in _built(file) if one.address == "nodeGroups.gpu")
    assert source is not None
    assert file.read_text().splitlines()[source.line - 1].strip() in {"gpu:", "instances: [g5.xlarge, g5.2xlarge]"}
