"""Who claims to be ours: by the tags on an object, held against what the state records."""

from __future__ import annotations

import msgspec
import pytest

from mlinfra.core.errors import UnsafePlan
from mlinfra.core.resource import Graph

from .cloud import Thing
from .one_group import only, stack
from .world import World, graph, resource


def twin_of(world: World, kind: str, generation: int = 0) -> Thing:
    """Somebody else's object, with the tags of ours; of another generation where one is said."""
    ours = only(world, kind)
    assert ours.owner is not None
    owner = msgspec.structs.replace(ours.owner, generation=generation or ours.owner.generation)
    twin = world.cloud.things["twin"] = Thing(ours.kind, "twin", {**ours.properties, "cidr": "10.9.0.0/16"}, owner)
    return twin


@pytest.mark.parametrize(
    "desired",
    [stack(), stack(dns=True), stack("10.7.0.0/16"), graph()],
    ids=["nothing", "update", "replace", "delete"],
)
def test_a_stranger_with_copied_tags_is_neither_deleted_nor_taken_for_ours(desired: Graph) -> None:
    world = World()
    world.apply(stack())
    ours = only(world, "net/Net").id
    twin_of(world, "net/Net")
    plan = world.plan(desired)
    [told] = [d for d in plan.diagnostics if d.code == "MLI3023"]
    assert (told.summary, told.detail) == (
        "twin claims to be network.vpc",
        f"The state records {ours}. Nothing is done with either.",
    )
    assert [step for step in plan.steps if step.id == "twin"] == []
    with pytest.raises(UnsafePlan):
        world.apply(desired)
    assert {ours, "twin"} <= world.cloud.things.keys()
    world.cloud.things["twin"].owner = None
    assert world.apply(desired).complete
    assert world.cloud.things.pop("twin")
    assert world.settled(desired)


def test_a_stranger_does_not_take_the_place_of_what_is_gone() -> None:
    world = World()
    world.apply(stack())
    twin_of(world, "net/Net")
    del world.cloud.things[next(found for found, thing in world.cloud.things.items() if thing.kind == "toy:net/Net")]
    plan = world.plan(stack())
    [told] = [d for d in plan.diagnostics if d.code == "MLI3023"]
    assert ", which is gone." in told.detail
    assert [step for step in plan.steps if step.id == "twin"] == []


def test_an_earlier_generation_that_the_state_knows_of_is_a_leftover() -> None:
    world = World()
    world.apply(stack())
    world.apply(stack("10.7.0.0/16"))
    twin_of(world, "net/Net", generation=1)  # made by an attempt whose object nobody saw, and seen only now
    plan = world.plan(stack("10.7.0.0/16"))
    assert [(step.verb, step.id) for step in plan.steps] == [("delete", "twin")]
    assert "MLI3023" not in [d.code for d in plan.diagnostics]


def test_new_tags_say_what_they_are_for() -> None:
    def net(**lifecycle: bool) -> Graph:
        return graph(resource("net", "net/Net", {"cidr": "10.0.0.0/16"}, **lifecycle))  # type: ignore[arg-type]

    def told(desired: Graph) -> tuple[str, str]:
        (change,) = world.plan(desired).pending()
        return change.action.value, change.reason

    world = World()
    world.apply(net())
    assert told(net(protect=True)) == ("update", "is protected from now on")
    world.apply(net(protect=True))
    assert told(net()) == ("update", "is protected no more")
    ours = only(world, "net/Net")
    assert ours.owner is not None
    ours.owner = msgspec.structs.replace(ours.owner, protect=True, expires="2026-11-26T00:00:00Z")
    assert told(net()) == ("update", "is protected no more and expires no more")
    ours.owner = msgspec.structs.replace(ours.owner, generation=2)
    assert told(net())[1] == "its ownership tags are not as they should be"
