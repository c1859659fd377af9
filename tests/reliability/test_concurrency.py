"""R5: many applies of one stack at once: one holds the lock, all others exit with 4 and have changed nothing."""

from __future__ import annotations

import time

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule

from .gate import Gate
from .place import STACK, MakePlace
from .process import Process
from .reference import Reference
from .stacks import FORMS

LOCKED = 4
STANDSTILL = FaultRule(kind=FaultKind.LATENCY, operation="Create*", service="[!s]*", count=1, seconds=1)


def race(number: int, name: str, places: MakePlace, reference: Reference, gate: Gate) -> None:
    """The first that makes anything stands still in the middle of it until all others have ended."""
    form = FORMS[name]
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
        codes = sorted(process.end() for process in running)
        assert len(holders) == 1
        assert codes == [0] + [LOCKED] * (number - 1)
        assert len([call for call in place.changes() if call.service != "s3"]) == made
        assert place.kinds() == stages.kinds["create"]
        place.settled()


def _await_losers(running: list[Process]) -> None:
    deadline = time.monotonic() + 120
    while sum(process.running for process in running) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "name"), [(2, "network"), (8, "registry")])
def test_one_apply_holds_the_lock_and_the_others_change_nothing(
    number: int, name: str, places: MakePlace, reference: Reference, gate: Gate
) -> None:
    race(number, name, places, reference, gate)


@pytest.mark.long
@pytest.mark.parametrize("name", ["network", "cluster", "access", "registry", "security"])
def test_thirty_two_applies_at_once(name: str, places: MakePlace, reference: Reference, gate: Gate) -> None:
    race(32, name, places, reference, gate)
