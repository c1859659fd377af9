"""StatefulSets, DaemonSets, Jobs and CronJobs."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mlinfra.sandbox.kubernetes.controllers import cron
from mlinfra.sandbox.kubernetes.controllers.catalog import CRON_JOB, DAEMON_SET, JOB, NODE, POD, STATEFUL_SET
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import GPU_TAINT, GPUS, NOW, World, job, meta, workload


def world_of(nodes: int = 3) -> World:
    world = World()
    world.group("system", nodes)
    world.settle()
    return world


def names(world: World) -> list[str]:
    return [item["metadata"]["name"] for item in world.pods()]


# StatefulSets


def test_a_stateful_set_starts_in_order_and_stops_in_reverse() -> None:
    world = world_of()
    order: list[tuple[str, str]] = []

    def note(name: str, kind: str) -> None:
        if kind in ("ADDED", "DELETED"):
            order.append((kind, name))

    world.store.react(
        lambda event: note(event.object["metadata"]["name"], event.type) if event.kind.resource == "pods" else None
    )
    world.create(workload("StatefulSet", "db", replicas=3, serviceName="db"))
    world.settle()
    assert order == [("ADDED", f"db-{number}") for number in range(3)]
    order.clear()
    world.store.merge(STATEFUL_SET, "db", "default", {"spec": {"replicas": 1}})
    world.settle()
    assert order == [("DELETED", "db-2"), ("DELETED", "db-1")]
    assert world.get(STATEFUL_SET, "db")["status"]["readyReplicas"] == 1


def test_an_ordered_stateful_set_does_not_go_past_a_pod_that_is_not_ready() -> None:
    world = world_of()
    notes = {"sandbox.mlinfra.dev/fail": "never-ready"}
    world.create(workload("StatefulSet", "db", replicas=3, serviceName="db", notes=notes))
    world.settle()
    assert names(world) == ["db-0"]


def test_a_parallel_stateful_set_starts_at_once() -> None:
    world = world_of()
    notes = {"sandbox.mlinfra.dev/fail": "never-ready"}
    spec = {"podManagementPolicy": "Parallel", "serviceName": "db"}
    world.create(workload("StatefulSet", "db", replicas=3, notes=notes, **spec))  # type: ignore[arg-type]
    world.settle()
    assert names(world) == ["db-0", "db-1", "db-2"]


def test_an_update_stops_at_the_partition() -> None:
    world = world_of()
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    world.create(workload("StatefulSet", "db", replicas=3, serviceName="db", updateStrategy=strategy))
    world.settle()

    def change(old: Object) -> Object:
        old["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"
        return old

    world.store.modify(STATEFUL_SET, "db", "default", change)
    world.settle()
    images = [item["spec"]["containers"][0]["image"] for item in world.pods()]
    assert images == ["app:1", "app:2", "app:2"]
    status = world.get(STATEFUL_SET, "db")["status"]
    assert (status["updatedReplicas"], status["currentReplicas"]) == (2, 1)
    assert status["currentRevision"] != status["updateRevision"]


# DaemonSets


def test_a_daemon_runs_on_every_node_that_it_tolerates_and_follows_new_ones() -> None:
    world = world_of(2)
    world.group("gpu", 2, GPUS, taints=[GPU_TAINT])
    world.create(workload("DaemonSet", "agent"))
    world.settle()
    assert world.get(DAEMON_SET, "agent")["status"]["numberReady"] == 2
    world.group("more", 1)
    world.settle()
    status = world.get(DAEMON_SET, "agent")["status"]
    assert (status["desiredNumberScheduled"], status["numberAvailable"]) == (3, 3)


def test_a_daemon_stays_on_a_cordoned_node() -> None:
    world = world_of(2)
    world.store.merge(NODE, world.nodes()[0], None, {"spec": {"unschedulable": True}})
    world.create(workload("DaemonSet", "agent"))
    world.settle()
    assert world.get(DAEMON_SET, "agent")["status"]["numberReady"] == 2


def test_a_daemon_is_updated_one_node_at_a_time() -> None:
    world = world_of(3)
    world.create(workload("DaemonSet", "agent"))
    world.settle()
    fewest = [3]
    world.store.react(lambda _: fewest.append(sum("deletionTimestamp" not in p["metadata"] for p in world.pods())))

    def change(old: Object) -> Object:
        old["spec"]["template"]["spec"]["containers"][0]["image"] = "app:2"
        return old

    world.store.modify(DAEMON_SET, "agent", "default", change)
    world.settle()
    assert {item["spec"]["containers"][0]["image"] for item in world.pods()} == {"app:2"}
    assert min(fewest) == 2
    assert world.get(DAEMON_SET, "agent")["status"]["updatedNumberScheduled"] == 3


# Jobs


def conditions(obj: Object) -> dict[str, str]:
    return {item["type"]: item.get("reason", "") for item in obj["status"].get("conditions", ())}


def test_a_job_runs_as_many_at_once_as_it_may_and_completes() -> None:
    world = world_of()
    most = [0]
    world.store.react(
        lambda _: most.append(sum(p["status"].get("phase") == "Running" for p in world.pods() if "status" in p))
    )
    world.create(job("train", completions=5, parallelism=2))
    world.settle()
    done = world.get(JOB, "train")
    assert done["status"]["succeeded"] == 5
    assert conditions(done)["Complete"] == "CompletionsReached"
    assert max(most) == 2
    assert done["status"]["completionTime"] > done["status"]["startTime"]


def test_a_failing_job_gives_up_after_its_limit() -> None:
    world = world_of()
    world.create(job("train", backoffLimit=2, notes={"sandbox.mlinfra.dev/fail": "crash"}))
    world.settle()
    failed = world.get(JOB, "train")
    assert failed["status"]["failed"] == 3
    assert conditions(failed)["Failed"] == "BackoffLimitExceeded"


def test_an_indexed_job_runs_every_index_once() -> None:
    world = world_of()
    world.create(job("shards", completionMode="Indexed", completions=4, parallelism=4))
    world.settle()
    done = world.get(JOB, "shards")
    assert done["status"]["completedIndexes"] == "0-3"
    assert sorted(p["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] for p in world.pods()) == list(
        "0123"
    )


def test_a_suspended_job_waits() -> None:
    world = world_of()
    world.create(job("train", suspend=True))
    world.settle()
    assert names(world) == []
    world.store.merge(JOB, "train", "default", {"spec": {"suspend": False}})
    world.settle()
    assert conditions(world.get(JOB, "train"))["Complete"] == "CompletionsReached"


def test_a_finished_job_goes_after_its_time() -> None:
    world = world_of()
    world.create(job("train", ttlSecondsAfterFinished=100))
    world.settle()
    world.advance(seconds=99)
    assert world.store.find(JOB, "train", "default") is not None
    world.advance(seconds=5)
    assert world.store.find(JOB, "train", "default") is None
    assert names(world) == []


def test_a_job_over_its_deadline_fails() -> None:
    world = world_of()
    world.create(job("train", activeDeadlineSeconds=30, notes={"sandbox.mlinfra.dev/duration": "600"}))
    world.advance(seconds=60)
    assert conditions(world.get(JOB, "train"))["Failed"] == "DeadlineExceeded"
    assert names(world) == []


# CronJobs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*/15 * * * *", "2026-11-21T09:15"),
        ("0 20 * * 1-5", "2026-11-23T20:00"),
        ("30 9 * * sat", "2026-11-21T09:30"),
        ("0 0 1 jan *", "2027-01-01T00:00"),
        ("@hourly", "2026-11-21T10:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 0 13 * 0", "2026-11-22T00:00"),
    ],
)
def test_schedules_are_read_as_cron_reads_them(text: str, expected: str) -> None:
    found = cron.parse(text).next(NOW, ZoneInfo("UTC"))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["* * * *", "60 * * * *", "* * * 13 *", "a * * * *", "5-1 * * * *", "*/0 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"5 fields|within|number"):
        cron.parse(text)


def test_a_schedule_may_be_in_another_zone() -> None:
    found = cron.parse("0 12 * * *").next(NOW, ZoneInfo("Asia/Tokyo"))
    assert found == datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def cron_job(**spec: object) -> Object:
    template = {"spec": job("x")["spec"]}
    body = {"schedule": "*/10 * * * *", "jobTemplate": template, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("nightly"), "spec": body}


def test_a_cron_job_starts_jobs_on_time_and_keeps_the_last_three() -> None:
    world = world_of()
    world.create(cron_job())
    world.advance(minutes=9)
    assert world.store.list(JOB) == []
    world.advance(minutes=52)
    assert len(world.store.list(JOB)) == 3
    status = world.get(CRON_JOB, "nightly")["status"]
    assert status["lastScheduleTime"] == "2026-11-21T10:00:00Z"
    assert len(world.said("nightly", "SuccessfulCreate")) == 6


def test_a_forbidden_overlap_is_skipped() -> None:
    world = world_of()
    slow = {"spec": job("x", notes={"sandbox.mlinfra.dev/duration": "1500"})["spec"]}
    world.create(cron_job(concurrencyPolicy="Forbid", jobTemplate=slow))
    world.advance(minutes=31)
    assert len(world.store.list(JOB)) == 1
    assert len(world.said("nightly", "JobAlreadyActive")) == 1


def test_a_suspended_cron_job_does_nothing() -> None:
    world = world_of()
    world.create(cron_job(suspend=True))
    world.advance(minutes=60)
    assert world.store.list(JOB) == []
    assert world.store.list(POD) == []
