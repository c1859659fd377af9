"""Node groups: those that are degraded, and those that get no machines, with the cloud's reason and what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.room import nodes_of
from mlinfra.health.seen import Group, Seen, counted

# What EC2 and Auto Scaling call their refusals (EC2 API reference, "Error codes", November 2026), and what helps.
_REMEDIES = {
    "InsufficientInstanceCapacity": "AWS has none of these left there at the moment: add further types to "
    "{path}.instances, zones, or a group of another capacity type with a lower priority",
    "MaxSpotInstanceCountExceeded": "the spot quota of the account is used up: mlinfra capacity says which to raise",
    "VcpuLimitExceeded": "the vCPU quota of the account is used up: mlinfra capacity says which to raise, and how",
    "SpotMaxPriceTooLow": "the spot price is above {path}.capacity.maxPrice: raise it, or leave it out",
    "InsufficientFreeAddressesInSubnet": "the subnets have no free addresses: give the network more or larger ones",
    "UnfulfillableCapacity": "AWS has none of these left there at the moment: add further types to {path}.instances",
    "ReservationCapacityExceeded": "the reservation is used up: reserve more, or make the group smaller",
    "NodeCreationFailure": "the machines run and do not join: their role, their subnets' way out and the cluster's "
    "access entries are what they need for it",
    "Not authorized": "a role may not launch machines: look at the group's role and at the key of its disks",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for group in seen.groups:
        yield from _of(group, len(nodes_of(seen, group.name)))


def _of(group: Group, nodes: int) -> Iterator[Finding]:
    path = f"nodeGroups.{group.name}"
    size = f"{group.machines} of {counted(group.desired, 'machine')}"
    said = list(dict.fromkeys((*group.problems, *((group.failure,) if group.failure else ()))))
    for problem in said[:1]:
        short_of = group.machines < group.desired or group.status not in ("ACTIVE", "UPDATING")
        yield Finding(
            severity=Severity.BROKEN if short_of else Severity.WARNING,
            subject=group.subject,
            words=f"it has {size}, and gets no more: {problem}",
            remedy=next((text.format(path=path) for key, text in _REMEDIES.items() if key in problem), ""),
            layer=2,
            address=path,
        )
    if said:
        return
    if group.status in ("CREATE_FAILED", "DEGRADED", "DELETE_FAILED", "GONE"):
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
    if group.hindered:
        yield Finding(
            severity=Severity.NOTE,
            subject=group.subject,
            words=f"a try of the last hour to get a machine failed, and another choice stands in: {group.hindered}",
            remedy=next((text.format(path=path) for key, text in _REMEDIES.items() if key in group.hindered), ""),
            layer=2,
            address=path,
        )
