"""Node groups: those that are degraded, and those that get no machines, with the cloud's reason and what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.backoff import hindrance, retrying
from mlinfra.health.fitting import fits, stand_ins, waiting
from mlinfra.health.room import listed, nodes_of
from mlinfra.health.seen import Group, Seen, counted
from mlinfra.health.turnover import Turnover, turnovers

_NONE_LEFT = (
    "AWS has none of these left there at the moment: add further types to {path}.instances, zones, or a group of "
    "another capacity type with a lower priority"
)
_NO_QUOTA = "the vCPU quota of the account is used up: mlinfra capacity says which to raise, and how"
_JOINING = (
    "the machines run and do not join: their role, their subnets' way out and the cluster's access entries are what "
    "they need for it"
)
# What EC2 and Auto Scaling call their refusals (EC2 API reference, "Error codes"; Auto Scaling user guide,
# "Troubleshooting", where some come without their code; November 2026), and what helps.
_REMEDIES = {
    "InsufficientInstanceCapacity": _NONE_LEFT,
    "do not have sufficient": _NONE_LEFT,
    "MaxSpotInstanceCountExceeded": "the spot quota of the account is used up: mlinfra capacity says which to raise",
    "VcpuLimitExceeded": _NO_QUOTA,
    "current vCPU limit": _NO_QUOTA,
    "SpotMaxPriceTooLow": "the spot price is above {path}.capacity.maxPrice: raise it, or leave it out",
    "InsufficientFreeAddressesInSubnet": "the subnets have no free addresses: give the network more or larger ones",
    "UnfulfillableCapacity": "AWS has none of these left there at the moment: add further types to {path}.instances",
    "ReservationCapacityExceeded": "the reservation is used up: reserve more, or make the group smaller",
    "NodeCreationFailure": _JOINING,
    "Scale-up timed out": _JOINING,
    "process Launch is suspended": "somebody keeps Auto Scaling from starting machines: aws autoscaling "
    "resume-processes --scaling-processes Launch --auto-scaling-group-name {scaling}",
    "Not authorized": "a role may not launch machines: look at the group's role and at the key of its disks",
}


_UNFIT = ("NodeCreationFailure", "Not authorized", "is suspended")  # no shortage: nothing stands in for long


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
        if _is_shortage(group, problem) and not _is_missed(seen, group):
            yield _passing(seen, group, problem)
            return
        short_of = group.machines < group.desired or group.status not in ("ACTIVE", "UPDATING")
        yield Finding(
            severity=Severity.BROKEN if short_of else Severity.WARNING,
            subject=group.subject,
            words=f"it has {size}, and gets no more: {problem}{retrying(seen, group)}",
            remedy=_remedy(group, problem) + _full(seen, group),
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
    elif group.machines > nodes and group.status == "ACTIVE":  # those of a new one have yet to join
        yield Finding(
            severity=Severity.WARNING,
            subject=group.subject,
            words=f"it has {counted(group.machines, 'machine')}, and only {nodes} joined the cluster",
            remedy="machines take a few minutes; after that, what they lack is a way to the API, or their role's entry",
            layer=2,
            address=path,
        )
    if why := hindrance(seen, group):
        yield _passing(seen, group, why)


def _moving(seen: Seen, group: Group, turnover: Turnover) -> Finding:
    """Machines that come, which is worth more than a note only while a pod waits for them."""
    waited = turnover.coming and any(fits(seen, pod, group) for pod in waiting(seen))
    return Finding(
        severity=Severity.WARNING if waited else Severity.NOTE,
        subject=group.subject,
        words=turnover.words,
        layer=2,
        address=f"nodeGroups.{group.name}",
    )


def _is_shortage(group: Group, problem: str) -> bool:
    told = problem == group.failure or "LaunchFailures" in problem or any(key in problem for key in _REMEDIES)
    return told and not any(key in problem for key in _UNFIT)


def _is_missed(seen: Seen, group: Group) -> bool:
    """Whether anybody misses the machines that do not come: the stack's minimum, or a pod that one would take."""
    if group.status not in ("ACTIVE", "UPDATING", "DEGRADED") or group.machines < group.minimum:
        return True
    return group.machines < group.desired and any(fits(seen, pod, group) for pod in waiting(seen))


def _passing(seen: Seen, group: Group, why: str) -> Finding:
    """A try that failed and that nobody misses: another choice stands in, or may, or a later try succeeded."""
    others = listed(f"group {one.name}" for one in stand_ins(seen, group))
    if group.recovered:
        since = ", and a later one succeeded"
    elif group.stood_in:
        since = ", and another choice stands in"
    else:
        since = f", and {others} may stand in" if others else ""
    return Finding(
        severity=Severity.NOTE,
        subject=group.subject,
        words=f"a try of the last hour to get a machine failed{since}: {why}{retrying(seen, group)}",
        remedy="" if group.recovered else _remedy(group, why),
        layer=2,
        address=f"nodeGroups.{group.name}",
    )


def _remedy(group: Group, why: str) -> str:
    path, scaling = f"nodeGroups.{group.name}", next(iter(group.scaling_groups), group.name)
    told = next((text.format(path=path, scaling=scaling) for key, text in _REMEDIES.items() if key in why), "")
    alone = told.startswith("AWS has none") and len(group.scaling_groups) < 2
    return f"{told}, or {path}.capacity.fallback: on-demand" if alone and "Spot" in why else told


def _full(seen: Seen, group: Group) -> str:
    """Which group that stands in has as many as it may have."""
    full = [one for one in stand_ins(seen, group) if one.desired >= one.maximum]
    able = [one for one in full if any(fits(seen, pod, one) for pod in waiting(seen))]
    paths = " or ".join(f"nodeGroups.{one.name}.max" for one in able)
    return f"; or raise {paths}, which is full and would take them too" if able else ""
