"""The engine from plan to state, on a cloud that refuses nonsense."""

from __future__ import annotations

import pytest

from mlinfra.core.address import Address
from mlinfra.core.errors import ApplyIncomplete, ConfigError, Conflict, PlanError, StalePlan, UnsafePlan
from mlinfra.core.plan import Action, Cause
from mlinfra.core.value import Ref, Secret, path_text

from .cloud import Thing, lost_answer
from .one_group import VPC, actions, only, stack
from .world import World, graph, resource


def test_a_stack_is_made_and_the_second_plan_is_empty() -> None:
    world = World()
    assert set(actions(world, stack()).values()) == {"create"}
    assert world.apply(stack()).complete
    assert world.settled(stack())
    assert world.disk.read().outputs == {"group": "group stack-nodeGroups-gpu", "vpc": only(world, "net/Net").id}


def test_many_workers_make_the_same() -> None:
    world = World()
    world.workers = 8
    assert world.apply(stack()).complete
    assert world.settled(stack())


def test_destroy_leaves_nothing() -> None:
    world = World()
    world.apply(stack())
    assert world.apply(stack(), destroy=True).complete
    assert world.cloud.things == {}
    assert world.disk.read().records == {}


def test_a_change_is_an_update_and_names_its_field() -> None:
    world = World()
    world.apply(stack())
    (change,) = world.plan(stack(dns=True)).pending()
    assert (change.action, [path_text(f.path) for f in change.fields]) == (Action.UPDATE, ["dns"])
    assert change.fields[0].cause is Cause.CHANGE
    world.apply(stack(dns=True))
    assert only(world, "net/Net").properties["dns"] is True
    assert world.settled(stack(dns=True))


def test_drift_is_told_from_change_and_repaired() -> None:
    world = World()
    world.apply(stack(dns=True))
    only(world, "net/Net").properties["dns"] = False
    (change,) = world.plan(stack(dns=True)).pending()
    assert change.fields[0].cause is Cause.DRIFT
    world.apply(stack(dns=True))
    assert only(world, "net/Net").properties["dns"] is True


def test_a_property_taken_out_of_the_stack_goes_back_to_its_default() -> None:
    world = World()
    world.apply(stack(dns=True))
    assert actions(world, stack()) == {"network.vpc": "update"}
    world.apply(stack())
    assert only(world, "net/Net").properties["dns"] is False
    assert world.settled(stack())


def test_a_property_that_cannot_be_unset_stays_and_is_said() -> None:
    world = World()
    world.apply(stack(group={"rank": 4}))
    plan = world.plan(stack())
    assert [d.code for d in plan.diagnostics] == ["MLI3032"]
    assert not plan.pending()


def test_what_something_else_uses_for_good_is_not_deleted() -> None:
    world = World()
    keep = resource("network.home", "net/Net", {"cidr": "10.9.0.0/16"})
    world.apply(graph(*stack(group={"home": Ref(keep.address)}), keep))
    with pytest.raises(UnsafePlan, match=r"network\.home would be deleted, and nodeGroups\.gpu still uses it"):
        world.apply(stack())
    assert len(world.cloud.of("toy:net/Net")) == 2
    world.apply(graph(*stack(), keep))
    assert world.settled(graph(*stack(), keep))


def test_what_autoscalers_own_is_never_a_difference() -> None:
    world = World()
    world.apply(stack())
    only(world, "run/Group").properties["size"]["wanted"] = 3
    assert world.settled(stack())


def test_an_unreadable_object_is_left_alone_and_said() -> None:
    world = World()
    world.apply(stack())
    world.cloud.hidden = "toy:net/Net"
    plan = world.plan(stack(dns=True))
    assert not plan.pending()
    assert [d.code for d in plan.diagnostics] == ["MLI3034"]
    destroy = world.plan(stack(), destroy=True)
    assert "network.vpc" not in {s.address for s in destroy.steps}


def test_a_lost_answer_never_makes_two() -> None:
    world = World()
    world.cloud.after = lost_answer("create")
    assert world.apply(stack()).complete
    world.cloud.after = lambda operation, kind: None
    assert world.settled(stack())


