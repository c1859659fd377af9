from __future__ import annotations

import json
import re
import signal
from pathlib import Path

from mlinfra.cli.plans import is_plan_file
from mlinfra.cli.sessions import Session
from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import LockHeld, StalePlan
from mlinfra.session.state.inventory import Owned
from tests.cli import plans
from tests.cli.fakes import FakeSession, run
from tests.cli.fakes import FakeSessions as _Sessions


def test_apply_asks_and_goes_on_at_yes() -> None:
    result = run("apply", "stack.yaml", session=FakeSession(plans.CREATE, outputs={"url": "http://x"}), typed="yes\n")
    assert result.code == 0
    assert "apply demo? Type yes:" in result.out
    assert "3 created" in result.out
    assert 'url  = "http://x"' in result.out or "url  = http://x" in result.out


def test_apply_does_nothing_at_anything_but_yes() -> None:
    for typed in ("y\n", "no\n", "\n", ""):
        result = run("apply", "stack.yaml", session=FakeSession(plans.CREATE), typed=typed)
        assert result.code == 1
        assert "created" not in result.out.partition("Type yes")[2]
        assert "MLI9004" in result.err


def test_apply_refuses_to_go_on_unasked_where_there_is_no_terminal() -> None:
    result = run("apply", "stack.yaml", session=FakeSession(plans.CREATE))
    assert result.code == 1
    assert "MLI9003" in result.err
    assert "--yes" in result.err


def test_apply_as_json_agrees_to_nothing_that_was_not_shown() -> None:
    result = run("apply", "stack.yaml", "-o", "json", session=FakeSession(plans.CREATE), typed="yes\n")
    told = json.loads(result.out)
    assert (result.code, told["stack"], told["diagnostics"][0]["code"]) == (1, "demo", "MLI9003")
    assert "add --yes" in result.err


def test_apply_asks_nothing_where_nothing_is_to_be_done() -> None:
    result = run("apply", "stack.yaml", session=FakeSession(plans.NO_OP))
    assert result.code == 0
    assert result.out.startswith("demo: nothing to do")


def test_an_apply_that_left_alone_what_it_could_not_read_is_not_complete() -> None:
    for plan, said in (
        (plans.NO_OP, "nothing to do, 2 objects are as the stack says, 1 could not be read"),
        (plans.DRIFT, "1 to update; 1 could not be read; 2 unchanged."),
    ):
        result = run("apply", "stack.yaml", "--yes", session=FakeSession(plans.unread(plan)))
        assert result.code == 6
        assert said in result.out
        assert "MLI9012: incomplete: 1 object could not be read, and was left alone" in result.err
    told = json.loads(run("apply", "s", "--yes", "-o", "json", session=FakeSession(plans.unread(plans.NO_OP))).out)
    assert (told["complete"], told["unreadable"]) == (False, ["cluster.role"])


def test_a_sweeping_plan_is_confirmed_twice() -> None:
    once = run("apply", "stack.yaml", session=FakeSession(plans.DELETE_FIRST), typed="yes\n")
    assert once.code == 1
    assert "1 of 2 objects are deleted or replaced" in once.out
    assert run("apply", "stack.yaml", session=FakeSession(plans.DELETE_FIRST), typed="yes\ndemo\n").code == 0


def test_a_file_is_a_plan_by_its_name_or_by_how_it_begins_damaged_ones_too(tmp_path: Path) -> None:
    def is_plan(name: str, content: bytes) -> bool:
        (tmp_path / name).write_bytes(content)
        return is_plan_file(str(tmp_path / name))

    damaged = (b"", bytes(9), b"[[[", b"{")
    assert all(is_plan(name, content) for name in ("a.plan", "a.mlinfra", "a") for content in damaged)
    assert not any(is_plan("a.yaml", content) for content in damaged)
    assert is_plan("a.plan", b"apiVersion: mlinfra/v1")
    assert not is_plan("a", b"apiVersion: mlinfra/v1")
    assert is_plan_file(str(tmp_path / "none.plan"))
    assert not is_plan_file(str(tmp_path / "none"))


def test_a_plan_with_errors_is_not_applied() -> None:
    broken = plans.plan(*plans.CREATE.changes, diagnostics=(Diagnostic(code="MLI3001", summary="no such type"),))
    result = run("apply", "stack.yaml", "--yes", session=FakeSession(broken))
    assert result.code == 1
    assert "creating" not in result.out


