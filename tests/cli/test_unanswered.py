"""A command that has no answer says why in the form that it was asked for, so that no reader keeps an older answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlinfra.cli.main import main
from mlinfra.cli.render.unanswered import Unanswered, unanswered_in
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import LockHeld
from mlinfra.core.source import Source
from mlinfra.forge.thread import mark_of
from mlinfra.session import Options, stack_name
from tests.cli.fakes import FakeSession, FakeSessions, run

HEAD = "apiVersion: mlinfra/v1\nkind: Stack\nmetadata: {name: NAME}\n"
TARGET = "target: {platform: aws, region: us-east-1}\n"
MISTAKES = (
    Diagnostic(code="MLI1030", summary="no <script>", source=Source("stack.yaml", 4, 3), hint="did you mean region?"),
    Diagnostic(code="MLI1031", summary="another", source=Source("stack.yaml", 9, 1)),
)


def wrong(*words: str) -> str:
    result = run(*words, sessions=FakeSessions(FakeSession(), refusing=MISTAKES))
    assert result.code == 1
    assert "error MLI1030 stack.yaml:4:3" in result.err
    return result.out


@pytest.mark.parametrize("form", ["markdown", "json", "html"])
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_every_mistake_is_in_every_form_with_its_line_and_what_to_do(command: str, form: str) -> None:
    told = wrong(command, "stack.yaml", "-o", form)
    for words in ("MLI1030", "stack.yaml:4:3", "did you mean region?", "MLI1031", "stack.yaml:9:1"):
        assert words in told
    assert "<script>" not in told if form == "markdown" else told.count("<script>") <= 1


def test_as_text_nothing_is_said_twice() -> None:
    assert wrong("plan", "stack.yaml") == ""


def test_the_comment_bears_the_mark_of_the_one_that_it_replaces() -> None:
    assert mark_of(wrong("plan", "stack.yaml", "-o", "markdown")) == "<!-- mlinfra:plan:demo -->"
    assert mark_of(wrong("drift", "stack.yaml", "-o", "markdown")) == "<!-- mlinfra:drift:demo -->"


def test_the_document_has_the_keys_of_the_one_that_it_stands_for() -> None:
    plan = json.loads(wrong("plan", "stack.yaml", "-o", "json"))
    assert set(plan) == set(json.loads(run("plan", "stack.yaml", "-o", "json").out))
    assert (plan["stack"], plan["summary"], plan["changes"]) == ("demo", None, None)
    shown = json.loads(wrong("show", "stack.yaml", "-o", "json"))
    assert set(shown) == {"formatVersion", "stack", "diagnostics"}


def test_what_is_no_mistake_of_the_stack_is_told_likewise_and_keeps_its_exit_code() -> None:
    class Held(FakeSessions):
        def open_session(self, options: object) -> FakeSession:
            raise LockHeld("somebody else applies\nsince 12:00", code="MLI4001", hint="wait")

    result = run("plan", "stack.yaml", "-o", "json", sessions=Held(FakeSession()))
    assert result.code == 4
    (told,) = json.loads(result.out)["diagnostics"]
    assert (told["code"], told["detail"], told["hint"]) == ("MLI4001", "since 12:00", "wait")


def test_a_defect_is_told_without_what_it_hides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Defective(FakeSessions):
        def open_session(self, options: object) -> FakeSession:
            raise KeyError("hidden detail")

    monkeypatch.chdir(tmp_path)
    result = run("plan", "stack.yaml", "-o", "markdown", sessions=Defective(FakeSession()))
    assert "MLI9001" in result.out
    assert "hidden" not in result.out


def test_an_answer_that_was_given_is_followed_by_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("plan", "stack.yaml", "-o", "json", "--out", "nowhere/plan")
    assert (result.code, json.loads(result.out)["summary"]["no-op"]) == (1, 3)


def test_a_form_that_has_no_room_for_words_stays_empty() -> None:
    assert wrong("graph", "stack.yaml", "-o", "mermaid") == ""


def test_a_thousand_mistakes_fit_into_one_comment() -> None:
    many = tuple(Diagnostic(code="MLI1030", summary="x" * 400, source=Source("s", n)) for n in range(1, 1000))
    write = unanswered_in("markdown")
    assert write is not None
    assert len(write(Unanswered("plan", "s", "demo", many)).encode()) < 65_536


@pytest.mark.parametrize(
    ("text", "sets", "name"),
    [
        (HEAD.replace("NAME", "demo") + TARGET.replace("region", "regoin"), (), "demo"),
        (HEAD.replace("NAME", "demo") + TARGET.replace("}", ""), (), "demo"),
        (HEAD.replace("{name: NAME}", '\n  # ours\n  owner: me\n  name: "demo"') + TARGET.replace("}", ""), (), "demo"),
        (HEAD.replace("NAME", '"pr-${inputs.number}"') + TARGET.replace("}", ""), ("number=7",), "pr-7"),
        (
            HEAD.replace("NAME", '"pr-${inputs.number}"') + TARGET + "inputs: {number: {type: integer}}\nnetwrok: {}\n",
            ("number=7",),
            "pr-7",
        ),
        ("extends: [base.yaml]\n" + TARGET.replace("region", "regoin"), (), "below"),
        (HEAD.replace("NAME", "Not A Name"), (), ""),
        ("nothing: {of: the kind", (), ""),
    ],
)
def test_the_name_is_found_in_a_file_with_mistakes(
    text: str, sets: tuple[str, ...], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(HEAD.replace("NAME", "below"))
    (tmp_path / "stack.yaml").write_text(text)
    assert stack_name(Options("stack.yaml", sets)) == name


def test_where_nobody_knows_the_name_the_file_marks_the_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "prod/Stack.yaml", "-o", "markdown"]) == 1
    assert mark_of(capsys.readouterr().out) == "<!-- mlinfra:plan:prod-stack-yaml -->"
