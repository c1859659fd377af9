"""What is replaced and what is renamed: in which order, what goes along, and what is known of it afterwards."""

from __future__ import annotations

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.plan import Action
from mlinfra.core.resource import Graph, Lifecycle
from mlinfra.core.value import Ref

from .one_group import GROUP, VPC, A, actions, only, stack
from .world import World, graph, resource


def test_a_replacement_made_first_moves_its_dependents_before_the_old_one_goes() -> None:
    world = World()
    world.apply(stack())
    world.cloud.calls.clear()
    changed = stack(group={"name": "other"})
    (change,) = world.plan(changed).pending()
    assert (change.action, change.order) == (Action.REPLACE, "create-first")
    world.apply(changed)
    assert world.cloud.calls == [("create", "toy:run/Group"), ("delete", "toy:run/Group")]
    assert world.settled(changed)


def test_a_replacement_that_must_delete_first_does_and_takes_its_replaced_dependents_along() -> None:
    world = World()
    world.apply(stack())
    changed = stack(range_="10.0.2.0/24")
    plan = world.plan(changed)
    assert {(str(c.address), c.action.value, c.order) for c in plan.pending()} == {
        ("network.a", "replace", "delete-first"),
        ("nodeGroups.gpu", "replace", "delete-first"),
    }
    assert world.apply(changed).complete
    assert world.settled(changed)


def test_what_is_renamed_and_replaced_at_once_is_known_by_its_new_address_alone() -> None:
    def named(address: str, name: str) -> Graph:
        vpc = resource("network.vpc", "net/Net", {"cidr": "10.0.0.0/16"})
        subnet = resource("network.a", "net/Subnet", {"net": Ref(VPC), "range": "10.0.1.0/24"})
        group = {"name": name, "subnets": [Ref(A)], "size": {"min": 0, "max": 1}}
        return graph(
            vpc, subnet, resource(address, "run/Group", group), moves=[("nodeGroups.gpu", "nodeGroups.inference")]
        )

    world = World()
    world.apply(graph(*list(named("nodeGroups.gpu", "one"))))
    changed = named("nodeGroups.inference", "two")
    assert [(str(c.address), c.action.value) for c in world.plan(changed).pending()] == [
        ("nodeGroups.inference", "replace")
    ]
    assert world.apply(changed).complete
    assert {str(address) for address in world.disk.read().records} == {
        "network.vpc",
        "network.a",
        "nodeGroups.inference",
    }
    assert world.settled(changed)


def test_what_keeps_something_from_going_goes_with_it_though_it_could_be_changed() -> None:
    def sharing(range_: str) -> Graph:
        net = resource("net", "net/Net", {"cidr": "10.0.0.0/16"})
        home = resource("home", "net/Subnet", {"net": Ref(Address("net")), "range": "10.0.1.0/24"})
        other = resource("other", "net/Subnet", {"net": Ref(Address("net")), "range": range_})
        places = {"subnets": [Ref(Address("home"))], "shares": [Ref(Address("other"))]}
        return graph(net, home, other, resource("group", "run/Group", {**places, "size": {"min": 0, "max": 1}}))

    world = World()
    world.apply(sharing("10.0.2.0/24"))
    changed = sharing("10.0.3.0/24")
    assert {(str(c.address), c.action.value, c.order) for c in world.plan(changed).pending()} == {
        ("other", "replace", "delete-first"),
        ("group", "replace", "delete-first"),
    }
    assert world.apply(changed).complete
    assert world.settled(changed)


def test_replacing_the_root_replaces_all_that_cannot_be_moved() -> None:
    world = World()
    world.apply(stack())
    changed = stack("10.9.0.0/16", range_="10.9.1.0/24")
    assert actions(world, changed) == {
        "network.vpc": "replace",
        "network.a": "replace",
        "network.route": "replace",
        "nodeGroups.gpu": "replace",
    }
    assert world.apply(changed).complete
    assert world.settled(changed)


def test_a_vanished_object_is_made_anew() -> None:
    world = World()
    world.apply(stack())
    gone = only(world, "run/Group").id
    del world.cloud.things[gone]
    (change,) = world.plan(stack()).pending()
    assert (change.action, change.reason) == (Action.CREATE, f"{gone} was deleted outside")
    world.apply(stack())
    assert only(world, "run/Group").properties["name"] == "stack-nodeGroups-gpu-2"
    assert world.settled(stack())


def test_a_vanished_root_is_made_anew_with_all_below_it() -> None:
    world = World()
    world.apply(stack())
    world.cloud.things.clear()
    assert set(actions(world, stack()).values()) == {"create"}
    world.apply(stack())
    assert world.settled(stack())


def test_a_rename_destroys_nothing() -> None:
    world = World()
    world.apply(stack())
    renamed = graph(
        *(r for r in stack() if r.address != GROUP),
        resource("nodeGroups.inference", "run/Group", stack().resources[GROUP].properties),
        moves=[("nodeGroups.gpu", "nodeGroups.inference")],
    )
    assert actions(world, renamed) == {"nodeGroups.inference": "move"}
    world.apply(renamed)
    owner = only(world, "run/Group").owner
    assert owner is not None
    assert owner.address == "nodeGroups.inference"
    assert world.settled(renamed)