def test_without_a_terminal_every_event_is_a_line_with_its_time() -> None:
    result = run("apply", "stack.yaml", "--yes", session=FakeSession(plans.CREATE))
    lines = [line for line in result.out.splitlines() if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line)]
    assert [line[21:].strip() for line in lines[:3]] == [
        "network.vpc creating (1 of 3)",
        "network.vpc waiting for it to be active",
        "✓ network.vpc created  1.2s  id-vpc",
    ]


def test_an_incomplete_apply_names_root_causes_and_what_was_not_reached() -> None:
    failing = {"cluster.role": ("MLI5003", "the quota of roles is exhausted")}
    result = run("apply", "stack.yaml", "--yes", session=FakeSession(plans.CREATE, failing=failing))
    assert result.code == 6
    assert "error MLI5003 create cluster.role" in result.err
    assert "the quota of roles is exhausted" in result.err
    assert "hint: raise the quota" in result.err
    assert "not reached because create cluster.role failed: cluster.control-plane" in result.err
    assert "1 done, 1 failed, 1 not reached" in result.err


def test_apply_as_json_reports_on_standard_output_and_tells_events_beside_it() -> None:
    failing = {"cluster.role": ("MLI5003", "exhausted")}
    result = run("apply", "stack.yaml", "--yes", "-o", "json", session=FakeSession(plans.CREATE, failing=failing))
    report = json.loads(result.out)
    assert result.code == 6
    assert report["complete"] is False
    assert [done["address"] for done in report["done"]] == ["network.vpc"]
    assert report["failed"][0]["code"] == "MLI5003"
    assert report["notReached"] == [{"address": "cluster.control-plane", "because": "cluster.role"}]
    assert "network.vpc created" in result.err


def test_the_first_interrupt_finishes_what_is_in_flight() -> None:
    before = signal.getsignal(signal.SIGINT)
    session = FakeSession(plans.CREATE, interrupting="cluster.role")
    result = run("apply", "stack.yaml", "--yes", session=session)
    assert session.halt.asked == 1
    assert result.code == 6
    assert "cluster.role created" in result.out
    assert "not reached before the stop: cluster.control-plane" in result.err
    assert signal.getsignal(signal.SIGINT) is before


def test_the_live_view_leaves_the_lines_of_what_ended() -> None:
    session = FakeSession(plans.CREATE)
    result = run("apply", "stack.yaml", session=session, typed="yes\n", environ={"TERM": "xterm", "NO_COLOR": "1"})
    assert result.code == 0
    assert "network.vpc created" in result.out
    assert "waiting for it to be active" not in result.out


def test_errors_of_the_project_exit_with_their_own_code() -> None:
    class Stale(FakeSession):
        def apply(self, *args: object, **rest: object) -> object:  # type: ignore[override]
            raise StalePlan("network.vpc: cidrBlock has changed", code="MLI3005", hint="plan again")

    class Held(_Sessions):
        def open_session(self, options: object) -> Session:
            raise LockHeld("held by alice", code="MLI6004", hint="wait")

    stale = run("apply", "stack.yaml", "--yes", session=Stale(plans.CREATE))
    assert stale.code == 5
    assert "error MLI3005: network.vpc: cidrBlock has changed" in stale.err
    held = run("apply", "stack.yaml", "--yes", sessions=Held(FakeSession()))
    assert (held.code, held.err) == (4, "error MLI6004: held by alice\n    hint: wait\n")


def test_destroy_asks_twice_and_proves_that_nothing_is_left() -> None:
    all_goes = plans.plan(*plans.DELETE.pending())
    assert run("destroy", "stack.yaml", session=FakeSession(all_goes), typed="yes\n").code == 1
    result = run("destroy", "stack.yaml", session=FakeSession(all_goes), typed="yes\ndemo\n")
    assert result.code == 0
    assert "the inventory is empty" in result.out


def test_a_plan_to_destroy_does_not_repeat_itself() -> None:
    result = run("destroy", "stack.yaml", "--yes", session=FakeSession(plans.DELETE))
    assert "the stack no longer declares it" not in result.out
    assert "registries.old" in result.out


def test_destroy_exits_with_8_where_something_is_left() -> None:
    left = [Owned("aws:ec2/volume:Volume", Address("runtimes.mlflow"), "vol-1", "l1", 1)]
    result = run("destroy", "stack.yaml", "--yes", session=FakeSession(plans.DELETE, left=left))
    assert result.code == 8
    assert "runtimes.mlflow (vol-1)" in result.err


def test_destroying_nothing_says_so() -> None:
    result = run("destroy", "stack.yaml", session=FakeSession(plans.plan()))
    assert result.code == 0
    assert "nothing is left to destroy" in result.out
