"""What the default rules are about is found in unusual dress too, and what only looks like it is let be.

Each stack is written as a user would write it (unusual.yaml), and read from its files: own resources, what a file
extends or a section is overridden by, texts in the place of documents, values of charts, kinds of others.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from mlinfra.config.loader import load_stack
from mlinfra.library.assembly import build
from mlinfra.policy.evaluation import judge
from mlinfra.session.reading.catalogue import language
from tests.library.samples import FACTS, LIBRARY, TAGGABLE
from tests.policy.test_rules import BOOK

HEAD = "apiVersion: mlinfra/v1\nkind: Stack\nmetadata: {name: odd}\ntarget: {platform: aws, region: us-east-1}\n"
SECTIONS = "network: {}\ncluster: {}\nnodeGroups: {system: {instances: [m6i.large], max: 3}}\n"
LANGUAGE = language(LIBRARY)
STACKS = yaml.safe_load((Path(__file__).parent / "unusual.yaml").read_text())


def found(folder: Path, text: str) -> set[str]:
    """The rules that a stack breaks, or may break."""
    (folder / "stack.yaml").write_text(HEAD + text)
    (folder / "base.yaml").write_text(SECTIONS)
    stack, diagnostics = load_stack(str(folder / "stack.yaml"), LANGUAGE, environ={})
    assert [one.summary for one in diagnostics if one.severity == "error"] == []
    graph = build(stack, LIBRARY, FACTS, TAGGABLE)
    return {one.rule.id for one in judge(BOOK, graph, None, stack, date(2026, 11, 24)).findings}


@pytest.mark.parametrize("odd", STACKS["break"], ids=lambda odd: odd["rule"])
def test_what_breaks_a_rule_is_found_however_it_is_written(odd: dict[str, str], tmp_path: Path) -> None:
    assert odd["rule"] in found(tmp_path, odd["stack"])


@pytest.mark.parametrize("odd", STACKS["keep"], ids=lambda odd: odd["rule"])
def test_what_only_looks_so_is_let_be(odd: dict[str, str], tmp_path: Path) -> None:
    assert odd["rule"] not in found(tmp_path, odd["stack"])


def test_most_rules_are_tried_both_ways() -> None:
    broken, kept = ({odd["rule"] for odd in STACKS[kind]} for kind in ("break", "keep"))
    assert len(broken) >= 40
    assert broken - kept <= {
        "MLP-DAT-001",
        "MLP-DAT-002",
        "MLP-DAT-003",
        "MLP-DAT-004",
        "MLP-EKS-007",
        "MLP-POD-005",
    } | {"MLP-ENV-002"}
