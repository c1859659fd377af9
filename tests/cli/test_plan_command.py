from __future__ import annotations

import json
from pathlib import Path

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.source import Source
from tests.cli import plans
from tests.cli.fakes import FakeSession, FakeSessions, run


def test_a_plan_is_shown_and_exits_with_0() -> None:
    result = run("plan", "stack.yaml", session=FakeSession(plans.DRIFT))
    assert (result.code, result.err) == (0, "")
    assert "Plan: 1 to update; 3 unchanged." in result.out


def test_a_plan_without_changes_is_one_line() -> None:
    result = run("plan", "stack.yaml")
    assert result.out.count("\n") == 1
    assert "nothing to do, 3 objects are as the stack says" in result.out


def test_detailed_exit_codes_tell_pending_changes_from_none() -> None:
    assert run("plan", "stack.yaml", "--detailed-exitcode", session=FakeSession(plans.DRIFT)).code == 2
    assert run("plan", "stack.yaml", "--detailed-exitcode", session=FakeSession(plans.NO_OP)).code == 0
    assert run("plan", "stack.yaml", "--detailed-exitcode", session=FakeSession(plans.unread(plans.NO_OP))).code == 1


def test_a_plan_with_errors_exits_with_1_and_is_not_written(tmp_path: Path) -> None:
    broken = plans.plan(*plans.KEPT, diagnostics=(Diagnostic(code="MLI3001", summary="no such type"),))
    out = str(tmp_path / "plan.mlinfra")
    result = run("plan", "stack.yaml", "--detailed-exitcode", "--out", out, session=FakeSession(broken))
    assert not Path(out).exists()
    assert result.code == 1
    assert "error MLI3001: no such type" in result.out


def test_options_reach_the_session() -> None:
    sessions = FakeSessions(session := FakeSession())
    args = [
        "--set",
        "a=1",
        "--set",
        "b=2",
        "--inputs",
        "f.yaml",
        "--target",
        "network",
        "--no-refresh",
        "--refresh-facts",
    ]
    run("plan", "other.yaml", *args, sessions=sessions)
    assert sessions.opened[0].file == "other.yaml"
    assert sessions.opened[0].sets == ("a=1", "b=2")
    assert sessions.opened[0].inputs == ("f.yaml",)
    assert session.asked == [{"targets": ("network",), "refresh": False, "refresh_facts": True}]


def test_a_saved_plan_is_applied_as_it_was_shown(tmp_path: Path) -> None:
    path = str(tmp_path / "plan.mlinfra")
    assert f"mlinfra apply {path}" in run("plan", "stack.yaml", "--out", path, session=FakeSession(plans.CREATE)).out
    result = run("apply", path, "--yes", session=FakeSession(plans.NO_OP))
    assert result.code == 0
    assert "3 created" in result.out


def test_a_plan_file_takes_no_inputs(tmp_path: Path) -> None:
    path = str(tmp_path / "plan.mlinfra")
    run("plan", "stack.yaml", "--out", path, session=FakeSession(plans.CREATE))
    result = run("apply", path, "--yes", "--set", "a=1")
    assert result.code == 1
    assert "a plan file is applied as it is" in result.err


def test_json_on_standard_output_is_nothing_but_json() -> None:
    result = run("plan", "stack.yaml", "-o", "json", "--out", "/dev/null", session=FakeSession(plans.DRIFT))
    assert json.loads(result.out)["summary"]["update"] == 1


def test_every_mistake_in_a_stack_is_shown_with_its_place() -> None:
    mistakes = (
        Diagnostic(code="MLI1002", summary="a late one", source=Source("stack.yaml", 9, 1)),
        Diagnostic(
            code="MLI1001", summary="no such key: foo", source=Source("stack.yaml", 3, 5), hint="did you mean fob?"
        ),
        Diagnostic(severity=Severity.WARNING, code="MLI1003", summary="odd", address=Address("network.vpc")),
    )
    for command in ("plan", "validate"):
        result = run(command, "stack.yaml", sessions=FakeSessions(FakeSession(), refusing=mistakes))
        assert result.code == 1
        told = [line for line in result.err.splitlines() if "MLI" in line]
        assert told == [
            "error MLI1001 stack.yaml:3:5: no such key: foo",
            "error MLI1002 stack.yaml:9:1: a late one",
            "warning MLI1003: odd",
        ]
        assert "hint: did you mean fob?" in result.err


def test_validation_as_json_answers_on_standard_output_either_way() -> None:
    mistake = Diagnostic(code="MLI1001", summary="no such key", source=Source("stack.yaml", 3, 5))
    result = run("validate", "s", "-o", "json", sessions=FakeSessions(FakeSession(), refusing=(mistake,)))
    assert (result.code, result.err) == (1, "")
    assert json.loads(result.out)["diagnostics"][0]["source"] == "stack.yaml:3:5"
    assert json.loads(run("validate", "s", "-o", "json").out) == {"valid": True, "diagnostics": []}
