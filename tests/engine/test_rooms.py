"""Rooms: what lies in a namespace, or is of a kind that a definition brings, goes with it, and the plan says so."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.connections import CLUSTER
from mlinfra.core.errors import UnsafePlan
from mlinfra.core.resource import Connection, Graph
from mlinfra.engine.codes import Code

from .test_chains import Countdown, done
from .test_clusters import inside, names
from .world import World, graph, resource

INSIDE = Connection("kubernetes", CLUSTER.reference(Address("cluster")))


def stack(*, room: str = "team", form: str = "square", of: str = "team", without: str = "", protect: str = "") -> Graph:
    here = {"connection": INSIDE}
    things = (
        resource("cluster", "run/Cluster", {"name": "ml"}),
        resource("room", "in/Room", {"name": room, "form": form}, **here),  # type: ignore[arg-type]
        resource(
            "web",
            "in/App",
            {"name": "web", "room": of},
            protect=protect == "web",
            depends_on=() if without == "room" else ["room"],
            **here,
        ),
        resource("lone", "in/App", {"name": "lone"}, **here),  # type: ignore[arg-type]
    )
    return graph(*(one for one in things if str(one.address) != without))


def settled() -> World:
    world = World()
    done(world.apply(stack()))
    return world


def shown(world: World, desired: Graph, **options: object) -> dict[str, tuple[str, str, str]]:
    plan = world.plan(desired, **options)  # type: ignore[arg-type]
    return {str(one.address): (one.action.value, one.reason, one.lost) for one in plan.pending()}


def complaints(world: World, desired: Graph) -> list[tuple[str, str]]:
    return [(one.code, str(one.address)) for one in world.plan(desired).diagnostics]


def test_what_lies_in_a_room_that_is_made_anew_is_lost_and_made_anew_with_it() -> None:
    world, changed = settled(), stack(form="round")
    assert shown(world, changed) == {
        "room": ("replace", "form cannot be changed", ""),
        "web": ("replace", "goes with room", "what it knew"),
    }
    assert complaints(world, changed) == []
    calls = inside(world).calls
    calls.clear()
    done(world.apply(changed))
    room, app = "toy:in/Room", "toy:in/App"
    assert calls == [("delete", app), ("delete", room), ("create", room), ("create", app)]
    assert names(inside(world)) == ["lone", "team", "web"]
    assert world.settled(changed)


@pytest.mark.parametrize(("change", "verb"), [({"without": "room"}, "delete"), ({"room": "others"}, "replace")])
def test_what_is_to_be_in_a_room_that_goes_for_good_is_shown_as_lost_and_refused(
    change: dict[str, str], verb: str
) -> None:
    world, changed = settled(), stack(**change)
    found = shown(world, changed)
    assert found["room"][0] == verb
    assert found["web"] == ("replace", "goes with room", "what it knew")
    assert complaints(world, changed) == [(Code.NO_ROOM, "web")]
    with pytest.raises(UnsafePlan):
        world.apply(changed)
    assert world.settled(stack())


def test_what_moves_with_its_room_is_made_in_the_new_one() -> None:
    world, changed = settled(), stack(room="others", of="others")
    assert {address: action for address, (action, _, _) in shown(world, changed).items()} == {
        "room": "replace",
        "web": "replace",
    }
    done(world.apply(changed))
    assert world.settled(changed)


def test_what_is_left_out_with_its_room_is_deleted_before_it() -> None:
    world = settled()
    changed = graph(*(one for one in stack() if str(one.address) in ("cluster", "lone")))
    assert {address: found[::2] for address, found in shown(world, changed).items()} == {
        "room": ("delete", ""),
        "web": ("delete", "what it knew"),
    }
    inside(world).calls.clear()
    done(world.apply(changed))
    assert inside(world).calls == [("delete", "toy:in/App"), ("delete", "toy:in/Room")]
    assert world.settled(changed)


def test_what_cannot_be_read_is_lost_with_its_room_all_the_same() -> None:
    world, changed = settled(), stack(form="round")
    inside(world).hidden = "toy:in/App"
    assert shown(world, changed)["web"] == ("replace", "goes with room", "what it knew")
    left_out = graph(*(one for one in stack() if str(one.address) in ("cluster", "lone")))
    assert shown(world, left_out)["web"][:2] == ("delete", "goes with room")


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("before", [True, False])
def test_whatever_kills_the_apply_nothing_of_it_was_ever_deleted_outside(at: int, before: bool) -> None:
    world, changed = settled(), stack(form="round")
    Countdown(world, at, before=before).run(changed)
    assert not [one for one, (_, reason, _) in shown(world, changed).items() if "outside" in reason]
    done(world.apply(changed))
    assert world.settled(changed)


def test_what_is_protected_keeps_its_room_and_its_cluster() -> None:
    world = World()
    done(world.apply(stack(protect="web")))
    assert complaints(world, stack(protect="web", form="round")) == [(Code.PROTECTED, "web")]
    elsewhere = [
        resource("cluster", "run/Cluster", {"name": "ml", "zone": "b"}) if str(one.address) == "cluster" else one
        for one in stack(protect="web")
    ]
    assert complaints(world, graph(*elsewhere)) == [(Code.PROTECTED, "web")]
    assert shown(world, graph(*elsewhere))["web"] == (
        "create",
        "the cluster that it was in is replaced",
        "what it knew",
    )


def test_without_a_record_of_what_needs_what_the_room_still_goes_last() -> None:
    world = settled()
    world.disk.remove()
    left = graph(*(one for one in stack() if str(one.address) in ("cluster", "lone")))
    done(world.apply(left))
    assert inside(world).calls[-2:] == [("delete", "toy:in/App"), ("delete", "toy:in/Room")]
    assert names(inside(world)) == ["lone"]
