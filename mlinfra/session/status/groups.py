"""Groups of machines as EKS and Auto Scaling have them. Only reads.

`looking` calls it. A group of the stack is one, however many scaling groups it is made of. Shapes: API references of
EKS (DescribeNodegroup) and Auto Scaling (DescribeAutoScalingGroups, DescribeScalingActivities), and what Auto Scaling
gives as the cause of an activity (user guide, "Verify a scaling activity"), November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import groupby, takewhile
from typing import Any

import msgspec

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.errors import NotFound
from mlinfra.core.state import Record
from mlinfra.health.offers import Types, offers_of
from mlinfra.health.seen import Group
from mlinfra.session.status.cloud_side import issues_of

_MANAGED = "aws:eks/nodeGroup:NodeGroup"
_OWN = "aws:autoscaling/group:Group"
GROUPS = frozenset({_MANAGED, _OWN})
_AT_ONCE = 8
_ACTIVITIES = 20  # how far back a group's tries are looked at
_IN_SERVICE = "InService"
_LAUNCH = "Launching"
_OF_LATE = timedelta(hours=1)
_FAILED = frozenset({"Failed", "Cancelled"})


class Part(msgspec.Struct, frozen=True):
    """A scaling group. failing: since when it has got none; nothing where its last try succeeded."""

    group: Group
    failing: datetime | None = None


def read_groups(calls: Calls, records: Iterable[Record], now: datetime, types: Types) -> tuple[Group, ...]:
    """The groups of machines, by name. types: what is known of instance types."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda record: _read_parts(calls, record, now, types), records))
    parts = sorted((part for parts in found for part in parts), key=lambda part: part.group.name)
    return tuple(together(list(of_one)) for _, of_one in groupby(parts, key=lambda part: part.group.name))


def _read_parts(calls: Calls, record: Record, now: datetime, types: Types) -> list[Part]:
    name = record.address.parts[1] if len(record.address.parts) > 1 else record.id
    try:
        if record.type == _MANAGED:
            return [_managed(calls, record, name, now, types)]
        made = _own(calls, record.id, name, now, types)
        return [made or Part(_gone_own(record.inputs or {}, name, types))]
    except NotFound:
        return [Part(_gone(record.inputs or {}, name, types))]


def _gone(inputs: Mapping[str, Any], name: str, types: Types) -> Group:
    """What is not there any more, as it was made: what waits for its machines is known by that."""
    labels = inputs.get("labels") or {}
    return Group(
        name=name,
        status="GONE",
        labels=labels,
        taints=tuple(_as_kubernetes(one) for one in inputs.get("taints") or ()),
        offers=offers_of(inputs.get("instanceTypes") or (), labels, types),
    )