def test_a_rename_and_a_change_come_in_one_plan() -> None:
    world = World()
    world.apply(stack())
    changed = {**stack().resources[GROUP].properties, "image": "gpu"}
    renamed = graph(
        *(r for r in stack() if r.address != GROUP),
        resource("nodeGroups.inference", "run/Group", changed),
        moves=[("nodeGroups.gpu", "nodeGroups.inference")],
    )
    world.apply(renamed)
    assert only(world, "run/Group").properties["image"] == "gpu"
    assert world.settled(renamed)


def test_a_failed_object_is_replaced() -> None:
    world = World()
    world.apply(stack())
    only(world, "run/Group").failed = "no capacity"
    (change,) = world.plan(stack()).pending()
    assert (change.action, change.order, change.reason) == (Action.REPLACE, "delete-first", "no capacity")
    world.apply(stack())
    assert world.settled(stack())


def test_what_leaves_an_object_that_goes_waits_for_its_own_dependents_that_go_as_well() -> None:
    """A gateway is not taken off its network while gateways behind it have addresses there."""

    def moved(cidr: str, range_: str) -> Graph:
        size = {"min": 0, "max": 1, "wanted": 0}
        gate = resource("network.gate", "run/Group", {"subnets": [], "size": size, "home": Ref(VPC)})
        behind = {"net": Ref(Address("network.other")), "range": range_}
        return graph(
            resource("network.other", "net/Net", {"cidr": "10.9.0.0/16"}),
            resource("network.vpc", "net/Net", {"cidr": cidr}),
            gate,
            resource("network.behind", "net/Subnet", behind, depends_on=["network.gate"]),
        )

    world = World()
    assert world.apply(moved("10.0.0.0/16", "10.0.1.0/24")).complete
    needs = {step.key: step.needs for step in world.plan(moved("10.1.0.0/16", "10.1.1.0/24")).steps}
    assert "network.behind#1:delete" in needs["network.gate#1:update"]
    assert "network.gate#1:update" in needs["network.vpc#1:delete"]
    assert "network.gate#1:update" in needs["network.behind#2:create"]
    assert world.apply(moved("10.1.0.0/16", "10.1.1.0/24")).complete
    assert world.settled(moved("10.1.0.0/16", "10.1.1.0/24"))


def test_an_address_may_become_one_of_another_type() -> None:
    world = World()
    world.apply(graph(resource("resources.it", "net/Net", {"cidr": "10.0.0.0/16"})))
    other = graph(
        resource("network.vpc", "net/Net", {"cidr": "10.1.0.0/16"}),
        resource("resources.it", "net/Subnet", {"net": Ref(VPC), "range": "10.1.1.0/24"}),
    )
    assert actions(world, other) == {"network.vpc": "create", "resources.it": "replace"}
    assert world.apply(other).complete
    assert [thing.properties["cidr"] for thing in world.cloud.of("toy:net/Net")] == ["10.1.0.0/16"]
    assert world.settled(other)


def test_a_derived_name_that_its_module_spelt_is_kept_by_what_is_renamed() -> None:
    def named(entry: str, name: str, moves: list[tuple[str, str]] | None = None, *, keep: bool = True) -> Graph:
        vpc = resource("network.vpc", "net/Net", {"cidr": "10.0.0.0/16"})
        subnet = resource("network.a", "net/Subnet", {"net": Ref(VPC), "range": "10.0.1.0/24"})
        group = {"name": name, "subnets": [Ref(A)], "size": {"min": 0, "max": 1}}
        made = resource(f"groups.{entry}", "run/Group", group)
        kept = msgspec.structs.replace(made, lifecycle=Lifecycle(keep_name=keep))
        return graph(vpc, subnet, kept, moves=moves or [])

    world = World()
    world.apply(named("old", "stack/old"))
    renamed = named("new", "stack/new", [("groups.old", "groups.new")])
    assert [(str(c.address), c.action) for c in world.plan(renamed).pending()] == [("groups.new", Action.MOVE)]
    insisted = named("new", "stack/new", [("groups.old", "groups.new")], keep=False)
    assert [c.action for c in world.plan(insisted).pending()] == [Action.REPLACE]
    assert world.apply(renamed).complete
    assert world.settled(renamed)
    (group,) = (record for record in world.disk.read().records.values() if record.type == "toy:run/Group")
    assert group.outputs["name"] == "stack/old"
    # Taken back by hand, without saying so: what is there is known, and how it stays.
    (refused,) = errors_in(world.plan(named("old", "stack/old")).diagnostics)
    assert refused.detail == "It is groups.new of this stack, which does not declare that any more."
    assert "moved: [{from: groups.new, to: groups.old}]" in refused.hint
