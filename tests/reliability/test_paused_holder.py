"""R6: the holder of the lock is paused in the middle of a call, another run takes over and completes, it goes on.

By rights it changes nothing any more, neither in the account nor in the state, wherever its threads were paused.
`tests/state/test_lease.py` and `test_s3.py` hold every write of a stale holder.
"""

from __future__ import annotations

import fcntl
import signal
import time
from pathlib import Path

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from mlinfra.session import Options, open_session
from mlinfra.state.lease import SURE

from . import points
from .gate import Gate
from .place import STACK, MakePlace, Place
from .process import Process
from .reference import Reference
from .stacks import FORMS

LEASE_LOST = "MLI4002"
# Of these calls each is the only one under way: no other can be between the look at the lock and its last byte, where
# nothing can keep it from being sent (docs/reliability.md). The long form goes through all.
SAMPLE = ["network/9", "registry/9"]


def take_over(point: str, places: MakePlace, reference: Reference, gate: Gate) -> None:
    """One point: the n-th mutating call has taken effect when the run is paused, its answer still under way."""
    name, number = point.split("/")
    form = FORMS[name]
    kinds = reference.of(form).kinds["create"]
    with places() as place:
        place.write(form.first)
        paused = _paused(place, gate, name, int(number))
        paused_at = gate.monotonic()
        try:
            held = open_session(Options(STACK)).holder()
            if held is not None:
                place.do("state", "unlock", STACK, str(held.token), "--yes")
            taken_over = gate.monotonic()
            place.do("apply", STACK, "--yes")
            was_done = _changes(place, taken_over) == []  # by the one that was paused, which may say so
            state = open_session(Options(STACK)).state()
            while gate.monotonic() < paused_at + SURE:
                time.sleep(0.02)
        finally:
            resumed = gate.monotonic()
            gate.open()
            paused.signal(signal.SIGCONT)
        code = paused.end()
        refused = code == 6 and LEASE_LOST in paused.printed()
        assert held is None or refused or (was_done and code == 0), paused.printed()
        assert open_session(Options(STACK)).state() == state
        assert held is None or _changes(place, resumed) == []
        assert place.kinds() == kinds
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


def _changes(place: Place, since: float) -> list[str]:
    """The calls begun since then that changed something in the account, but for those that keep a state there."""
    later = [call for call in place.changes() if call.began > since]
    return [f"{call.service}:{call.operation}" for call in later if call.service != "s3"]


def _paused(place: Place, gate: Gate, name: str, number: int) -> Process:
    gate.close()
    rule = FaultRule(kind=FaultKind.LATENCY, mutating=True, when=When.AFTER, skip=number - 1, count=1, seconds=1)
    with place.faults(rule):
        process = place.start("apply", STACK, "--yes")
        while process.running and not gate.reached:
            gate.wait(0.02)
        _stop(process, place.folder / ".mlinfra/state" / name / "guard")
    return process


def _stop(process: Process, guard: Path) -> None:
    """Stop it, though not while it holds the guard of a local state: nobody takes over from such a one, and is told."""
    while process.running:
        process.pause()
        if not guard.exists() or _is_free(guard):
            return
        process.signal(signal.SIGCONT)
        time.sleep(0.02)


def _is_free(guard: Path) -> bool:
    with guard.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("point", SAMPLE)
def test_a_holder_that_was_replaced_while_it_was_paused_writes_nothing(
    point: str, places: MakePlace, reference: Reference, gate: Gate
) -> None:
    take_over(point, places, reference, gate)


@pytest.mark.long
@points.sharded
def test_every_pause(shard: int, places: MakePlace, reference: Reference, gate: Gate) -> None:
    every = [f"{form.name}/{n}" for form in FORMS.values() for n in range(1, reference.of(form).calls["create"] + 1)]
    points.run("R6 paused holder", shard, every, lambda point: take_over(point, places, reference, gate))