def test_a_failure_stops_only_what_depends_on_it() -> None:
    world = World()
    desired = graph(*stack(), resource("resources.x", "net/Net", {"cidr": "1.0.0.0/8"}))
    other = graph(*stack(), resource("resources.taken", "net/Subnet", {"net": "net-0", "range": "1"}))
    world.apply(desired)
    report = world.apply(other)
    assert [f.step.address for f in report.failed] == ["resources.taken"]
    assert not world.disk.read().pending
    assert "resources.x" not in world.disk.read().records


def test_what_a_run_could_not_do_is_remembered_until_the_next_one_begins() -> None:
    world = World()
    world.apply(stack())
    report = world.apply(graph(*stack(), resource("resources.taken", "net/Subnet", {"net": "net-0", "range": "1"})))
    (failure,) = world.disk.read().failures
    assert (failure.address, failure.message) == ("resources.taken", report.failed[0].message)
    assert world.apply(stack(dns=True)).complete
    assert world.disk.read().failures == ()


def test_what_is_protected_is_neither_deleted_nor_replaced_even_when_its_block_is_gone() -> None:
    world = World()
    protected = graph(resource("registries.models", "net/Net", {"cidr": "a"}, protect=True))
    world.apply(protected)
    for desired, options in ((graph(), {}), (protected, {"destroy": True})):
        plan = world.plan(desired, **options)  # type: ignore[arg-type]
        assert [d.code for d in plan.diagnostics] == ["MLI3010"]
        with pytest.raises(UnsafePlan):
            world.carry_out(plan, desired)
    released = graph(resource("registries.models", "net/Net", {"cidr": "a"}))
    world.apply(released)
    assert world.apply(graph()).complete
    assert world.cloud.things == {}


def test_a_plan_for_a_target_brings_what_it_needs_and_nothing_else() -> None:
    world = World()
    plan = world.plan(stack(), targets=("network.a",))
    assert {step.address for step in plan.steps} == {"network.vpc", "network.a"}
    with pytest.raises(ConfigError, match="nothing in the stack is called"):
        world.plan(stack(), targets=("nowhere",))


@pytest.mark.parametrize(
    ("field", "now", "words"),
    [
        ("dns", True, "from false to true"),
        ("policy", '{"a": 3}', r'from \{"a":1\} to \{"a":3\}'),
        ("motto", "plover", "from one secret to another"),
    ],
)
def test_an_object_edited_after_the_plan_is_a_refusal_that_names_object_field_and_values(
    field: str, now: object, words: str
) -> None:
    world = World()
    before = stack(policy='{"a": 1}', motto="xyzzy")
    world.apply(before)
    after = stack(dns=True, policy='{"a": 2}', motto="plugh")
    plan = world.plan(after)
    only(world, "net/Net").properties[field] = now
    with pytest.raises(StalePlan, match=rf"network\.vpc: {field} of net-1 .*: {words}$") as refused:
        world.carry_out(plan, after)
    assert not any(motto in str(refused.value) for motto in ("xyzzy", "plugh", "plover"))


def test_an_object_deleted_after_the_plan_is_a_refusal() -> None:
    world = World()
    world.apply(stack())
    plan = world.plan(stack(dns=True))
    world.cloud.things.clear()
    with pytest.raises(StalePlan, match=r"network\.vpc: net-1 is gone"):
        world.carry_out(plan, stack(dns=True))


def test_a_referenced_object_replaced_after_the_plan_is_a_refusal() -> None:
    world = World()
    base = graph(stack().resources[VPC])
    world.apply(base)
    plan = world.plan(stack())
    del world.cloud.things["net-1"]
    with pytest.raises(StalePlan, match=r"network\.vpc: net-1 is gone"):
        world.carry_out(plan, stack())


def test_an_unknown_output_is_an_error_that_names_it() -> None:
    world = World()
    desired = graph(
        resource("a.one", "net/Net", {"cidr": "x"}),
        resource("a.two", "net/Net", {"cidr": Ref(Address("a.one"), ("colour",))}),
    )
    report = world.apply(desired)
    assert report.failed[0].message == "a.two needs a.one.colour, which is not there"


