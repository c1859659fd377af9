"""The arithmetic of rolling updates, and Deployments that follow it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, POD, REPLICA_SET
from mlinfra.sandbox.kubernetes.controllers.rollout import Limits, Set, limits, next_new, next_old, proportional
from mlinfra.sandbox.kubernetes.errors import forbidden
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.rules import ApiRules
from mlinfra.sandbox.kubernetes.store import Write
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import World, workload


def test_percentages_round_surge_up_and_unavailable_down() -> None:
    assert limits(10, "25%", "25%") == Limits(3, 2)
    assert limits(1, "25%", "25%") == Limits(1, 0)
    assert limits(3, 0, 0) == Limits(0, 1)
    assert limits(4, 2, 1) == Limits(2, 1)


@given(
    replicas=st.integers(0, 12),
    surge=st.integers(0, 4),
    unavailable=st.integers(0, 4),
    choices=st.lists(st.integers(0, 5), min_size=40, max_size=40),
)
def test_no_step_exceeds_surge_or_gives_up_too_many(
    replicas: int, surge: int, unavailable: int, choices: list[int]
) -> None:
    """Pods become available one by one, in any order; the old set starts whole."""
    bounds = limits(replicas, surge, unavailable)
    old, new = Set("old", replicas, replicas), Set("new", 0, 0)
    for choice in choices:
        wanted = next_new(replicas, bounds, new, [old])
        assert wanted + old.wanted <= replicas + bounds.surge
        new = Set("new", wanted, min(new.available, wanted))
        kept = next_old(replicas, bounds, new, [old])["old"]
        assert kept <= old.wanted
        old = Set("old", kept, min(old.available, kept))
        assert old.available + new.available >= replicas - bounds.unavailable
        new = Set("new", new.wanted, min(new.wanted, new.available + choice))
    for _ in range(60):  # and with all becoming available it comes to an end
        new = Set("new", next_new(replicas, bounds, new, [old]), 0)
        new = Set("new", new.wanted, new.wanted)
        kept = next_old(replicas, bounds, new, [old])["old"]
        old = Set("old", kept, kept)
    assert (new.wanted, old.wanted) == (replicas, 0)


@given(st.integers(0, 20), st.integers(0, 3), st.lists(st.integers(0, 8), min_size=2, max_size=4))
def test_a_change_of_size_in_the_middle_is_shared_out_within_the_surge(
    replicas: int, surge: int, sizes: list[int]
) -> None:
    sets = [Set(str(number), size, size) for number, size in enumerate(sizes)]
    counts = proportional(replicas, Limits(surge, 0), sets)
    assert sum(counts.values()) == (replicas + surge if replicas else 0)
    assert all(count >= 0 for count in counts.values())


class Watcher:
    """Looks at a Deployment's pods after every write of one."""

    def __init__(self, world: World) -> None:
        self.most, self.least = 0, 1_000
        self._world = world
        world.store.react(lambda event: self.look() if event.kind.resource == "replicasets.apps" else None)

    def look(self) -> None:
        sets = self._world.store.list(REPLICA_SET)
        self.most = max(self.most, sum(item["spec"]["replicas"] for item in sets))
        ready = sum(is_ready(item) and "deletionTimestamp" not in item["metadata"] for item in self._world.pods())
        self.least = min(self.least, ready)


def is_ready(pod: Object) -> bool:
    found = {item["type"]: item["status"] for item in pod.get("status", {}).get("conditions", ())}
    return found.get("Ready") == "True"


def deployed(replicas: int = 4, **spec: object) -> World:
    world = World()
    world.group("system", 4)
    world.create(workload("Deployment", "web", replicas=replicas, **spec))  # type: ignore[arg-type]
    world.settle()
    return world


def change_image(world: World, image: str) -> None:
    def change(old: Object) -> Object:
        old["spec"]["template"]["spec"]["containers"][0]["image"] = image
        return old

    world.store.modify(DEPLOYMENT, "web", "default", change)


def status(world: World) -> Object:
    found: Object = world.get(DEPLOYMENT, "web")["status"]
    return found


def condition(world: World, type: str) -> Object:
    found: Object = next(item for item in status(world)["conditions"] if item["type"] == type)
    return found


def images(world: World) -> list[str]:
    return sorted(item["spec"]["containers"][0]["image"] for item in world.pods())


def test_a_deployment_becomes_available() -> None:
    world = deployed()
    assert status(world)["availableReplicas"] == status(world)["updatedReplicas"] == 4
    assert status(world)["observedGeneration"] == 1
    assert condition(world, "Available")["reason"] == "MinimumReplicasAvailable"
    assert condition(world, "Progressing")["reason"] == "NewReplicaSetAvailable"