def _gone_own(inputs: Mapping[str, Any], name: str, types: Types) -> Group:
    """The same of a scaling group of ours, which says in tags what its nodes have."""
    tags = {str(one.get("key")): str(one.get("value")) for one in inputs.get("tags") or () if isinstance(one, Mapping)}
    told = {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    policy = (inputs.get("mixedInstancesPolicy") or {}).get("launchTemplate") or {}
    names = [str(one["instanceType"]) for one in policy.get("overrides") or () if one.get("instanceType")]
    labels = _told(told, "label")
    return Group(
        name=name,
        status="GONE",
        labels=labels,
        taints=tuple(_taint(key, value) for key, value in _told(told, "taint").items()),
        offers={**offers_of(names, labels, types), **_told(told, "resources")},
    )


def _managed(calls: Calls, record: Record, name: str, now: datetime, types: Types) -> Part:
    cluster, _, own = record.id.partition(":")
    params = {"clusterName": cluster, "nodegroupName": own}
    found = calls.one("eks", "DescribeNodegroup", params, about=record.id)["nodegroup"]
    behind = [one["name"] for one in (found.get("resources") or {}).get("autoScalingGroups") or ()]
    parts = [_own(calls, one, name, now, types) for one in behind]
    return managed(found, [part or Part(Group(name=name, status="GONE")) for part in parts], name, types)


def managed(found: Answer, parts: list[Part], name: str, types: Types) -> Part:
    """A group of EKS's: what it says of it, and what Auto Scaling says of what is behind it."""
    sizes = found.get("scalingConfig") or {}
    labels = found.get("labels") or {}
    behind = together(parts) if parts else Group(name=name, desired=sizes.get("desiredSize", 0))
    offers = offers_of(found.get("instanceTypes") or (), labels, types)
    group = msgspec.structs.replace(
        behind,
        name=name,
        status=found["status"],
        minimum=sizes.get("minSize", 0),
        maximum=sizes.get("maxSize", 0),
        problems=issues_of(found),
        labels=labels,
        taints=tuple(_as_kubernetes(one) for one in found.get("taints") or ()),
        offers={**offers, **behind.offers},
    )
    return Part(group, min((part.failing for part in parts if part.failing), default=None))


def _own(calls: Calls, id: str, name: str, now: datetime, types: Types) -> Part | None:
    """A scaling group; nothing where it is not there."""
    answer = calls.one("autoscaling", "DescribeAutoScalingGroups", {"AutoScalingGroupNames": [id]}, about=id)
    found = next(iter(answer["AutoScalingGroups"]), None)
    if found is None:
        return None
    asked = {"AutoScalingGroupName": id, "MaxRecords": _ACTIVITIES}
    told = calls.one("autoscaling", "DescribeScalingActivities", asked, about=id)
    return own(found, told["Activities"], name, now, types)


def own(found: Answer, activities: list[Answer], name: str, now: datetime, types: Types) -> Part:
    """A scaling group, ours or that of a managed group. activities: the newest first."""
    instances = {one["InstanceId"]: str(one.get("LifecycleState")) for one in found.get("Instances") or ()}
    machines = sum(state == _IN_SERVICE for state in instances.values())
    failure, hindered = _tries(found, activities, now, lacking=machines < found["DesiredCapacity"])
    labels = _told(found, "label")
    policy = (found.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    names = [one["InstanceType"] for one in policy.get("Overrides") or () if one.get("InstanceType")]
    group = Group(
        name=name,
        minimum=found["MinSize"],
        maximum=found["MaxSize"],
        desired=found["DesiredCapacity"],
        machines=machines,
        failure=failure,
        hindered=hindered,
        recovered=bool(hindered) and _has_launched(activities),
        labels=labels,
        taints=tuple(_taint(key, value) for key, value in _told(found, "taint").items()),
        offers={**offers_of(names, labels, types), **_told(found, "resources")},
        zones=tuple(sorted(found.get("AvailabilityZones") or ())),
        instances=instances,
        launched=_newest(activities, _LAUNCH),
        ended=_newest([one for one in activities if "shrinking" not in str(one.get("Cause"))], "Terminating"),
        scaling_groups=(found["AutoScalingGroupName"],),
        failing=_known(failing := _failing(activities)),
    )
    return Part(group, failing)


def _known(moment: datetime | None) -> datetime | None:
    """Nothing for what is so for longer than was looked back."""
    return None if moment is None or moment.year == 1 else moment


def _failing(activities: list[Answer]) -> datetime | None:
    """Since when no machine was to be had; nothing where the last try succeeded."""
    launches = _launches(activities)
    failures = list(takewhile(lambda one: one.get("StatusCode") in _FAILED, launches))
    if failures and len(failures) == len(launches) and len(activities) >= _ACTIVITIES:
        return datetime.min.replace(tzinfo=UTC)  # for longer than was looked back
    return min((one["StartTime"] for one in failures), default=None)


def together(parts: list[Part]) -> Group:
    """One group of what may be several scaling groups: what one of them lacks, another may have got instead."""
    if len(parts) == 1:
        return parts[0].group
    groups = [part.group for part in parts]
    worst = next((one for one in groups if one.status != "ACTIVE"), groups[0])
    hindered = [part for part in parts if part.group.hindered]
    short = [part for part in parts if part.group.hindered or part.group.failure]
    return Group(
        name=worst.name,
        status=worst.status,
        minimum=sum(one.minimum for one in groups),
        maximum=sum(one.maximum for one in groups),
        desired=sum(one.desired for one in groups),
        machines=sum(one.machines for one in groups),
        problems=tuple(dict.fromkeys(problem for one in groups for problem in one.problems)),
        failure=next((one.failure for one in groups if one.failure), ""),
        hindered=next((part.group.hindered for part in hindered), ""),
        recovered=bool(hindered) and all(part.group.recovered for part in hindered),
        stood_in=any(_stands_in(one, part) for part in short for one in groups if one is not part.group),
        labels={key: value for one in groups for key, value in one.labels.items()},
        taints=next((one.taints for one in groups if one.taints), ()),
        offers={key: value for one in groups for key, value in one.offers.items()},
        zones=tuple(sorted({zone for one in groups for zone in one.zones})),
        instances={key: state for one in groups for key, state in (one.instances or {}).items()},
        launched=max((one.launched for one in groups if one.launched), default=None),
        ended=max((one.ended for one in groups if one.ended), default=None),
        scaling_groups=tuple(name for one in groups for name in one.scaling_groups),
        failing=min((one.failing for one in groups if one.failing), default=None),
    )


def _stands_in(group: Group, hindered: Part) -> bool:
    """Whether a scaling group got a machine since another one gets none, and has it still."""
    later = group.launched is not None and hindered.failing is not None and group.launched >= hindered.failing
    return later and group.machines > 0


def _tries(found: Answer, activities: list[Answer], now: datetime, *, lacking: bool) -> tuple[str, str]:
    """Why machines that lack do not come; or why a try of late failed that nobody misses any more.

    Where the newest succeeded, what lacks is on its way.
    """
    if lacking and (why := _suspended(found)):
        return why, ""
    tries = _launches(activities)
    newest = next((one for one in tries if one.get("StatusCode") in _FAILED), None)
    if newest is None:
        return "", ""
    why = str(newest.get("StatusMessage") or newest.get("Description") or "no reason is given")
    if lacking and newest is tries[0]:
        return why, ""
    return "", why if now - newest["StartTime"] < _OF_LATE else ""


def _suspended(found: Answer) -> str:
    """Why it may start no machines; empty where it may."""
    for one in found.get("SuspendedProcesses") or ():
        if one.get("ProcessName") == "Launch":
            return f"the process Launch is suspended ({one.get('SuspensionReason') or 'nobody says why'})"
    return ""


def _has_launched(activities: list[Answer]) -> bool:
    """Whether a machine came after the last one that did not; the newest activity comes first."""
    told = (one.get("StatusCode") for one in _launches(activities))
    return next((code == "Successful" for code in told if code == "Successful" or code in _FAILED), False)


def _launches(activities: list[Answer]) -> list[Answer]:
    return [one for one in activities if str(one.get("Description", "")).startswith(_LAUNCH)]


def _newest(activities: Iterable[Answer], what: str) -> datetime | None:
    """When the newest activity of a kind began that did not fail."""
    for one in activities:
        if one.get("StatusCode") not in _FAILED and str(one.get("Description", "")).startswith(what):
            return one["StartTime"] if isinstance(one.get("StartTime"), datetime) else None
    return None


def _told(found: Answer, what: str) -> dict[str, str]:
    """What tags tell cluster-autoscaler of the group's nodes: `label`, `taint` or `resources`, by name."""
    prefix = f"k8s.io/cluster-autoscaler/node-template/{what}/"
    tags = {tag["Key"]: tag.get("Value", "") for tag in found.get("Tags") or ()}
    return {key.removeprefix(prefix): value for key, value in tags.items() if key.startswith(prefix)}


def _taint(key: str, text: str) -> dict[str, str]:
    value, _, effect = text.rpartition(":")
    return {"key": key, "value": value, "effect": effect}


def _as_kubernetes(taint: Answer) -> dict[str, str]:
    """EKS spells it `NO_SCHEDULE`."""
    effect = "".join(part.capitalize() for part in str(taint.get("effect", "")).split("_"))
    return {"key": str(taint.get("key", "")), "value": str(taint.get("value") or ""), "effect": effect}
