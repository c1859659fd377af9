"""Whose an object is: ours by its record or its tags, another's, nobody's, or claimed by two."""

from __future__ import annotations

import pytest

from mlinfra.core.errors import UnsafePlan
from mlinfra.core.plan import Action
from mlinfra.engine.rebuild import rebuild

from .cloud import TYPES, Thing
from .one_group import GROUP, ROUTE, VPC, A, actions, only, stack
from .world import World, graph


def test_an_object_of_the_same_name_that_is_not_ours_is_a_conflict() -> None:
    world = World()
    world.cloud.things["g"] = Thing("toy:run/Group", "g", {"name": "stack-nodeGroups-gpu", "size": {}}, None)
    plan = world.plan(stack())
    assert [d.code for d in plan.diagnostics] == ["MLI3030"]
    with pytest.raises(UnsafePlan):
        world.carry_out(plan, stack())


def test_an_object_is_adopted_only_when_told() -> None:
    world = World()
    world.apply(graph(stack().resources[VPC], stack().resources[A], stack().resources[ROUTE]))
    subnet = only(world, "net/Subnet").id
    thing = Thing("toy:run/Group", "g", {"name": "old", "subnets": [subnet], "size": {"min": 0, "max": 9}}, None)
    world.cloud.things["g"] = thing
    desired = stack(group={"name": "old"})
    report = world.apply(desired, adoptions={GROUP: thing.present()})
    assert report.complete
    assert thing.owner is not None
    assert thing.properties["size"]["max"] == 3
    assert world.settled(desired)


def test_a_declared_child_of_our_parent_is_taken_back() -> None:
    world = World()
    without = graph(*(r for r in stack() if r.address != ROUTE))
    world.apply(without)
    vpc = only(world, "net/Net").id
    world.cloud.things["r"] = Thing("toy:net/Route", "r", {"net": vpc, "to": "0.0.0.0/0", "via": "igw"}, None)
    assert actions(world, stack()) == {"network.route": "adopt"}
    world.apply(stack())
    assert world.settled(stack())


def test_lost_records_are_taken_back_by_their_tags() -> None:
    world = World()
    world.apply(stack())
    world.disk.remove()
    assert set(actions(world, stack()).values()) == {"adopt"}
    world.apply(stack())
    assert world.settled(stack())


def test_what_an_interrupted_call_left_undone_is_said_of_whatever_is_planned_for_the_object() -> None:
    world = World()
    world.apply(stack())
    group = only(world, "run/Group")
    group.plight = "pending since noon; apply starts anew"
    world.disk.remove()
    (change,) = (one for one in world.plan(stack()).pending() if one.address == GROUP)
    assert (change.action, change.reason.partition("; ")[2]) == (Action.ADOPT, group.plight)
    world.apply(stack())
    group.properties["size"] = {"min": 0, "max": 5}
    (change,) = world.plan(stack()).pending()
    assert (change.action, change.reason) == (Action.UPDATE, group.plight)


def test_an_owned_object_that_nobody_declares_any_more_is_deleted_in_order_without_records() -> None:
    world = World()
    world.apply(graph(*(r for r in stack() if r.address != ROUTE)))
    world.disk.remove()
    assert world.apply(graph()).complete
    assert world.cloud.things == {}


def test_two_claimants_are_left_alone() -> None:
    world = World()
    world.apply(stack())
    group = only(world, "run/Group")
    world.disk.remove()
    world.cloud.things["twin"] = Thing("toy:run/Group", "twin", dict(group.properties), group.owner)
    plan = world.plan(stack())
    assert "MLI3023" in [d.code for d in plan.diagnostics]
    assert not [s for s in plan.steps if s.verb == "delete"]


def test_objects_of_another_lineage_are_a_lost_state() -> None:
    world = World()
    world.apply(stack())
    for thing in world.cloud.things.values():
        if thing.owner:
            thing.owner = type(thing.owner)("stack", "lineage-0", thing.owner.address)
    world.disk.remove()
    # Said once: what cannot bear tags and lies below one of them is no stranger's either.
    assert [d.code for d in world.plan(stack()).diagnostics] == ["MLI3035"]


def test_a_rebuilt_state_has_the_outputs_that_what_was_found_tells() -> None:
    world = World()
    world.apply(stack())
    told = world.disk.read().outputs
    world.disk.remove()
    empty = world.disk.read()
    assert rebuild(stack(), empty, world.look(stack()), TYPES, "here").outputs == told
    net = only(world, "net/Net").id
    del world.cloud.things[only(world, "run/Group").id]
    assert rebuild(stack(), empty, world.look(stack()), TYPES, "here").outputs == {"vpc": net}


def test_lost_ownership_tags_are_put_back() -> None:
    world = World()
    world.apply(stack())
    only(world, "net/Net").owner = None
    assert actions(world, stack()) == {"network.vpc": "update"}
    world.apply(stack())
    assert world.settled(stack())


def test_a_claim_by_another_stack_is_refused() -> None:
    world = World()
    world.apply(stack())
    vpc = only(world, "net/Net")
    assert vpc.owner is not None
    vpc.owner = type(vpc.owner)("other", "l", vpc.owner.address)
    assert [d.code for d in world.plan(stack(dns=True)).diagnostics] == ["MLI3031"]
