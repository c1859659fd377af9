"""R9: random stacks, one after the other, with faults switched on: each converges on the next undisturbed run."""

from __future__ import annotations

import random

import pytest

from mlinfra.sandbox.faults import FaultRule

from . import points
from .chains import any_fault, chain
from .place import KILLED, STACK, MakePlace, Place

SEEDS = 5000
SAMPLE = ["2", "3"]
INCOMPLETE = 6


def go_through(seed: str, places: MakePlace) -> None:
    """One chain: every stack is applied while something goes wrong, and then once more."""
    dice = random.Random(int(seed))
    with places() as place:
        for stack in chain(dice):
            place.write(stack)
            _disturbed(place, any_fault(dice), "apply")
            place.do("apply", STACK, "--yes")
            place.settled()
        _disturbed(place, any_fault(dice), "destroy")
        place.do("destroy", STACK, "--yes")
        place.gone()


def _disturbed(place: Place, rule: FaultRule, command: str) -> None:
    with place.faults(rule):
        process = place.start(command, STACK, "--yes")
        code = process.end()
    assert code in (0, 1, INCOMPLETE, KILLED), process.printed()
    assert "MLI9" not in process.printed()  # a defect of ours


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_chain_of_stacks_converges_whatever_goes_wrong(seed: str, places: MakePlace) -> None:
    go_through(seed, places)


@pytest.mark.long
@points.sharded
def test_all_chains(shard: int, places: MakePlace) -> None:
    points.run("R9 chains", shard, map(str, range(SEEDS)), lambda seed: go_through(seed, places))
