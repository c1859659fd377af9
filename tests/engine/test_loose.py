"""What only the state can tell of: what the API never shows, and what floats where the stack says nothing."""

from __future__ import annotations

import pytest

from mlinfra.core.errors import StalePlan
from mlinfra.core.plan import Cause
from mlinfra.core.resource import Graph

from .one_group import only
from .world import World, graph, resource


def note(**properties: object) -> Graph:
    return graph(resource("note", "net/Note", {"name": "one", "text": "a", **properties}))


def written(world: World) -> None:
    """Somebody writes it anew: what, nobody can see."""
    thing = only(world, "net/Note")
    thing.properties |= {"text": "b", "written": thing.properties["written"] + 1}


def test_what_cannot_be_read_and_was_written_by_others_is_written_again() -> None:
    world = World()
    world.apply(note())
    assert world.settled(note())
    written(world)
    (change,) = world.plan(note()).pending()
    assert [(field.path, field.cause) for field in change.fields] == [(("text",), Cause.DRIFT)]
    world.apply(note())
    assert only(world, "net/Note").properties["text"] == "a"
    assert world.settled(note())


def test_what_was_written_between_plan_and_apply_is_a_refusal() -> None:
    world = World()
    world.apply(note())
    plan = world.plan(note(text="c"))
    written(world)
    with pytest.raises(StalePlan, match=r"note: written of note-1 has changed since the plan was made: from 1 to 2"):
        world.carry_out(plan, note(text="c"))


def test_what_floats_is_told_when_it_is_not_as_it_was_left_until_the_stack_says_what_it_shall_be() -> None:
    world = World()
    world.apply(note())
    only(world, "net/Note").properties["open"] = True
    plan = world.plan(note())
    assert not plan.pending()
    assert [(one.code, one.summary) for one in plan.diagnostics] == [
        ("MLI3201", "note: open was false when it was last applied, and is true")
    ]
    assert [change.fields[0].cause for change in world.plan(note(open=False)).pending()] == [Cause.CHANGE]
    world.apply(note(open=False))
    assert world.plan(note(open=False)).diagnostics == ()


def test_what_floats_is_sealed() -> None:
    world = World()
    world.apply(note())
    plan = world.plan(note(text="c"))
    only(world, "net/Note").properties["open"] = True
    with pytest.raises(StalePlan, match="note: open of note-1 has changed since the plan was made: from false to true"):
        world.carry_out(plan, note(text="c"))