def test_a_rolling_update_keeps_its_promises() -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}
    world = deployed(strategy=rolling)
    watcher = Watcher(world)
    change_image(world, "app:2")
    world.settle()
    assert images(world) == ["app:2"] * 4
    assert (watcher.most, watcher.least) == (5, 3)
    assert world.get(DEPLOYMENT, "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_recreate_lets_all_old_pods_go_first() -> None:
    world = deployed(strategy={"type": "Recreate"})
    watcher = Watcher(world)
    seen: set[frozenset[str]] = set()
    world.store.react(lambda event: seen.add(frozenset(images(world))) if event.kind.resource == "pods" else None)
    change_image(world, "app:2")
    world.settle()
    assert images(world) == ["app:2"] * 4
    assert watcher.least == 0
    assert frozenset({"app:1", "app:2"}) not in seen


def test_a_rollout_that_cannot_pull_its_image_stops_and_misses_its_deadline() -> None:
    world = deployed(progressDeadlineSeconds=60)

    def change(old: Object) -> Object:
        old["spec"]["template"]["metadata"]["annotations"] = {"sandbox.mlinfra.dev/fail": "image-pull"}
        return old

    world.store.modify(DEPLOYMENT, "web", "default", change)
    world.settle()
    assert status(world)["availableReplicas"] == 3
    assert condition(world, "Available")["status"] == "True"
    assert condition(world, "Progressing")["reason"] == "ReplicaSetUpdated"
    world.advance(seconds=120)
    assert condition(world, "Progressing")["reason"] == "ProgressDeadlineExceeded"
    assert condition(world, "Progressing")["status"] == "False"


def test_going_back_takes_up_the_old_replica_set_again() -> None:
    world = deployed()
    first = world.store.list(REPLICA_SET)[0]["metadata"]["name"]
    for image in ("app:2", "app:1"):
        change_image(world, image)
        world.settle()
    sets = {item["metadata"]["name"]: item["spec"]["replicas"] for item in world.store.list(REPLICA_SET)}
    assert len(sets) == 2
    assert sets[first] == 4
    assert world.get(DEPLOYMENT, "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"


def test_history_is_kept_up_to_its_limit() -> None:
    world = deployed(revisionHistoryLimit=1)
    for number in range(2, 6):
        change_image(world, f"app:{number}")
        world.settle()
    assert len(world.store.list(REPLICA_SET)) == 2


def test_a_paused_deployment_scales_but_does_not_roll() -> None:
    world = deployed()
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"paused": True, "replicas": 6}})
    change_image(world, "app:2")
    world.settle()
    assert images(world) == ["app:1"] * 6
    assert condition(world, "Progressing")["reason"] == "DeploymentPaused"
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"paused": False}})
    world.settle()
    assert images(world) == ["app:2"] * 6


def test_scaling_down_removes_the_pods_that_matter_least() -> None:
    world = deployed(replicas=3)
    names = [item["metadata"]["name"] for item in world.pods()]
    cheap = {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-100"}}}
    world.store.merge(POD, names[1], "default", cheap)
    world.store.merge(DEPLOYMENT, "web", "default", {"spec": {"replicas": 2}})
    world.settle()
    assert [item["metadata"]["name"] for item in world.pods()] == [names[0], names[2]]


def test_a_pod_that_loses_its_label_is_released_and_replaced_and_taken_back() -> None:
    world = deployed(replicas=2)
    name = world.pods()[0]["metadata"]["name"]
    world.store.merge(POD, name, "default", {"metadata": {"labels": {"app": "debug"}}})
    world.settle()
    assert "ownerReferences" not in world.get(POD, name)["metadata"]
    assert len(world.pods(app="web")) == 2
    world.store.merge(POD, name, "default", {"metadata": {"labels": {"app": "web"}}})
    world.settle()
    assert len(world.pods()) == 2


def test_a_deleted_deployment_takes_everything_with_it() -> None:
    world = deployed()
    world.store.delete(DEPLOYMENT, "web", "default")
    world.settle()
    assert world.pods() == []
    assert world.store.list(REPLICA_SET) == []


class FullNamespace(ApiRules):
    """Refuses pods as a quota would, until there is room."""

    full = True

    def prepare(self, kind: Kind, new: Object, old: Object | None, write: Write) -> None:
        if kind.resource == "pods" and old is None and self.full:
            raise forbidden(kind, new["metadata"]["name"], "exceeded quota: team")
        super().prepare(kind, new, old, write)


def test_refused_pods_show_in_the_conditions_until_they_are_let_in() -> None:
    class Rules(FullNamespace):
        pass

    world = World(rules=Rules)
    world.group("system", 1)
    world.create(workload("Deployment", "web", replicas=1))
    world.advance(seconds=5)
    failure = condition(world, "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    assert "exceeded quota: team" in failure["message"]
    assert any(why.endswith("exceeded quota: team") for why in world.runtime.failing())
    Rules.full = False
    world.advance(minutes=2)
    world.settle()
    assert "ReplicaFailure" not in {item["type"] for item in status(world)["conditions"]}
    assert status(world)["availableReplicas"] == 1


def test_minimum_ready_seconds_hold_a_rollout_up() -> None:
    world = World()
    world.group("system", 2)
    world.create(workload("Deployment", "web", replicas=1, minReadySeconds=30))
    world.advance(seconds=25)
    assert status(world).get("readyReplicas") == 1
    assert "availableReplicas" not in status(world)
    world.settle()
    assert status(world)["availableReplicas"] == 1
