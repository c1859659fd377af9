"""Jobs: pods that run until enough of them have succeeded, or too many have failed.

Called by the runtime. Finished pods are counted by looking at them and never forgotten once counted.
"""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers import conditions
from mlinfra.sandbox.kubernetes.controllers.catalog import JOB, POD
from mlinfra.sandbox.kubernetes.controllers.clock import seconds_since
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself, owner
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import (
    create,
    delete,
    from_template,
    is_active,
    is_deleted,
    is_ready,
    phase,
)
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, timestamp

NAME = "job-controller"
INDEX = "batch.kubernetes.io/job-completion-index"
_BACKOFF = 10.0


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Start what is missing, stop what is too much, finish, or remove the job when its time is over."""
    job = cluster.find(JOB, key)
    if job is None or is_deleted(job):
        return None
    if has_finished(job):
        return _expire(cluster, job)
    pods = cluster.dependents(job, POD)
    counts = _count(job, pods)
    verdict = _verdict(cluster, job, counts)
    if verdict is not None:
        return _finish(cluster, job, pods, counts, verdict)
    delay = _fit(cluster, job, pods, counts)
    _report(cluster, job, counts, [])
    return delay or _until_deadline(cluster, job)


def has_finished(job: Object) -> bool:
    """Whether a job is complete or failed."""
    return conditions.holds(job, "Complete") or conditions.holds(job, "Failed")


def _is_indexed(job: Object) -> bool:
    return bool(at(job, ("spec", "completionMode")) == "Indexed")


def _wanted(job: Object) -> int | None:
    """How many must succeed; None: one success ends it."""
    completions = at(job, ("spec", "completions"))
    return None if completions is None else int(completions)


def _count(job: Object, pods: Objects) -> Object:
    status = job.get("status") or {}
    done = {_index(pod) for pod in pods if phase(pod) == "Succeeded"} | _indexes(status.get("completedIndexes", ""))
    succeeded = len(done - {None}) if _is_indexed(job) else sum(phase(pod) == "Succeeded" for pod in pods)
    gone = {
        pod["metadata"]["uid"]
        for pod in pods
        if phase(pod) == "Failed" or (is_deleted(pod) and phase(pod) != "Succeeded")
    }
    return {
        "active": sum(is_active(pod) for pod in pods),
        "ready": sum(is_active(pod) and is_ready(pod) for pod in pods),
        "succeeded": max(succeeded, int(status.get("succeeded", 0))),
        "failed": max(len(gone), int(status.get("failed", 0))),
        "done": sorted(index for index in done if index is not None),
    }


def _index(pod: Object) -> int | None:
    text = at(pod, ("metadata", "annotations", INDEX))
    return None if text is None else int(text)


def _indexes(text: str) -> set[int | None]:
    """Read `0,2-4`."""
    found: set[int | None] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _written(indexes: list[int]) -> str:
    parts: list[list[int]] = []
    for index in indexes:
        if parts and parts[-1][-1] == index - 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index])
    return ",".join("-".join(map(str, part)) for part in parts)


def _verdict(cluster: Cluster, job: Object, counts: Object) -> tuple[str, str, str] | None:
    """Complete or Failed with reason and message, once that is certain."""
    deadline, started = at(job, ("spec", "activeDeadlineSeconds")), at(job, ("status", "startTime"))
    if counts["failed"] > int(at(job, ("spec", "backoffLimit"), 6)):
        return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    if deadline is not None and started and seconds_since(started, cluster.clock()) >= deadline:
        return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
    wanted = _wanted(job)
    enough = counts["succeeded"] >= wanted if wanted is not None else counts["succeeded"] and not counts["active"]
    if enough:
        return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
    return None


def _fit(cluster: Cluster, job: Object, pods: Objects, counts: Object) -> Again | None:
    active = [pod for pod in pods if is_active(pod)]
    if at(job, ("spec", "suspend")):
        for pod in active:
            delete(cluster, job, pod, NAME)
        return None
    parallel, wanted = int(at(job, ("spec", "parallelism"), 1)), _wanted(job)
    if wanted is None and counts["succeeded"]:
        parallel = len(active)  # one has done the work; the others may finish
    missing = parallel if wanted is None else min(parallel, wanted - counts["succeeded"])
    for pod in active[max(0, missing) :]:
        delete(cluster, job, pod, NAME)
    if len(active) < missing and (left := _pause(cluster, pods, counts)) > 0:
        return Again(left)
    for index in _free_indexes(job, active, counts)[: max(0, missing - len(active))]:
        _start(cluster, job, index)
    return None


def _pause(cluster: Cluster, pods: Objects, counts: Object) -> float:
    """How long to wait after failures: ten seconds, doubled for each, six minutes at most."""
    ends = [
        at(status, ("state", "terminated", "finishedAt"))
        for pod in pods
        if phase(pod) == "Failed"
        for status in at(pod, ("status", "containerStatuses")) or ()
    ]
    last = max((end for end in ends if end), default=None)
    if last is None:
        return 0.0
    delay = min(360.0, _BACKOFF * 2 ** (max(1, counts["failed"]) - 1))
    return float(delay - seconds_since(last, cluster.clock()))


def _free_indexes(job: Object, active: Objects, counts: Object) -> list[int | None]:
    if not _is_indexed(job):
        return [None] * int(at(job, ("spec", "parallelism"), 1))
    taken = {_index(pod) for pod in active} | set(counts["done"])
    return [index for index in range(_wanted(job) or 0) if index not in taken]


def _start(cluster: Cluster, job: Object, index: int | None) -> None:
    labels = {
        "batch.kubernetes.io/job-name": job["metadata"]["name"],
        "batch.kubernetes.io/controller-uid": job["metadata"]["uid"],
        "job-name": job["metadata"]["name"],
        "controller-uid": job["metadata"]["uid"],
    }
    pod = from_template(job, job["spec"]["template"], labels)
    if index is not None:
        pod["metadata"]["generateName"] = f"{job['metadata']['name']}-{index}-"
        pod["metadata"]["labels"][INDEX] = str(index)
        pod["metadata"]["annotations"] = {**(pod["metadata"].get("annotations") or {}), INDEX: str(index)}
        for container in pod["spec"].get("containers") or ():
            container["env"] = [*(container.get("env") or ()), {"name": "JOB_COMPLETION_INDEX", "value": str(index)}]
    create(cluster, job, pod, NAME)


def _finish(
    cluster: Cluster, job: Object, pods: Objects, counts: Object, verdict: tuple[str, str, str]
) -> Again | None:
    kind, reason, message = verdict
    for pod in pods:
        if is_active(pod):
            delete(cluster, job, pod, NAME)
    first = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
    news = [conditions.condition(name, True, reason, message) for name in (first, kind)]
    _report(cluster, job, {**counts, "active": 0, "ready": 0}, news)
    text = "Job completed" if kind == "Complete" else message
    cluster.record(job, NAME, "Completed" if kind == "Complete" else reason, text, warning=kind == "Failed")
    ttl = at(job, ("spec", "ttlSecondsAfterFinished"))
    return None if ttl is None else Again(float(ttl), quiet=True)


def _report(cluster: Cluster, job: Object, counts: Object, news: Objects) -> None:
    old, now = job.get("status") or {}, cluster.now()
    suspended = bool(at(job, ("spec", "suspend")))
    if suspended or conditions.find(old.get("conditions"), "Suspended"):
        reason = "JobSuspended" if suspended else "JobResumed"
        text = "Job suspended" if suspended else "Job resumed"
        news = [*news, conditions.condition("Suspended", suspended, reason, text)]
    status: Object = {name: counts[name] for name in ("active", "succeeded", "failed") if counts[name]}
    status |= {"ready": counts["ready"], "terminating": 0, "uncountedTerminatedPods": {}}
    if counts["done"]:
        status["completedIndexes"] = _written(counts["done"])
    if not suspended:
        status["startTime"] = old.get("startTime", timestamp(now))
    merged = conditions.merged(old.get("conditions"), news, now)
    if merged:
        status["conditions"] = merged
    if any(item["type"] == "Complete" for item in news):
        status["completionTime"] = timestamp(now)
    cluster.set_status(JOB, job, status)


def _expire(cluster: Cluster, job: Object) -> Again | None:
    ttl = at(job, ("spec", "ttlSecondsAfterFinished"))
    if ttl is None:
        return None
    ended = next(
        c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed") and c["status"] == "True"
    )
    left = float(ttl) - seconds_since(ended["lastTransitionTime"], cluster.clock())
    if left > 0:
        return Again(left, quiet=True)
    cluster.delete(JOB, job)
    return None


def _until_deadline(cluster: Cluster, job: Object) -> Again | None:
    deadline = at(job, ("spec", "activeDeadlineSeconds"))
    started = at(job, ("status", "startTime"))
    if deadline is None or at(job, ("spec", "suspend")):
        return None
    passed = seconds_since(started, cluster.clock()) if started else 0.0
    return Again(max(0.1, float(deadline) - passed), quiet=True)


CONTROLLER = Controller(
    name=NAME,
    reconcile=reconcile,
    triggers={"jobs.batch": itself, "pods": owner("Job")},
)
