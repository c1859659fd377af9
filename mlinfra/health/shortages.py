"""Shortages: why the cloud gives a group no machine, in its own words, and what helps.

For judges of groups, and of pods that wait for a machine.
"""

from __future__ import annotations

from mlinfra.health.seen import Group

_NONE_LEFT = (
    "AWS has none of these left there at the moment: add further types to {path}.instances, zones, or a group of "
    "another capacity type with a lower priority"
)
_NO_QUOTA = "the vCPU quota of the account is used up: mlinfra capacity says which to raise, and how"
_JOINING = (
    "the machines run and do not join: their role, their subnets' way out and the cluster's access entries are what "
    "they need for it"
)
# What EC2 and Auto Scaling call their refusals (EC2 API reference, "Error codes"; EKS API reference, Issue;
# Auto Scaling user guide, "Troubleshooting", where some come without their code; November 2026), and what helps.
_REMEDIES = {
    "InsufficientInstanceCapacity": _NONE_LEFT,
    "do not have sufficient": _NONE_LEFT,
    "MaxSpotInstanceCountExceeded": "the spot quota of the account is used up: mlinfra capacity says which to raise",
    "VcpuLimitExceeded": _NO_QUOTA,
    "InstanceLimitExceeded": _NO_QUOTA,
    "current vCPU limit": _NO_QUOTA,
    "SpotMaxPriceTooLow": "the spot price is above {path}.capacity.maxPrice: raise it, or leave it out",
    "InsufficientFreeAddresses": "the subnets have no free addresses: give the network more or larger ones",
    "UnfulfillableCapacity": "AWS has none of these left there at the moment: add further types to {path}.instances",
    "ReservationCapacityExceeded": "the reservation is used up: reserve more, or make the group smaller",
    "NodeCreationFailure": _JOINING,
    "Scale-up timed out": _JOINING,
    "process Launch is suspended": "somebody keeps Auto Scaling from starting machines: aws autoscaling "
    "resume-processes --scaling-processes Launch --auto-scaling-group-name {scaling}",
    "Not authorized": "a role may not launch machines: look at the group's role and at the key of its disks",
}


_UNFIT = ("NodeCreationFailure", "Not authorized", "is suspended")  # no shortage: nothing stands in for long


# What Auto Scaling and EC2 add to every reason, and nobody needs to be told.
_PADDING = (" Our system will be working on provisioning additional capacity.", " Launching EC2 instance failed.")


def concise(why: str) -> str:
    """A reason of the cloud's, without what it adds to each."""
    for padding in _PADDING:
        why = why.replace(padding, "")
    return " ".join(why.split())


def is_shortage(group: Group, problem: str) -> bool:
    """Whether it is one that passes, or that another choice makes up for."""
    told = problem == group.failure or "LaunchFailures" in problem or any(key in problem for key in _REMEDIES)
    return told and not any(key in problem for key in _UNFIT)


def remedy_of(group: Group, why: str) -> str:
    """What helps; empty where nobody knows."""
    path, scaling = f"nodeGroups.{group.name}", next(iter(group.scaling_groups), group.name)
    told = next((text.format(path=path, scaling=scaling) for key, text in _REMEDIES.items() if key in why), "")
    alone = told.startswith("AWS has none") and not group.pool and len(group.scaling_groups) < 2
    return f"{told}, or {path}.capacity.fallback: on-demand" if alone and "Spot" in why else told
