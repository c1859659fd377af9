from __future__ import annotations

import re

import msgspec
import pytest

from mlinfra.cli.render.markdown import code, prose, spoken
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_markdown import LIMIT, plan_markdown
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Cause, Change, Field
from mlinfra.core.resource import Graph
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


def test_two_thousand_replacements_all_keep_cause_address_and_line() -> None:
    text = plan_markdown(plans.plan(*many(2000, Action.REPLACE, "sub")), ABOUT)
    assert "2,000 of `aws:ec2/subnet:Subnet`" in text
    assert "`cidrBlock`: `10.0.0.0/24` → `10.1.0.0/24` **forces the replacement**" in text
    assert all(f"`network.sub-{number}`:{number + 1}" in text for number in range(2000))
    assert "more;" not in text


def test_causes_that_differ_stand_apart_and_those_of_one_field_together() -> None:
    changes = [*many(900, Action.REPLACE, "a"), *differing(900, "b"), *many(40, Action.DELETE, "gone")]
    text = plan_markdown(plans.plan(*changes), ABOUT)
    assert "900 of `aws:ec2/subnet:Subnet`\n  - `cidrBlock`: `10.0.0.0/24`" in text
    assert "900 of `aws:ec2/vpc:Vpc`\n  - such as `name`: `old-0` → `new-0` **forces the replacement**" in text
    assert "40 of `aws:ec2/subnet:Subnet`" in text
    assert all(f"`network.b-{number}`:{number + 7}" in text for number in range(900))


def test_names_that_differ_in_numbers_stand_together_where_there_are_too_many() -> None:
    long = "a-name-that-is-rather-long-and-all-the-same"
    listed = plan_markdown(plans.plan(*many(2000, Action.REPLACE, long)), ABOUT)
    assert f"`network.{long}-*`, 2,000 of them, at their lines of `stack.yaml`: 0:1, 1:2, " in listed
    ranged = plan_markdown(plans.plan(*many(7000, Action.REPLACE, long)), ABOUT)
    assert "7,000 of them, from 0 to 6999, at their lines of `stack.yaml`: 1 to 7000" in ranged


def test_what_cannot_be_told_is_counted_below_the_head_of_its_cause() -> None:
    letters = str.maketrans("0123456789", "abcdefghij")
    changes = [*many(4000, Action.REPLACE, "a-rather-long-name"), *differing(50, "b")]
    named = [msgspec.structs.replace(one, address=Address(one.address.translate(letters))) for one in changes]
    text = plan_markdown(plans.plan(*named, *many(500, Action.UPDATE, "kept")), ABOUT)
    assert len(text.encode()) < LIMIT
    assert len(text.encode()) > LIMIT * 0.9
    told = len(re.findall(r"`network\.a-rather", text))
    assert f"  - and {4000 - told:,} more; the plan as JSON or HTML names them all" in text
    assert "50 of `aws:ec2/vpc:Vpc`" in text


def test_hundreds_of_causes_stay_bounded_and_none_is_dropped_in_silence() -> None:
    changes = [
        msgspec.structs.replace(one, type=f"acme:x/y:T{index}", fields=(field(f"property-{index}"),))
        for index, one in enumerate(many(1000, Action.REPLACE))
    ]
    text = plan_markdown(plans.plan(*changes), ABOUT)
    assert len(text.encode()) < LIMIT
    told = text.count("**replace**")
    assert f"- and {1000 - told:,} more; the plan as JSON or HTML names them all" in text


def test_what_is_lost_with_its_cluster_is_told_before_the_folds() -> None:
    gone = plans.change(
        plans.CLUSTER, Action.REPLACE, field("name"), line=3, order="delete-first", reason="name cannot be changed"
    )
    apps = [
        msgspec.structs.replace(one, loses=True, reason="the cluster that it was in is replaced")
        for one in many(5, Action.CREATE, "app")
    ]
    text = plan_markdown(plans.plan(*apps, gone, *many(3, Action.CREATE, "new")), ABOUT)
    assert "This replaces 1 and loses 5 with their cluster, of 6 objects, more than a third of the stack." in text
    assert "| replaced | lost and created anew | created |\n|---:|---:|---:|\n| 1 | 5 | 3 |" in text
    first, _, folded = text.partition("<details>")
    assert first.index("cluster.control-plane") < first.index("**lose, create anew** 5 of")
    assert all(f"`network.app-{number}`" in first for number in range(5))
    assert "network.app" not in folded
    page = plan_html(plans.plan(*apps, gone), ABOUT, Graph({}))
    assert page.count('<details class="change delete" id="c-network.app-') == 5
    assert "3 created" in folded


def test_what_the_stack_asks_for_is_told_before_what_follows_from_it() -> None:
    follows = plans.change(plans.CLUSTER, Action.REPLACE, field("vpc", Cause.UNKNOWN), order="delete-first")
    asked = plans.change(plans.VPC, Action.REPLACE, field("cidrBlock"), order="delete-first")
    deleted = plans.change(plans.OLD, Action.DELETE)
    text = plan_markdown(plans.plan(follows, asked, deleted), ABOUT)
    assert text.index("network.vpc") < text.index("registries.old") < text.index("cluster.control-plane")


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


def test_a_command_in_a_hint_is_code_and_nothing_else_takes_effect() -> None:
    assert spoken("`mlinfra cost STACK --refresh` reads a_b") == "`mlinfra cost STACK --refresh` reads a\\_b"
    assert spoken("`<b>` @team ` **x**") == "`<b>` @<!-- -->team \\` \\*\\*x\\*\\*"
    assert spoken("``") == "\\`\\`"


def test_prose_neither_mentions_nor_links_nor_marks_up() -> None:
    text = prose("@team see https://evil.example [x](y) <img src=x> **b** www.evil.example")
    assert "@team" not in text
    assert "https://" not in text
    assert "www.evil" not in text
    assert "<img" not in text
    assert "[x](y)" not in text
    assert "**b**" not in text


def field(name: str, cause: Cause = Cause.CHANGE) -> Field:
    return Field(path=(name,), before="a", after="b", forces=True, cause=cause)


def differing(number: int, name: str) -> list[Change]:
    return [
        Change(
            address=Address(f"network.{name}-{index}"),
            type="aws:ec2/vpc:Vpc",
            action=Action.REPLACE,
            fields=(Field(path=("name",), before=f"old-{index}", after=f"new-{index}", forces=True),),
            source=Source("stack.yaml", index + 7, 3),
        )
        for index in range(number)
    ]


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