def test_a_circle_is_spelt() -> None:
    one = resource("a.one", "net/Net", {"cidr": Ref(Address("a.two"))})
    two = resource("a.two", "net/Net", {"cidr": Ref(Address("a.one"))})
    with pytest.raises(PlanError, match=r"a\.one -> a\.two -> a\.one"):
        World().plan(graph(one, two))


def test_a_secret_is_compared_by_its_reference_and_stays_one() -> None:
    world = World()
    first = stack(group={"password": Secret("sm", "db", "password")})
    world.apply(first)
    assert world.settled(first)
    second = stack(group={"password": Secret("sm", "db2", "password")})
    (change,) = world.plan(second).pending()
    assert change.fields[0].secret
    world.apply(second)
    assert world.settled(second)


def test_the_same_request_gives_the_same_bytes() -> None:
    from mlinfra.core import codec
    from mlinfra.core.plan import Plan

    world = World()
    world.apply(stack())
    first, second = (codec.encode(world.plan(stack(dns=True))) for _ in range(2))
    assert first == second
    assert codec.decode(first, Plan) == world.plan(stack(dns=True))


def test_a_plan_read_back_from_its_file_applies() -> None:
    from mlinfra.core import codec
    from mlinfra.core.plan import Plan

    world = World()
    plan = codec.decode(codec.encode(world.plan(stack())), Plan)
    assert world.carry_out(plan, stack()).complete
    assert world.settled(stack())


def test_a_plan_is_carried_out_once() -> None:
    world = World()
    plan = world.plan(stack())
    assert world.carry_out(plan, stack()).complete
    only(world, "run/Group").properties["image"] = "edited"
    with pytest.raises(StalePlan, match="carried out already"):
        world.carry_out(plan, stack())


def test_protection_that_was_taken_out_holds_until_that_is_applied() -> None:
    world = World()
    protected = [resource("network.vpc", "net/Net", {"cidr": "10.0.0.0/16"}, protect=True)]
    world.apply(graph(*protected))
    plain = graph(resource("network.vpc", "net/Net", {"cidr": "10.0.0.0/16"}))
    with pytest.raises(UnsafePlan, match="protected"):
        world.apply(plain, destroy=True)
    assert world.apply(plain).complete
    assert world.apply(plain, destroy=True).complete


def test_what_no_target_needs_is_no_reason_against_a_plan() -> None:
    world = World()
    size = {"min": 0, "max": 1}
    world.apply(graph(resource("n", "net/Net", {"cidr": "a"}), resource("s", "net/Subnet", SUBNET)))
    for name in ("one", "two"):
        world.cloud.things[name] = Thing(
            "toy:run/Group", name, {"name": name, "subnets": [only(world, "net/Subnet").id], "size": size}, None
        )
    desired = graph(
        resource("n", "net/Net", {"cidr": "a"}),
        resource("s", "net/Subnet", SUBNET),
        *(
            resource(f"g.{n}", "run/Group", {"name": n, "subnets": [Ref(Address("s"))], "size": size})
            for n in ("one", "two")
        ),
    )
    found = world.cloud.things["one"].present()
    plan = world.plan(desired, targets=("g.one",), adoptions={Address("g.one"): found})
    assert plan.diagnostics == ()
    assert world.carry_out(plan, desired).complete


SUBNET = {"net": Ref(Address("n")), "range": "10.0.1.0/24"}


def test_a_destroy_that_is_held_up_exits_as_one_that_leaves_something() -> None:
    world = World()
    world.apply(stack())

    def refuse(operation: str, kind: str) -> None:
        if operation == "delete" and kind == "toy:net/Subnet":
            raise Conflict("something uses it")

    world.cloud.before = refuse
    report = world.apply(stack(), destroy=True)
    assert (ApplyIncomplete(report).exit_code, ApplyIncomplete(report, destroy=True).exit_code) == (6, 8)
