"""The loop itself: order, repetition, failure, time, and the thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.controllers.catalog import CONFIG_MAP, POD
from mlinfra.sandbox.kubernetes.controllers.clock import SimulatedClock
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller, Runtime
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.kinds import Registry
from mlinfra.sandbox.kubernetes.namespaces import NamespaceLifecycle
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Clock, Object

from .clusters import NOW, World, pod


def cluster_at(clock: Clock) -> Cluster:
    store = Store(Registry(builtin_kinds(lambda _: True)), clock)
    NamespaceLifecycle(store, clock)
    return Cluster("ml", store, clock, MemoryCloud(clock), Options())


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


class Journal:
    """A controller that notes what it is asked, and answers as it is told."""

    def __init__(self, *answers: Again | ApiError | None) -> None:
        self.calls: list[tuple[str, datetime]] = []
        self._answers = list(answers)

    def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
        self.calls.append((key[1], cluster.clock()))
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def controller(self) -> Controller:
        return Controller(name="journal", reconcile=self.reconcile, triggers={"configmaps": itself})

    def seconds(self) -> list[float]:
        return [(moment - NOW).total_seconds() for _, moment in self.calls]


def test_many_changes_of_one_object_are_one_call() -> None:
    cluster, journal = cluster_at(SimulatedClock(NOW)), Journal()
    runtime = Runtime(cluster, [journal.controller()])
    cluster.store.create(config_map("a"))
    for number in range(5):
        cluster.store.merge(CONFIG_MAP, "a", "default", {"data": {"n": str(number)}})
    cluster.store.create(config_map("b"))
    runtime.settle()
    assert [name for name, _ in journal.calls] == ["a", "b"]


def test_what_is_there_already_is_looked_at_first() -> None:
    cluster, journal = cluster_at(SimulatedClock(NOW)), Journal()
    cluster.store.create(config_map("a"))
    Runtime(cluster, [journal.controller()]).settle()
    assert [name for name, _ in journal.calls] == ["a"]


def test_settling_waits_for_what_is_under_way_but_not_for_what_is_quiet() -> None:
    cluster, journal = cluster_at(SimulatedClock(NOW)), Journal(Again(5), Again(600, quiet=True))
    runtime = Runtime(cluster, [journal.controller()])
    cluster.store.create(config_map("a"))
    runtime.settle()
    assert journal.seconds() == [0, 5]
    runtime.advance(timedelta(seconds=600))
    assert journal.seconds() == [0, 5, 605]


def test_a_refusal_is_tried_again_ever_later_and_told_of() -> None:
    refusal = ApiError(409, "the object has been modified")
    cluster, journal = cluster_at(SimulatedClock(NOW)), Journal(refusal, refusal, refusal, None)
    runtime = Runtime(cluster, [journal.controller()])
    cluster.store.create(config_map("a"))
    runtime.advance(timedelta(seconds=2))
    assert runtime.failing() == ["journal default/a: the object has been modified"]
    runtime.settle()
    assert journal.seconds() == [0, 1, 3, 7]
    assert runtime.failing() == []


def test_what_fails_by_its_own_writes_does_not_run_hot() -> None:
    class Restless(Journal):
        def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
            super().reconcile(cluster, key)
            cluster.store.merge(CONFIG_MAP, key[1], key[0], {"data": {"calls": str(len(self.calls))}})
            raise ApiError(403, "no")

    cluster, journal = cluster_at(SimulatedClock(NOW)), Restless()
    runtime = Runtime(cluster, [journal.controller()])
    cluster.store.create(config_map("a"))
    runtime.advance(timedelta(seconds=120))
    assert len(journal.calls) < 12
    assert runtime.failing() == ["journal default/a: no"]


def test_an_object_that_nobody_foresaw_does_not_stop_the_others() -> None:
    world = World()
    world.group("system", 1)
    odd = pod("odd")
    odd["metadata"]["annotations"] = {"sandbox.mlinfra.dev/duration": "soon"}
    world.create(odd)
    world.create(pod("even"))
    world.advance(minutes=1)
    assert world.get(POD, "even")["status"]["phase"] == "Running"
    assert world.runtime.failing() == ["kubelet default/odd: ValueError: could not convert string to float: 'soon'"]


def test_a_clock_that_runs_by_itself_cannot_be_moved() -> None:
    cluster, journal = cluster_at(lambda: datetime.now(UTC)), Journal(Again(1))
    runtime = Runtime(cluster, [journal.controller()])
    cluster.store.create(config_map("a"))
    with pytest.raises(TypeError, match="simulated clock"):
        runtime.settle()


def test_in_the_background_a_pod_comes_up_while_nobody_pushes() -> None:
    """Waits for the change itself; the time-out only bounds a failure."""

    def clock() -> datetime:
        return datetime.now(UTC)

    store = Store(Registry(builtin_kinds(lambda _: True)), clock)
    NamespaceLifecycle(store, clock)
    quick = Timings(image_pull=0.05, readiness=0.05, node_boot=0.05)
    cloud = MemoryCloud(clock)
    plane = ControlPlane("ml", store, clock, cloud, Options(timings=quick))
    donor = World()
    donor.group("system", 1)
    plane.runtime.start()
    try:
        with store.watch([POD]) as changes:
            cloud.add_group(donor.cloud.node_groups()[0])
            store.create(pod("web"))
            phases = []
            while (event := changes.next(timeout=20)) is not None and "Running" not in phases:
                phases.append(event.object.get("status", {}).get("phase"))
    finally:
        plane.runtime.stop()
    assert phases[-1] == "Running"
    assert plane.runtime.failing() == []
