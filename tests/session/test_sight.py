"""An apply that follows its plan at once does not look again; one that follows anything else does."""

from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.plan import Plan, Seal
from mlinfra.core.resource import Ownership
from mlinfra.core.state import State
from mlinfra.engine.survey import Survey
from mlinfra.session.plans.sight import Sight, still_seen
from tests.state.actors import SetClock

STATE = State(stack="demo", lineage="l", serial=3)
PLAN = Plan(ownership=Ownership("demo", "l"), serial=3, steps=(), changes=(), seal=Seal("one"))
SEEN = Survey({})


def sight(clock: SetClock) -> Sight:
    return Sight(PLAN.seal.digest, STATE, SEEN, clock.monotonic())


def test_what_a_plan_saw_a_moment_ago_serves_its_apply() -> None:
    clock = SetClock()
    taken = sight(clock)
    clock.sleep(5)
    assert still_seen(taken, PLAN, STATE, clock) is SEEN


def test_that_a_first_state_was_written_for_the_lock_makes_no_difference() -> None:
    clock = SetClock()
    assert still_seen(sight(clock), PLAN, msgspec.structs.replace(STATE, serial=4), clock) is SEEN


@pytest.mark.parametrize(
    ("plan", "state", "seconds"),
    [
        (msgspec.structs.replace(PLAN, seal=Seal("two")), STATE, 0),
        (PLAN, msgspec.structs.replace(STATE, completed=("by another run",)), 0),
        (PLAN, msgspec.structs.replace(STATE, lineage="of another stack"), 0),
        (PLAN, STATE, 10),
    ],
    ids=["another plan", "another state", "another lineage", "too long ago"],
)
def test_everything_else_has_to_be_looked_at(plan: Plan, state: State, seconds: float) -> None:
    clock = SetClock()
    taken = sight(clock)
    clock.sleep(seconds)
    assert still_seen(taken, plan, state, clock) is None
