"""CronJobs: a Job at each time of the schedule. Called by the runtime, which comes back when the next one is due."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mlinfra.sandbox.kubernetes.controllers import conditions, cron
from mlinfra.sandbox.kubernetes.controllers.catalog import CRON_JOB, JOB
from mlinfra.sandbox.kubernetes.controllers.clock import read
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself, owner, owner_reference
from mlinfra.sandbox.kubernetes.controllers.jobs import has_finished
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, clone, timestamp

NAME = "cronjob-controller"
_WHEN = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Start the job that is due, forget old ones, and say when the next is due."""
    cron_job = cluster.find(CRON_JOB, key)
    if cron_job is None or is_deleted(cron_job):
        return None
    jobs = cluster.dependents(cron_job, JOB)
    _forget(cluster, cron_job, jobs)
    if at(cron_job, ("spec", "suspend")):
        _report(cluster, cron_job, None)
        return None
    try:
        schedule = cron.parse(cron_job["spec"]["schedule"])
        zone = ZoneInfo(at(cron_job, ("spec", "timeZone")) or "UTC")
    except (ValueError, ZoneInfoNotFoundError) as error:
        cluster.record(cron_job, NAME, "UnparseableSchedule", f"unparseable schedule: {error}", warning=True)
        return None
    due = _due(cluster, cron_job, schedule, zone)
    if due is not None:
        _start(cluster, cron_job, [job for job in jobs if not has_finished(job)], due)
    _report(cluster, cron_job, due)
    following = schedule.next(cluster.clock(), zone)
    return None if following is None else Again((following - cluster.clock()).total_seconds(), quiet=True)


def _due(cluster: Cluster, cron_job: Object, schedule: cron.Schedule, zone: ZoneInfo) -> datetime | None:
    """The latest time of the schedule that has passed and was not served; None as well when it is too late for it."""
    now = cluster.clock()
    since = read(at(cron_job, ("status", "lastScheduleTime")) or cron_job["metadata"]["creationTimestamp"])
    due, found = None, schedule.next(since, zone)
    for _ in range(100):  # more misses than a hundred are not looked through, as in the real controller
        if found is None or found > now:
            break
        due, found = found, schedule.next(found, zone)
    deadline = at(cron_job, ("spec", "startingDeadlineSeconds"))
    if due is not None and deadline is not None and (now - due).total_seconds() > deadline:
        cluster.record(
            cron_job,
            NAME,
            "MissSchedule",
            f"Missed scheduled time to start a job: {due:%a, %d %b %Y %H:%M:%S +0000}",
            warning=True,
        )
        return None
    return due


def _start(cluster: Cluster, cron_job: Object, running: Objects, due: datetime) -> None:
    policy = at(cron_job, ("spec", "concurrencyPolicy"), "Allow")
    if running and policy == "Forbid":
        text = "Not starting job because prior execution is running and concurrency policy is Forbid"
        cluster.record(cron_job, NAME, "JobAlreadyActive", text)
        return
    if policy == "Replace":
        for job in running:
            cluster.delete(JOB, job)
    name = f"{cron_job['metadata']['name']}-{int(due.timestamp()) // 60}"
    namespace = cron_job["metadata"]["namespace"]
    if cluster.store.exists("jobs.batch", name, namespace) is not None:
        return
    template = clone(cron_job["spec"]["jobTemplate"])
    meta = template.get("metadata") or {}
    stamp = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": meta.get("labels") or {},
            "annotations": {**(meta.get("annotations") or {}), _WHEN: stamp},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": template["spec"],
    }
    cluster.create(job)
    cluster.record(cron_job, NAME, "SuccessfulCreate", f"Created job {name}")


def _report(cluster: Cluster, cron_job: Object, due: datetime | None) -> None:
    old = cron_job.get("status") or {}
    jobs = cluster.dependents(cron_job, JOB)
    status: Object = {}
    active = [_reference(job) for job in jobs if not has_finished(job)]
    ends = [at(job, ("status", "completionTime")) for job in jobs if conditions.holds(job, "Complete")]
    last = max([*(end for end in ends if end), old.get("lastSuccessfulTime", "")])
    scheduled = timestamp(due) if due else old.get("lastScheduleTime")
    for name, value in (("active", active), ("lastScheduleTime", scheduled), ("lastSuccessfulTime", last)):
        if value:
            status[name] = value
    cluster.set_status(CRON_JOB, cron_job, status)


def _reference(job: Object) -> Object:
    meta = job["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", **{name: meta[name] for name in ("name", "namespace", "uid")}}


def _forget(cluster: Cluster, cron_job: Object, jobs: Objects) -> None:
    for kind, field, default in (
        ("Complete", "successfulJobsHistoryLimit", 3),
        ("Failed", "failedJobsHistoryLimit", 1),
    ):
        limit = int(at(cron_job, ("spec", field), default))
        ended = sorted((job for job in jobs if conditions.holds(job, kind)), key=lambda job: job["metadata"]["name"])
        for job in ended[: max(0, len(ended) - limit)]:
            cluster.delete(JOB, job)


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"cronjobs.batch": itself, "jobs.batch": owner("CronJob")},
)
