"""What others put below objects of ours: named and left alone, or taken away as it was planned."""

from __future__ import annotations

import pytest

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import StalePlan
from mlinfra.core.plan import Action, Plan
from mlinfra.core.resource import Graph
from mlinfra.engine.codes import Code

from .cloud import Thing
from .one_group import ROUTE, VPC, only, stack
from .test_chains import Countdown
from .world import World, graph, resource


def added(world: World, *, to: str = "9.9.9.0/24", via: str = "igw", id: str = "byhand") -> None:
    """Somebody adds a route to our network."""
    vpc = only(world, "net/Net").id
    world.cloud.things[id] = Thing("toy:net/Route", id, {"net": vpc, "to": to, "via": via}, None)


def foreign(plan: Plan) -> list[Diagnostic]:
    return [found for found in plan.diagnostics if found.code == Code.FOREIGN]


@pytest.fixture
def world() -> World:
    world = World()
    world.apply(stack())
    added(world)
    return world


def test_it_is_named_and_left_alone(world: World) -> None:
    plan = world.plan(stack())
    (found,) = foreign(plan)
    assert (found.severity, found.address) == (Severity.WARNING, VPC)
    assert found.summary == f"{VPC} has a route to 9.9.9.0/24: added outside of the stack"
    assert "`mlinfra apply STACK --remove-foreign`" in found.hint
    assert plan.pending() == ()
    world.apply(stack())
    assert "byhand" in world.cloud.things


def test_it_is_taken_away_as_a_change_that_was_planned_and_sealed(world: World) -> None:
    plan = world.plan(stack(), remove_foreign=True)
    (change,) = plan.pending()
    assert (change.action, change.id) == (Action.DELETE, "byhand")
    assert change.address.startswith(f"{VPC}.foreign-")
    assert change.reason == f"{VPC} has a route to 9.9.9.0/24: added outside of the stack"
    assert foreign(plan) == []
    assert world.carry_out(plan, stack()).complete
    assert world.settled(stack())


def test_what_is_edited_after_that_plan_is_not_taken_away(world: World) -> None:
    plan = world.plan(stack(), remove_foreign=True)
    world.cloud.things["byhand"].properties["via"] = "another"
    with pytest.raises(StalePlan, match="via of byhand has changed"):
        world.carry_out(plan, stack())


def test_what_was_added_after_that_plan_stays(world: World) -> None:
    plan = world.plan(stack(), remove_foreign=True)
    added(world, to="8.8.8.0/24", id="later")
    world.carry_out(plan, stack())
    assert "byhand" not in world.cloud.things
    assert "later" in world.cloud.things


def test_a_destroy_says_what_it_will_fail_for(world: World) -> None:
    plan = world.plan(stack(), destroy=True)
    (found,) = foreign(plan)
    assert found.detail == f"{VPC} cannot be deleted for as long as that is there."
    assert "`mlinfra destroy STACK --remove-foreign`" in found.hint
    assert not world.apply(stack(), destroy=True).complete
    assert world.apply(stack(), destroy=True, remove_foreign=True).complete
    assert world.cloud.things == {}


def test_a_killed_removal_goes_on_with_the_same_plan(world: World) -> None:
    added(world, to="8.8.8.0/24", id="another")
    plan = world.plan(stack(), remove_foreign=True)

    countdown = Countdown(world, 0, before=False)
    assert countdown.carry_out(plan, stack())
    assert world.carry_out(plan, stack()).complete
    assert world.settled(stack())


@pytest.mark.parametrize(
    "desired", [stack(), Graph.of(r for r in stack() if r.address != ROUTE)], ids=["with", "without"]
)
def test_what_the_stack_declares_or_did_is_none(desired: Graph) -> None:
    world = World()
    world.apply(stack())
    assert foreign(world.plan(desired)) == []
    assert foreign(world.plan(stack(), destroy=True)) == []


def test_what_is_declared_and_not_recorded_yet_is_taken_back_and_none() -> None:
    world = World()
    world.apply(Graph.of(r for r in stack() if r.address != ROUTE))
    added(world, to="0.0.0.0/0")
    plan = world.plan(stack(), remove_foreign=True)
    assert [(change.address, change.action) for change in plan.pending()] == [(ROUTE, Action.ADOPT)]


def test_what_controllers_write_and_what_lies_elsewhere_is_none() -> None:
    world = World()
    world.apply(stack())
    added(world, via="controller")
    world.cloud.things["theirs"] = Thing("toy:net/Net", "theirs", {"cidr": "10.9.0.0/16"}, None)
    world.cloud.things["r"] = Thing("toy:net/Route", "r", {"net": "theirs", "to": "1.1.1.0/24", "via": "igw"}, None)
    assert foreign(world.plan(stack())) == []


def test_what_lies_below_something_else_than_the_targets_is_no_matter(world: World) -> None:
    spare = graph(*stack(), resource("network.spare", "net/Net", {"cidr": "10.2.0.0/16"}))
    assert foreign(world.plan(spare, targets=("network.spare",))) == []
    kept = world.plan(spare, targets=("network.spare",), remove_foreign=True)
    assert [change.action for change in kept.pending()] == [Action.CREATE]
