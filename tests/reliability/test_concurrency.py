"""R5: many applies of one stack at once: one holds the lock, all others exit with 4 and have changed nothing."""

from __future__ import annotations

import time

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule

from . import points
from .gate import PATIENCE, Gate
from .place import STACK, MakePlace
from .process import Process
from .reference import Reference
from .stacks import FORMS

LOCKED = 4
SAMPLE = ["network/2", "registry/8"]
STANDSTILL = FaultRule(kind=FaultKind.LATENCY, operation="Create*", service="[!s]*", count=1, seconds=1)


def race(point: str, places: MakePlace, reference: Reference, gate: Gate) -> None:
    """One point: the first that makes anything stands still in the middle of it until all others have ended."""
    name, count = point.split("/")
    form, number = FORMS[name], int(count)
    stages = reference.of(form)
    with places() as place:
        place.write(form.first)
        made = stages.calls["create"] - stages.writes["create"]
        gate.close()
        try:
            with place.faults(STANDSTILL):
                running = [place.start("apply", STACK, "--yes") for _ in range(number)]
                assert gate.wait()
                _await_losers(running)
        finally:
            gate.open()
        holders = [process for process in running if process.running]
        ended = {process: process.end() for process in running}
        strange = [process.printed() for process, code in ended.items() if code not in (0, LOCKED)]
        assert strange == [], "\n".join(strange)
        assert sorted(ended.values()) == [0] + [LOCKED] * (number - 1)
        assert len(holders) == 1
        assert len([call for call in place.changes() if call.service != "s3"]) == made
        assert place.kinds() == stages.kinds["create"]
        place.settled()


def _await_losers(running: list[Process]) -> None:
    deadline = time.monotonic() + PATIENCE
    while sum(process.running for process in running) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize("point", SAMPLE)
def test_one_apply_holds_the_lock_and_the_others_change_nothing(
    point: str, places: MakePlace, reference: Reference, gate: Gate
) -> None:
    race(point, places, reference, gate)


@pytest.mark.long
@points.sharded
def test_every_race(shard: int, places: MakePlace, reference: Reference, gate: Gate) -> None:
    every = [f"{name}/{number}" for number in (2, 8, 32) for name in FORMS]
    points.run("R5 race", shard, every, lambda point: race(point, places, reference, gate))


def test_a_run_that_was_overtaken_while_it_read_takes_nothing_for_lost(places: MakePlace, gate: Gate) -> None:
    """It has read that there is no state, and then sees in the cloud what another run has made."""
    with places() as place:
        place.write(FORMS["security"].first)
        gate.close()
        try:
            with place.faults(FaultRule(kind=FaultKind.LATENCY, operation="DescribeVpcs", count=1, seconds=1)):
                overtaken = place.start("apply", STACK, "--yes")
                assert gate.wait()
                place.do("apply", STACK, "--yes")
        finally:
            gate.open()
        assert overtaken.end() == LOCKED, overtaken.printed()
        assert "MLI4001" in overtaken.printed()
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()
