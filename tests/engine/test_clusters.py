"""Clusters: what lies in them is planned before they exist, follows them when they are replaced, and goes with them."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.connections import CLUSTER
from mlinfra.core.errors import StalePlan
from mlinfra.core.plan import Verb
from mlinfra.core.resource import Connection, Graph
from mlinfra.core.value import Ref

from .cloud import ToyCloud
from .world import World, graph, resource

K8S, APP, CHART, POOL = (Address(x) for x in ("cluster", "apps.web", "apps.chart", "nodes"))
INSIDE = Connection("kubernetes", CLUSTER.reference(K8S))
POOL_IN_IT = {"subnets": [Ref(Address("subnet"))], "size": {"min": 0, "max": 3, "wanted": 1}}


def stack(*, image: str = "v1", **cluster: object) -> Graph:
    return graph(
        resource("net", "net/Net", {"cidr": "10.0.0.0/16"}),
        resource("subnet", "net/Subnet", {"net": Ref(Address("net")), "range": "10.0.1.0/24"}),
        resource("cluster", "run/Cluster", {"name": "ml", "subnet": Ref(Address("subnet")), **cluster}),
        resource("nodes", "run/Group", {"cluster": Ref(K8S, ("name",)), **POOL_IN_IT}),
        resource("apps.chart", "in/Chart", {"name": "chart"}, connection=INSIDE, depends_on=["nodes"]),
        resource("apps.web", "in/App", {"name": "web", "image": image}, connection=INSIDE, depends_on=["apps.chart"]),
    )


def without_apps() -> Graph:
    return Graph.of(one for one in stack() if one.address.section != "apps")


def inside(world: World) -> ToyCloud:
    (shown,) = world.clusters_there()
    return world.connect(Connection("kubernetes", CLUSTER.identity_of(shown)))


def names(cloud: ToyCloud) -> list[str]:
    return sorted(thing.properties["name"] for thing in cloud.things.values())


def lost(world: World, desired: Graph) -> set[str]:
    return {str(change.address) for change in world.plan(desired).changes if change.loses}


def pending(world: World, desired: Graph, **options: object) -> dict[str, str]:
    plan = world.plan(desired, **options)  # type: ignore[arg-type]
    return {str(change.address): change.action.value for change in plan.pending()}


def test_the_first_plan_is_whole_and_the_second_empty() -> None:
    world = World()
    assert set(pending(world, stack())) == {"net", "subnet", "cluster", "nodes", "apps.chart", "apps.web"}
    assert world.apply(stack()).complete
    assert names(inside(world)) == ["chart", "web"]
    assert world.settled(stack())


def test_what_is_in_a_cluster_is_changed_through_it() -> None:
    world = World()
    world.apply(stack())
    assert pending(world, stack(image="v2")) == {"apps.web": "update"}
    assert world.apply(stack(image="v2")).complete
    assert world.settled(stack(image="v2"))


def test_what_the_stack_no_longer_has_is_deleted_in_a_cluster_that_stays() -> None:
    world = World()
    world.apply(stack())
    assert pending(world, without_apps()) == {"apps.chart": "delete", "apps.web": "delete"}
    assert world.apply(without_apps()).complete
    assert names(inside(world)) == []
    assert world.teardown == []


def test_a_replaced_cluster_takes_along_what_was_in_it_and_gets_it_anew() -> None:
    world = World()
    world.apply(stack())
    (old,) = world.clusters_there()
    desired = stack(zone="b")
    assert pending(world, desired) == {
        "cluster": "replace",
        "nodes": "replace",
        "apps.chart": "create",
        "apps.web": "create",
    }
    assert lost(world, desired) == {"apps.chart", "apps.web"}
    assert world.apply(desired).complete
    assert world.settled(desired)
    assert names(inside(world)) == ["chart", "web"]
    assert world.teardown == [("drain", old["createdAt"]), ("sweep", old["createdAt"])]
    assert not [call for call in world.clusters[CLUSTER.identity_of(old)].calls if call[0] == "delete"]


def test_a_cluster_that_was_made_anew_by_somebody_else_is_entered_as_another() -> None:
    world = World()
    world.apply(stack())
    (thing,) = world.cloud.of("toy:run/Cluster")
    del world.cloud.things[thing.id]
    assert pending(world, stack()) == {"cluster": "create", "apps.chart": "create", "apps.web": "create"}
    assert lost(world, stack()) == set()  # nothing is there that this plan could lose
    assert world.apply(stack()).complete
    assert world.settled(stack())
    assert world.teardown == [("sweep", thing.id)]


def test_destroy_drains_first_sweeps_after_the_cluster_and_asks_only_charts_to_go() -> None:
    world = World()
    world.apply(stack())
    (old,) = world.clusters_there()
    was_inside = inside(world)
    plan = world.plan(stack(), destroy=True)
    order = {step.key: number for number, step in enumerate(plan.steps)}
    drain = next(key for key in order if key.endswith(":drain"))
    assert all(order[drain] < order[step.key] for step in plan.steps if step.verb is Verb.DELETE)
    assert order["cluster#1:sweep"] < order["subnet#1:delete"]
    assert world.carry_out(plan, stack()).complete
    assert world.disk.read().every_record() == ()
    assert not world.cloud.things
    assert world.teardown == [("drain", old["createdAt"]), ("sweep", old["createdAt"])]
    assert [call for call in was_inside.calls if call[0] == "delete"] == [("delete", "toy:in/Chart")]


def test_what_cannot_be_read_in_a_cluster_that_goes_is_taken_along_without_a_call() -> None:
    world = World()
    world.apply(stack())
    inside(world).hidden = "toy:in/Chart"
    plan = world.plan(stack(), destroy=True)
    assert {step.address for step in plan.steps if step.verb is Verb.FORGET} == {APP, CHART}
    assert not plan.diagnostics


def test_a_sweep_that_was_not_reached_is_made_up_for() -> None:
    world = World()
    world.apply(stack())
    plan = world.plan(stack(), destroy=True)
    world.left_behind = "a load balancer that is being used"
    assert not world.carry_out(plan, stack()).complete
    assert "subnet" in world.disk.read().records
    world.left_behind = ""
    assert world.apply(stack(), destroy=True).complete
    assert world.disk.read().every_record() == ()
    assert [verb for verb, _ in world.teardown] == ["drain", "sweep"]


def test_a_plan_for_a_cluster_that_is_another_one_by_now_is_refused() -> None:
    world = World()
    world.apply(without_apps())
    plan = world.plan(stack())
    (thing,) = world.cloud.of("toy:run/Cluster")
    thing.id = "cluster-77"
    world.cloud.things = {one.id: one for one in world.cloud.things.values()}
    with pytest.raises(StalePlan, match="cluster"):
        world.carry_out(plan, stack())


def test_lost_state_finds_what_is_in_the_cluster_again() -> None:
    world = World()
    world.apply(stack())
    world.disk.remove()
    assert pending(world, stack()) == dict.fromkeys(
        ["net", "subnet", "cluster", "nodes", "apps.chart", "apps.web"], "adopt"
    )
    assert world.apply(stack()).complete
    assert world.settled(stack())
