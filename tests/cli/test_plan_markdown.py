from __future__ import annotations

import pytest

from mlinfra.cli.render.markdown import code, prose
from mlinfra.cli.render.plan_markdown import LIMIT, plan_markdown
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change, Field
from mlinfra.core.source import Source
from tests.cli import plans
from tests.cli.golden import is_golden

ABOUT = {"target": "aws 123456789012 us-east-1", "file": "stack.yaml", "state": ".mlinfra/state/demo"}


@pytest.mark.parametrize("name", list(plans.ALL))
def test_a_plan_as_markdown_reads_as_it_always_did(name: str) -> None:
    assert is_golden(f"{name}.md", plan_markdown(plans.ALL[name], ABOUT))


@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE])
def test_two_thousand_changes_fit_into_one_comment(action: Action) -> None:
    text = plan_markdown(plans.plan(*many(2000, action)), ABOUT)
    assert len(text.encode()) < LIMIT
    assert "2,000" in text


def test_dangers_are_told_before_anything_else_takes_room() -> None:
    changes = (*many(1000, Action.UPDATE), *many(300, Action.REPLACE, "gone"), *many(700, Action.CREATE, "new"))
    text = plan_markdown(plans.plan(*changes), ABOUT)
    assert len(text.encode()) < LIMIT
    first_fold = text.index("<details>")
    for number in range(300):
        assert text.index(f"`network.gone-{number}`") < first_fold


def test_forcing_fields_stay_when_others_must_go() -> None:
    text = plan_markdown(plans.plan(*many(150, Action.REPLACE)), ABOUT)
    assert text.count("**forces the replacement**") == 150
    assert "other-7" not in text


def test_a_comment_that_is_one_enormous_value_stays_bounded() -> None:
    huge = Field(path=("blob",), before="x" * 100_000, after="é" * 100_000)
    finding = Diagnostic(code="MLI0001", summary="s" * 100_000, detail="d" * 100_000)
    changes = [plans.change(plans.VPC, Action.UPDATE, huge, reason="r" * 100_000)]
    assert len(plan_markdown(plans.plan(*changes, diagnostics=(finding,) * 500), ABOUT).encode()) < LIMIT


def test_every_fold_is_closed_and_has_its_empty_line() -> None:
    text = plan_markdown(plans.plan(*many(2000, Action.UPDATE), *many(5, Action.CREATE, "new")), ABOUT)
    assert text.count("<details>") == text.count("</details>") == 2
    assert text.count("</summary>\n\n") == 2


@pytest.mark.parametrize("text", ["`", "``", "a`b``c", " ", "", "x`", "`x", "```\n# heading"])
def test_nothing_ends_a_code_span_from_within(text: str) -> None:
    span = code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert fence not in span[len(fence) : -len(fence)]
    assert "\n" not in span


def test_prose_neither_mentions_nor_links_nor_marks_up() -> None:
    text = prose("@team see https://evil.example [x](y) <img src=x> **b** www.evil.example")
    assert "@team" not in text
    assert "https://" not in text
    assert "www.evil" not in text
    assert "<img" not in text
    assert "[x](y)" not in text
    assert "**b**" not in text


def many(number: int, action: Action, name: str = "subnet") -> list[Change]:
    fields = (
        *(Field(path=(f"other-{index}",), before="a" * 40, after="b" * 40) for index in range(8)),
        Field(path=("cidrBlock",), before="10.0.0.0/24", after="10.1.0.0/24", forces=action is Action.REPLACE),
    )
    return [
        Change(
            address=Address(f"network.{name}-{index}"),
            type="aws:ec2/subnet:Subnet",
            action=action,
            fields=fields,
            source=Source("stack.yaml", index + 1, 3),
        )
        for index in range(number)
    ]
