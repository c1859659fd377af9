"""Whatever a user, a cloud or a stranger put into a name or a value is inert in all four forms, and no secret shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec import UNSET

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_markdown import plan_markdown
from mlinfra.cli.render.plan_text import plan_page
from mlinfra.core.concealing import concealed_fields
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action, Change, Field, Plan
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.value import Base64, Concat, Json, Secret, TrimPrefix, Value
from tests.cli import plans

HOSTILE = (
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\nb\r\nc\u2028d",
    "[red]bold[/red] [link=http://evil]x[/link]",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</details></summary>",
    "```\n# heading\n```",
    "`a` **b** @everyone https://evil.example",
    "\u202egnp.exe",
    "--><!--",
)
ABOUT = {"target": "sandbox", "file": "stack.yaml"}


def forms(plan: Plan, about: Mapping[str, str] = ABOUT) -> dict[str, str]:
    return {
        "text": plain(plan_page(plan, Look(full=True), about)),
        "json": plan_json(plan),
        "markdown": plan_markdown(plan, about),
        "html": plan_html(plan, about, Graph.of([])),
    }


def around(text: str) -> Plan:
    fields = (
        Field(path=(text, "x"), before=text, after={text: [text, {"n": text}]}),
        Field(path=("document",), before=json.dumps({text: "x" * 80 + text}), after=json.dumps({text: text})),
    )
    change = Change(
        address=plans.VPC,
        type=text,
        action=Action.REPLACE,
        fields=fields,
        reason=text,
        id=text,
        source=Source(text, 1),
    )
    finding = Diagnostic(code="MLI0001", summary=text, detail=text, hint=text, source=Source(text, 2))
    return plans.plan(change, diagnostics=(finding,))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_form_passes_a_control_character_on(hostile: str) -> None:
    for name, text in forms(around(hostile), {"file": hostile}).items():
        bad = [c for c in text if c != "\n" and not c.isprintable()]
        assert not bad, (name, bad)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_text_shows_markup_as_it_is(hostile: str) -> None:
    text = forms(around(hostile))["text"]
    if hostile.isprintable():
        assert hostile in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_page_holds_no_element_that_is_not_ours(hostile: str) -> None:
    assert shape(forms(around(hostile), {"file": hostile})["html"]) == shape(
        forms(around("calm"), {"file": "c"})["html"]
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_comment_keeps_its_lines_and_its_folds(hostile: str) -> None:
    told, calm = (forms(around(text), {"file": text})["markdown"] for text in (hostile, "calm"))
    assert [skeleton(line) for line in told.splitlines()] == [skeleton(line) for line in calm.splitlines()]
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", told)
    assert "@everyone" not in outside_code
    assert "<script" not in outside_code
    assert "<img" not in outside_code


def test_the_page_fetches_nothing() -> None:
    page = forms(around("calm"))["html"]
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert "url(" not in page
    assert "@import" not in page


LITERAL = "s3cr3t-literal"
secrets: some.SearchStrategy[Value] = some.recursive(
    some.sampled_from([Secret("sm", "recsys/db", "password"), Secret("ssm", "/db/pw"), Secret("env", "TOKEN")]),
    lambda inner: some.one_of(
        inner.map(lambda value: Concat((LITERAL, value))),
        inner.map(lambda value: Json({LITERAL: value})),
        inner.map(Base64),
        inner.map(lambda value: TrimPrefix(value, LITERAL)),
    ),
    max_leaves=4,
)
contents = some.one_of(some.just(LITERAL), some.just({"k": LITERAL}), some.just([LITERAL]), secrets)


@given(before=contents, after=contents)
def test_no_field_that_is_secret_shows_either_side(before: Value, after: Value) -> None:
    field = Field(path=("password",), before=before, after=after, secret=True)
    for text in forms(plans.plan(plans.change(plans.VPC, Action.UPDATE, field))).values():
        assert LITERAL not in text


@given(value=secrets, other=some.sampled_from(["plain", None, 7]))
def test_what_is_made_from_a_secret_is_as_secret_as_it(value: Value, other: Value) -> None:
    fields = (Field(path=("a",), before=other, after=value), Field(path=("b",), after={"deep": [value], "o": other}))
    for text in forms(plans.plan(plans.change(plans.VPC, Action.REPLACE, *fields))).values():
        assert LITERAL not in text


def test_a_users_object_that_looks_like_an_unknown_is_told_apart() -> None:
    field = Field(path=("a",), before={"unknown": "x"}, after={"secret": {"value": 1}})
    (told,) = json.loads(plan_json(plans.plan(plans.change(plans.VPC, Action.UPDATE, field))))["changes"][0]["fields"]
    assert told["before"] == {"value": {"unknown": "x"}}
    assert told["after"] == {"value": {"secret": {"value": {"value": 1}}}}


class Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def shape(page: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = Shape()
    parser.feed(page)
    return parser.seen


def skeleton(line: str) -> str:
    """A line's place in the structure: its indent and its first mark."""
    found = re.match(r" *(- |#+ |<[a-z!/-]+|\|)?", line)
    return found.group() if found else ""


WRITTEN_OUT = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


def test_what_a_rule_calls_a_secret_shows_in_no_form_however_it_is_written() -> None:
    """Beside its name, within a text, encoded, in what a finding says; and what is around it stays."""
    container = {
        "env": [
            {"name": "DB_PASSWORD", "value": "correct-horse"},
            {"name": "URL", "value": "postgres://a:correct-horse@db"},
        ],
        "args": ["--token", "hunter2hunter2", "--mode=fast"],
    }
    encoded = base64.b64encode(f"#!/bin/sh\nexport TOKEN={WRITTEN_OUT}\n".encode()).decode()
    desired = {
        "tags": {"t": WRITTEN_OUT, "team": "recsys"},
        "password": "correct-horse",
        "spec": container,
        "data": encoded,
    }
    observed = {"tags": {"t": "one"}, "password": "correct-horse-2"}
    fields = tuple(
        Field(path=(name,), before=observed.get(name, UNSET), after=value) for name, value in desired.items()
    )
    fields += (Field(path=("spec", "args", 1), after="hunter2hunter2"),)
    change = Change(
        address=plans.VPC, type="t", action=Action.UPDATE, fields=concealed_fields(fields, desired, observed)
    )
    said = Diagnostic(
        code="MLI9999", summary=f"tags.t is {WRITTEN_OUT}", detail="--password correct-horse is too short"
    )
    plan = plans.plan(change, diagnostics=(said,))
    for form, text in forms(plan).items():
        for secret in (WRITTEN_OUT, "correct-horse", "hunter2", encoded):
            assert secret not in text.replace("\\", ""), (form, secret)
        assert "recsys" in text
        assert "mode=fast" in text.replace("&#x3D;", "=")
        assert "MLI9999" in text
