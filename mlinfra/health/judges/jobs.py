"""Jobs that failed."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Seen, condition, short, subject_of


def find(seen: Seen) -> Iterator[Finding]:
    """What each failed of. One of a CronJob counts until a later one of it succeeds."""
    done: dict[str, str] = {}
    for job in seen.each("Job"):
        if condition(job, "Complete").get("status") == "True" and (owner := seen.owner_of(job)):
            done[owner] = max(done.get(owner, ""), job["metadata"].get("creationTimestamp", ""))
    for job in seen.each("Job"):
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
