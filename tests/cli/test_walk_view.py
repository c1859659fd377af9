from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
from rich.console import Console

from mlinfra.cli.progress import watching
from mlinfra.cli.render.duration import duration_text
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.progress import DOING, DONE, Tally, event_page
from mlinfra.cli.render.report import done_page, report_page
from mlinfra.core.plan import Action, Step, Verb
from mlinfra.core.report import Began, Ended, Failed, Report, Said, Skipped
from tests.cli import plans

VPC, ROLE, CLUSTER = plans.CREATE.steps


class Noon:
    """A clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def line(event: Began | Said | Ended | Failed | Skipped, *, every: bool = True) -> str:
    return plain(event_page(event, Look(), every=every)).strip()


def test_an_event_is_one_line_and_what_is_not_reached_is_told_at_the_end() -> None:
    assert line(Began(VPC, 1, 3)) == "network.vpc creating (1 of 3)"
    assert line(Said(VPC, "waiting\x1b[2J")) == "network.vpc waiting\\x1b[2J"
    assert line(Ended(VPC, 63, "vpc-1")) == "✓ network.vpc created  1m03s  vpc-1"
    assert line(Failed(VPC, 2, "MLI5003", "no room")) == "✗ network.vpc failed after 2.0s  MLI5003: no room"
    assert line(Skipped(VPC, ROLE.address)) == ""


def test_a_live_view_tells_of_endings_alone() -> None:
    assert line(Began(VPC, 1, 3), every=False) == ""
    assert line(Said(VPC, "waiting"), every=False) == ""
    assert line(Ended(VPC, 1), every=False) != ""


def test_what_is_worth_reading_once_a_step_is_done_stays() -> None:
    got = Said(VPC, "of 1 machine it got 1 g5.2xlarge in place of g5.xlarge", lasting=True)
    for every in (True, False):
        assert line(got, every=every) == "note network.vpc: of 1 machine it got 1 g5.2xlarge in place of g5.xlarge"


def test_our_own_book_keeping_is_not_told() -> None:
    step = msgspec.structs.replace(VPC, verb=Verb.RECORD)
    for event in (Began(step, 1, 1), Said(step, "x"), Ended(step, 1)):
        assert line(event) == ""
    assert "MLI6002" in line(Failed(step, 1, "MLI6002", "disk full"))


def test_the_board_shows_what_is_in_flight_the_longest_first() -> None:
    tally = Tally(0.0)
    tally.enter(Began(VPC, 1, 3), 0.0)
    tally.enter(Began(ROLE, 2, 3), 60.0)
    tally.enter(Said(VPC, "status is pending"), 65.0)
    assert board(tally, 65.0) == [
        " 1m05s  creating  network.vpc   status is pending",
        "  5.0s  creating  cluster.role",
        " 1m05s  0 of 3 done, 2 in flight",
    ]


def test_the_board_counts_what_ended_failed_and_was_not_reached() -> None:
    tally = Tally(0.0)
    for event in (Began(VPC, 1, 3), Ended(VPC, 1), Began(ROLE, 2, 3), Failed(ROLE, 1, "M", "m"), Skipped(CLUSTER)):
        tally.enter(event, 1.0)
    assert board(tally, 2.0) == ["  2.0s  1 of 3 done, 0 in flight, 1 failed, 1 not reached"]


def test_a_board_never_grows_beyond_the_terminal() -> None:
    tally = Tally(0.0)
    for number in range(50):
        step = Step(key=f"k{number}", address=VPC.address, generation=1, verb=VPC.verb, type="t", connection=plans.AWS)
        tally.enter(Began(step, number, 50), 0.0)
    lines = board(tally, 1.0, height=10)
    assert len(lines) <= 10
    assert "and 43 more" in lines[-2]


def test_lines_bear_the_time_in_utc() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=200), Look(), Noon(), lively=False) as watch:
        watch(Ended(VPC, 1.0, "vpc-1"))
        watch.notice("stopping")
    assert out.getvalue() == (
        "2026-11-21T12:00:00Z ✓ network.vpc created  1.0s  vpc-1\n2026-11-21T12:00:00Z stopping\n"
    )


def test_lines_say_once_what_a_step_waits_for() -> None:
    console = Console(file=io.StringIO(), width=100)
    with watching(console, Look(), Noon(), lively=False) as watch:
        for words in ("CREATING", "CREATING", "almost there", "CREATING"):
            watch(Said(CLUSTER, words))
    assert isinstance(console.file, io.StringIO)
    said = [row.split()[-1] for row in console.file.getvalue().splitlines()]
    assert said == ["CREATING", "there", "CREATING"]


def test_root_causes_come_with_code_and_hint_and_echoes_are_counted_once() -> None:
    echoes = tuple(Skipped(step, ROLE.address) for step in (CLUSTER, CLUSTER, VPC, ROLE))
    report = Report(failed=(Failed(ROLE, 2.5, "MLI5002", "denied:\niam:CreateRole", "allow it"),), skipped=echoes)
    assert plain(report_page(report, Look())).splitlines() == [
        "error MLI5002 create cluster.role  after 2.5s",
        "    denied:",
        "    iam:CreateRole",
        "    hint: allow it",
        "",
        "2 not reached because create cluster.role failed: cluster.control-plane, network.vpc",
        "",
    ]


def test_what_an_incomplete_walk_comes_to_counts_addresses() -> None:
    draining = msgspec.structs.replace(CLUSTER, verb=Verb.DRAIN)
    report = Report(
        ended=(Ended(ROLE, 1.0),),
        failed=(Failed(draining, 30, "MLI5105", "held"),),
        skipped=tuple(Skipped(step, CLUSTER.address) for step in (CLUSTER, VPC, VPC)),
    )
    assert report.summary == "1 done, 1 failed, 1 not reached"
    assert "1 not reached because drain cluster.control-plane failed: network.vpc" in plain(report_page(report, Look()))


def test_the_last_words_count_what_the_plan_counted() -> None:
    plan = plans.plan(*(plans.change(address, Action.DELETE) for address in (plans.CLUSTER, plans.VPC)))
    assert plain(done_page(plan, 7.1, Look())).strip() == "✓ demo: 2 deleted  in 7.1s"


def test_durations_are_said_as_people_say_them() -> None:
    said = [duration_text(seconds) for seconds in (0.04, 9.94, 9.96, 59.4, 60, 185, 3599, 3720)]
    assert said == ["0.0s", "9.9s", "10s", "59s", "1m00s", "3m05s", "59m59s", "1h02m"]


def board(tally: Tally, now: float, height: int = 24) -> list[str]:
    return plain(tally.page(now, Look(), height)).splitlines()


def test_there_are_words_for_everything_that_a_step_can_do() -> None:
    assert set(DOING) == set(DONE) == set(Verb)
