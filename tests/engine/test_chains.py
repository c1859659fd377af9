"""Random stacks, one after the other, on one cloud: whatever they are and whenever the process dies, they converge."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlinfra.core.address import Address
from mlinfra.core.connections import CLUSTER
from mlinfra.core.errors import Ambiguous
from mlinfra.core.plan import Plan
from mlinfra.core.report import Report
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.value import Properties, Ref
from mlinfra.engine.stop import Halted, Stop

from .cloud import lost_answer
from .storm import Storm
from .world import World, graph, resource

EXAMPLES = int(os.environ.get("MLINFRA_TEST_EXAMPLES", "60"))
SETTINGS = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def stacks(draw: st.DrawFn) -> Graph:
    """Up to three nets, subnets in them, groups in those, routes, and a cluster with what lies in it."""
    nets = [f"network.n{i}" for i in range(draw(st.integers(0, 3)))]
    made: list[Resource] = [resource(net, "net/Net", draw(net_properties())) for net in nets]
    subnets = []
    for i in range(draw(st.integers(0, 4)) if nets else 0):
        net = Ref(Address(draw(st.sampled_from(nets))))
        address = f"network.s{i}"
        subnets.append(address)
        made.append(resource(address, "net/Subnet", {"net": net, "range": f"10.{i}.{draw(small)}", **draw(labels())}))
    for i in range(draw(st.integers(0, 2)) if subnets else 0):
        chosen = draw(st.lists(st.sampled_from(subnets), min_size=1, unique=True))
        made.append(resource(f"nodeGroups.g{i}", "run/Group", draw(group_properties(chosen))))
    for i in range(draw(st.integers(0, 2)) if nets else 0):
        net = Ref(Address(draw(st.sampled_from(nets))))
        made.append(resource(f"network.r{i}", "net/Route", {"net": net, "to": f"to-{i}", "via": draw(words)}))
    if draw(st.booleans()) and subnets:
        made += draw(clusters(draw(st.sampled_from(subnets))))
    return graph(*made)


@st.composite
def clusters(draw: st.DrawFn, subnet: str) -> list[Resource]:
    """A cluster, and up to two applications and a chart in it, some of which wait for others."""
    about = draw(st.fixed_dictionaries({"name": words}, optional={"zone": words, "version": small}))
    made = [resource("cluster", "run/Cluster", {**about, "subnet": Ref(Address(subnet))})]
    for i in range(draw(small)):
        app = draw(st.fixed_dictionaries({"name": st.just(f"app.{i}")}, optional={"image": words}))
        made.append(resource(f"apps.a{i}", "in/App", app, connection=INSIDE))
    if draw(st.booleans()):
        before = [one.address for one in made[1:] if draw(st.booleans())]
        made.append(resource("apps.c", "in/Chart", {"name": draw(words)}, connection=INSIDE, depends_on=before))
    return made


INSIDE = Connection("kubernetes", CLUSTER.reference(Address("cluster")))
small = st.integers(0, 2)
words = st.sampled_from(["one", "two"])


@st.composite
def net_properties(draw: st.DrawFn) -> Properties:
    optional = {"dns": st.booleans(), "policy": st.sampled_from(['{"a": 1}', '{"a":1}', '{"a": 2}'])}
    tags = st.dictionaries(words, words)
    return {"cidr": draw(words), **draw(st.fixed_dictionaries({}, optional={**optional, "tags": tags}))}


def labels() -> st.SearchStrategy[Properties]:
    return st.fixed_dictionaries({}, optional={"labels": st.lists(words), "public": st.booleans()})


@st.composite
def group_properties(draw: st.DrawFn, subnets: list[str]) -> Properties:
    size = {"min": 0, "max": draw(small), "wanted": draw(small)}
    taints = st.lists(st.fixed_dictionaries({"key": words}, optional={"effect": words}), max_size=2)
    optional = {"image": words, "taints": taints, "password": words}
    return {
        "subnets": [Ref(Address(subnet)) for subnet in subnets],
        "size": size,
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


@SETTINGS
@given(st.lists(stacks(), min_size=1, max_size=3))
def test_any_chain_of_stacks_converges_and_leaves_nothing(chain: list[Graph]) -> None:
    world = World()
    for desired in chain:
        done(world.apply(desired))
        assert world.settled(desired)
    done(world.apply(graph(), destroy=True))
    assert world.cloud.things == {}


@SETTINGS
@given(st.lists(stacks(), min_size=1, max_size=3), st.integers(0, 25), st.booleans())
def test_a_process_that_dies_anywhere_loses_nothing(chain: list[Graph], at: int, before: bool) -> None:
    """Death comes right before or right after one of the calls; the same command is then run again."""
    world = World()
    countdown = Countdown(world, at, before=before)
    for desired in [*chain, graph()]:
        countdown.run(desired)
        done(world.apply(desired))
        assert world.settled(desired)
    assert world.cloud.things == {}


@SETTINGS
@given(st.lists(stacks(), min_size=1, max_size=3), st.integers(0, 1 << 32), st.sampled_from([0.02, 0.1, 0.4]))
def test_whatever_goes_wrong_in_a_chain_the_next_undisturbed_run_converges(
    chain: list[Graph], seed: int, rate: float
) -> None:
    """Up to three storms over each stack, one of them over a plan made in fair weather, and over the destroy."""
    world = World()
    world.cloud.in_two = True
    storm = Storm(world, seed, rate)
    for desired in chain:
        storm.run(desired)
        storm.carry_out(world.plan(desired), desired)
        storm.run(desired)
        done(world.apply(desired))
        assert world.settled(desired)
    storm.run(graph(), destroy=True)
    storm.run(graph(), destroy=True)
    done(world.apply(graph(), destroy=True))
    assert world.cloud.things == {}


@SETTINGS
@given(stacks(), stacks(), st.integers(0, 12), st.booleans())
def test_a_plan_that_was_killed_while_it_was_applied_is_applied_again(
    first: Graph, second: Graph, at: int, before: bool
) -> None:
    world = World()
    done(world.apply(first))
    plan = world.plan(second)
    countdown = Countdown(world, at, before=before)
    if countdown.carry_out(plan, second):
        done(world.carry_out(plan, second))
    assert world.settled(second)


@SETTINGS
@given(st.lists(stacks(), min_size=1, max_size=3))
def test_lost_answers_never_make_two(chain: list[Graph]) -> None:
    world = World()
    for desired in [*chain, graph()]:
        world.cloud.after = lost_answer("create", "made")
        report = world.apply(desired)
        world.cloud.after = lambda operation, kind: None
        if not report.complete:
            done(world.apply(desired))
        assert world.settled(desired)
    assert world.cloud.things == {}


@SETTINGS
@given(stacks(), stacks(), st.integers(0, 12))
def test_a_lost_state_is_taken_back_and_goes_on(first: Graph, second: Graph, keep: int) -> None:
    world = World()
    world.apply(first)
    world.disk.remove()
    taggable = [r for r in second if r.type != "toy:net/Route"]
    world.apply(Graph.of(r for r in first if r.type != "toy:net/Route"))
    orphans = {t.id for t in world.cloud.of("toy:net/Route")}
    if not orphans:
        done(world.apply(Graph.of(taggable)))
        assert world.settled(Graph.of(taggable))


def done(report: Report) -> None:
    """Every step is done; otherwise its failures are shown."""
    assert [(failure.step.key, failure.message) for failure in report.failed] == []
    assert report.complete


class Countdown:
    """Kills the run at its n-th call, once."""

    def __init__(self, world: World, at: int, *, before: bool) -> None:
        self._world, self._left, self._before = world, at, before
        self._stop = Stop()

    def run(self, desired: Graph) -> None:
        """One run that may die."""
        self.carry_out(self._world.plan(desired), desired)

    def carry_out(self, plan: Plan, desired: Graph) -> bool:
        """Apply a plan; whether it died of it."""
        self._stop = Stop()
        cloud = self._world.cloud
        if self._before:
            cloud.before = self._tick
        else:
            cloud.after = self._tick
        try:
            self._world.carry_out(plan, desired, self._stop)
        finally:
            cloud.before = cloud.after = lambda operation, kind: None
        return self._stop.halted

    def _tick(self, operation: str, kind: str) -> None:
        self._left -= 1
        if self._left == -1:
            self._stop.twice()
            raise Halted


def test_an_unclear_answer_is_no_success() -> None:
    world = World()

    def never(operation: str, kind: str) -> None:
        raise Ambiguous("no answer")

    world.cloud.before = never
    report = world.apply(graph(resource("a.b", "net/Net", {"cidr": "x"})))
    assert [failure.code for failure in report.failed] == ["MLI5008"]
    assert [intent.address for intent in world.disk.read().pending] == ["a.b"]
