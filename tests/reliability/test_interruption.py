"""R8: Ctrl-C once, twice, twice at once, and SIGTERM, while any one of a run's calls is under way."""

from __future__ import annotations

import random
import signal
import time

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.session import Options, open_session

from . import points
from .gate import Gate
from .place import STACK, MakePlace, Place
from .process import Process
from .reference import Reference
from .stacks import FORMS

INCOMPLETE, INTERRUPTED = 6, 130
PRESSED = ("twice", "hasty")  # more than once
SEEDS = 100
SAMPLE = ["once/2", "twice/4", "term/5", "hasty/1/destroy"]


def interrupt(point: str, places: MakePlace, reference: Reference, gate: Gate) -> None:
    """One point: a run is stopped while its n-th call is under way, n drawn from the seed; the next run finishes it.

    It is an apply, or a destroy where the point says so.
    """
    how, seed, *rest = point.split("/")
    dice = random.Random(f"{how}{seed}")
    form = dice.choice(sorted(FORMS.values(), key=lambda form: form.name))
    number = dice.randint(1, 45)
    kinds = reference.of(form).kinds["create"]
    with places() as place:
        place.write(form.first)
        if rest:
            place.do("apply", STACK, "--yes")
        code = _stopped(place, gate, how, number, "destroy" if rest else "apply")
        # Whoever goes on pressing may meet Python on its way out, which then ends with a code of its own.
        assert code in (0, INCOMPLETE, INTERRUPTED) or how in PRESSED
        if how not in PRESSED:
            state = open_session(Options(STACK)).state()
            assert state is None or state.pending == ()  # nothing was left in the air
        if not rest:
            place.do("apply", STACK, "--yes")
            assert place.kinds() == kinds
            place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


def _stopped(place: Place, gate: Gate, how: str, number: int, command: str) -> int:
    gate.close()
    try:
        with place.faults(FaultRule(kind=FaultKind.LATENCY, skip=number - 1, count=1, seconds=1)):
            process = place.start(command, STACK, "--yes")
            while process.running and not gate.reached:
                gate.wait(0.02)
            _press(process, how)
            gate.open()
            return process.end()
    finally:
        gate.open()


def _press(process: Process, how: str) -> None:
    process.signal(signal.SIGTERM if how == "term" else signal.SIGINT)
    if how == "hasty":
        process.signal(signal.SIGINT)
    deadline = time.monotonic() + 5
    while how == "twice" and process.running and time.monotonic() < deadline:
        time.sleep(0.05)  # two that are pending at once are one to the kernel: press until it obeys
        process.signal(signal.SIGINT)


@pytest.mark.parametrize("point", SAMPLE)
def test_a_stopped_run_leaves_nothing_unclear_and_the_next_goes_on(
    point: str, places: MakePlace, reference: Reference, gate: Gate
) -> None:
    interrupt(point, places, reference, gate)


@pytest.mark.long
@points.sharded
def test_every_interruption(shard: int, places: MakePlace, reference: Reference, gate: Gate) -> None:
    every = [f"{how}/{seed}" for seed in range(SEEDS) for how in ("once", "twice", "term")]
    every += [f"hasty/{seed}" for seed in range(SEEDS // 2)]
    every += [f"{how}/{seed}/destroy" for seed in range(SEEDS // 2) for how in ("once", "twice", "term", "hasty")]
    points.run("R8 interruption", shard, every, lambda point: interrupt(point, places, reference, gate))
