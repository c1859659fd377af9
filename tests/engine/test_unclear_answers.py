"""Answers that say nothing of what happened: what was made is finished, what was changed is looked at."""

from __future__ import annotations

import pytest

from mlinfra.core.errors import Ambiguous, StateConflict, Throttled
from mlinfra.core.ledger import Intended
from mlinfra.core.resource import Graph

from .cloud import lost_answer
from .one_group import only, stack
from .world import World, graph


def test_what_was_made_and_then_throttled_is_finished_and_not_made_again() -> None:
    world = World()
    refusals = iter([1, 2, 3])

    def throttle(operation: str, kind: str) -> None:
        if operation == "made" and next(refusals, None):
            raise Throttled("slower, please")

    world.cloud.after = throttle
    assert world.apply(stack()).complete
    assert len(world.cloud.things) == 4
    assert world.settled(stack())


@pytest.mark.parametrize("operation", ["create", "made", "update", "delete", "tag"])
def test_a_lost_answer_to_any_operation_costs_nothing(operation: str) -> None:
    world = World()
    for desired in (stack(), stack(dns=True, group={"image": "other"}), graph()):
        world.cloud.after = lost_answer(operation)
        assert world.apply(desired).complete
        assert world.settled(desired)
    assert world.cloud.things == {}


def test_a_network_that_is_cut_while_something_becomes_ready_is_waited_for() -> None:
    """Neither is the answer there, nor can be seen what there is, the next five times."""
    world = World()
    cut = iter(range(5))

    def no_answer(operation: str, kind: str) -> None:
        if operation == "made":
            world.cloud.after = lambda operation, kind: None
            world.cloud.unread = lambda operation, kind: "no network" if next(cut, None) is not None else ""
            raise Ambiguous("no answer")

    world.cloud.after = no_answer
    assert world.apply(stack()).complete
    assert next(cut, None) is None
    assert world.settled(stack())


def test_an_update_whose_answer_was_lost_is_not_made_twice_where_it_took_effect() -> None:
    world = World()
    world.apply(stack())
    world.cloud.calls.clear()
    world.cloud.after = lost_answer("update")
    assert world.apply(stack(dns=True)).complete
    assert only(world, "net/Net").properties["dns"] is True
    assert world.cloud.calls == [("update", "toy:net/Net"), ("update", "toy:net/Net")]  # the second changes nothing


@pytest.mark.parametrize("desired", [stack(dns=True), graph()], ids=["update", "delete"])
def test_a_run_whose_lock_was_taken_over_after_its_intent_changes_nothing(desired: Graph) -> None:
    world = World()
    world.apply(stack())
    world.cloud.calls.clear()
    world.disk.robbed_after = len(world.disk.entered) + 3  # a plan begins, with its facts; then comes an intent
    with pytest.raises(StateConflict):
        world.apply(desired)
    assert isinstance(world.disk.entered[-1], Intended)
    assert world.cloud.calls == []
