from __future__ import annotations

import json

import pytest

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_text import plan_page
from mlinfra.core.plan import Plan
from tests.cli import plans
from tests.cli.golden import is_golden

ABOUT = {"target": "aws 123456789012 us-east-1", "file": "stack.yaml", "state": ".mlinfra/state/demo"}
NAMES = list(plans.ALL)


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_as_text_reads_as_it_always_did(name: str) -> None:
    assert is_golden(f"{name}.txt", text(plans.ALL[name]))


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_as_json_reads_as_it_always_did(name: str) -> None:
    assert is_golden(f"{name}.json", plan_json(plans.ALL[name]))


def test_the_json_has_exactly_the_documented_keys() -> None:
    content = json.loads(plan_json(plans.DRIFT))
    assert list(content) == [
        "formatVersion", "stack", "seal", "summary", "unreadable", "changes", "diagnostics", "cost", "capacity"
    ]  # fmt: skip
    assert {"address", "type", "action", "reason", "source", "fields"} <= content["changes"][0].keys()
    assert {"path", "before", "after", "cause"} <= content["changes"][0]["fields"][0].keys()


def test_the_most_dangerous_section_and_change_come_first() -> None:
    mixed = plans.plan(*plans.CREATE.changes, *plans.DELETE.pending(), *plans.DELETE_FIRST.pending())
    lines = text(mixed).splitlines()
    order = [lines.index(section) for section in ("network", "registries", "cluster")]
    assert order == sorted(order)


def test_replacements_are_counted_apart_from_deletions_and_creations() -> None:
    both = plans.plan(*plans.DELETE_FIRST.pending(), *plans.DELETE.pending(), *plans.KEPT)
    assert "1 to replace, 1 to delete, 3 unchanged" in text(both)


def test_a_plan_that_sweeps_more_than_a_third_away_says_so() -> None:
    assert "more than a third of the stack" in text(plans.DELETE_FIRST)
    assert "more than a third" not in text(plans.DELETE)


def test_properties_of_what_is_created_are_shown_on_demand() -> None:
    assert "cidrBlock" not in text(plans.CREATE)
    assert "cidrBlock  10.0.0.0/16" in text(plans.CREATE, Look(full=True))


def test_a_narrow_terminal_folds_below_the_branch_it_belongs_to() -> None:
    lines = plain(plan_page(plans.UNKNOWN, Look(width=60), ABOUT), 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert any(line.startswith("       ") and "known after apply" in line for line in lines)


def test_a_dumb_terminal_gets_ascii_alone() -> None:
    for plan in plans.ALL.values():
        assert text(plan, Look(unicode=False)).isascii()


def text(plan: Plan, look: Look | None = None) -> str:
    return plain(plan_page(plan, look or Look(), ABOUT))
