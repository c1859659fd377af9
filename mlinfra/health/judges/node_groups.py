"""Node groups: those that are degraded, and those that get no machines, with the cloud's reason and what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.backoff import hindrance, retrying
from mlinfra.health.fitting import fits, is_waited_for, stand_ins, waiting
from mlinfra.health.rollouts import since
from mlinfra.health.room import listed, nodes_of
from mlinfra.health.seen import Group, Seen, counted
from mlinfra.health.shortages import concise, is_shortage, remedy_of
from mlinfra.health.turnover import Turnover, turnovers


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    moving = turnovers(seen)
    for group in seen.groups:
        yield from _of(seen, group, moving.get(group.subject))


def _of(seen: Seen, group: Group, turnover: Turnover | None) -> Iterator[Finding]:
    nodes = len(nodes_of(seen, group.name))
    path = f"nodeGroups.{group.name}"
    size = f"{group.machines} of {counted(group.desired, 'machine')}"
    said = list(dict.fromkeys((*group.problems, *((group.failure,) if group.failure else ()))))
    for problem in said[:1]:
        if is_shortage(group, problem) and not _is_missed(seen, group):
            yield _passing(seen, group, problem)
            return
        short_of = group.machines < group.desired or group.status not in ("ACTIVE", "UPDATING")
        yield Finding(
            severity=Severity.BROKEN if short_of else Severity.WARNING,
            subject=group.subject,
            words=f"it has {size}, and gets no more{_lasting(seen, group)}: {concise(problem)}{retrying(seen, group)}",
            remedy=remedy_of(group, problem) + _full(seen, group),
            layer=2,
            address=path,
        )
    if said:
        return
    if turnover is not None:
        yield _moving(seen, group, turnover)
    elif group.status in ("CREATE_FAILED", "DEGRADED", "DELETE_FAILED", "GONE"):
        words = "it is gone from the account" if group.status == "GONE" else f"the cloud calls it {group.status}"
        yield Finding(
            severity=Severity.BROKEN, subject=group.subject, words=words, remedy="apply again", layer=2, address=path
        )
    elif group.machines > nodes and group.status == "ACTIVE" and "Node" in seen.objects:
        # Those of a new one have yet to join; where no nodes can be read, nobody knows which did.
        yield Finding(
            severity=Severity.WARNING,
            subject=group.subject,
            words=f"it has {counted(group.machines, 'machine')}, and only {nodes} joined the cluster",
            remedy="machines take a few minutes; after that, what they lack is a way to the API, or their role's entry",
            layer=2,
            address=path,
        )
    if (why := hindrance(seen, group)) and not is_waited_for(seen, group):  # else that is told of who waits
        yield _passing(seen, group, why)


def _lasting(seen: Seen, group: Group) -> str:
    """`, since 23:05 UTC (3 minutes)`; empty where nobody knows."""
    return since(seen, group.failing.isoformat()) if group.failing else ""


def _moving(seen: Seen, group: Group, turnover: Turnover) -> Finding:
    """Machines that come, which is worth more than a note only while a pod waits for them."""
    waited = turnover.coming and is_waited_for(seen, group)
    return Finding(
        severity=Severity.WARNING if waited else Severity.NOTE,
        subject=group.subject,
        words=turnover.words,
        layer=2,
        address=f"nodeGroups.{group.name}",
    )


def _is_missed(seen: Seen, group: Group) -> bool:
    """Whether anybody misses the machines that do not come: the stack's minimum, or a pod that one would take."""
    if group.status not in ("ACTIVE", "UPDATING", "DEGRADED") or group.machines < group.minimum:
        return True
    return group.machines < group.desired and is_waited_for(seen, group)


def _passing(seen: Seen, group: Group, why: str) -> Finding:
    """A try that failed and that nobody misses: another choice stands in, or may, or a later try succeeded."""
    others = listed(f"group {one.name}" for one in stand_ins(seen, group))
    if group.recovered:
        since = ", and a later one succeeded"
    elif group.stood_in:
        since = ", and another choice stands in"
    else:
        since = f", and {others} may stand in" if others and "quota" not in remedy_of(group, why) else ""
    return Finding(
        severity=Severity.NOTE,
        subject=group.subject,
        words=f"a try of the last hour to get a machine failed{since}: {concise(why)}{retrying(seen, group)}",
        remedy="" if group.recovered else remedy_of(group, why),
        layer=2,
        address=f"nodeGroups.{group.name}",
    )


def _full(seen: Seen, group: Group) -> str:
    """Which group that stands in has as many as it may have."""
    full = [one for one in stand_ins(seen, group) if one.desired >= one.maximum]
    able = [one for one in full if any(fits(seen, pod, one) for pod in waiting(seen))]
    paths = " or ".join(f"nodeGroups.{one.name}.max" for one in able)
    return f"; or raise {paths}, which is full and would take them too" if able else ""
