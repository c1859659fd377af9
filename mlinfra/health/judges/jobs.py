"""Jobs that failed, and those that cannot begin."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.refusals import asked, is_refusal, refusal
from mlinfra.health.seen import Live, Seen, condition, short, subject_of


def find(seen: Seen) -> Iterator[Finding]:
    """What each failed of. One of a CronJob counts until a later one of it succeeds."""
    done: dict[str, str] = {}
    for job in seen.each("Job"):
        if condition(job, "Complete").get("status") == "True" and (owner := seen.owner_of(job)):
            done[owner] = max(done.get(owner, ""), job["metadata"].get("creationTimestamp", ""))
    for job in seen.each("Job"):
        yield from _refused(seen, job)
        failed = condition(job, "Failed")
        owner = seen.owner_of(job)
        if failed.get("status") != "True" or done.get(owner, "") > job["metadata"].get("creationTimestamp", ""):
            continue
        subject, where = subject_of("Job", job), f"-n {job['metadata'].get('namespace')} job/{job['metadata']['name']}"
        yield Finding(
            severity=Severity.WARNING,
            subject=subject,
            owner=owner,
            words=f"it failed: {short(failed.get('message')) or failed.get('reason')}",
            remedy=f"kubectl logs {where} says why; delete the job once that is mended",
            because=seen.pods_of(subject),
            layer=5,
        )


def _refused(seen: Seen, job: Live) -> Iterator[Finding]:
    """One that nothing runs of, for the API lets none of its pods be made."""
    status, subject = job.get("status") or {}, subject_of("Job", job)
    ended = any(condition(job, end).get("status") == "True" for end in ("Complete", "Failed"))
    if ended or status.get("active") or (job.get("spec") or {}).get("suspend"):
        return
    told = seen.warning_about(job)
    if is_refusal(told):
        why, remedy = refusal(told, job["metadata"].get("namespace", ""))
        yield Finding(
            severity=Severity.BROKEN,
            subject=subject,
            owner=seen.owner_of(job),
            words=f"none of its pods can be made: {why}",
            remedy=remedy,
            because=asked(seen, told),
            layer=4,
        )
