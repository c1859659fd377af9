"""What the cloud says of a stack's cluster and of its groups of machines. Only reads.

`looking` calls it. Shapes: API references of EKS (DescribeCluster, DescribeNodegroup, DescribeAddon) and Auto Scaling
(DescribeAutoScalingGroups, DescribeScalingActivities), November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.errors import NotFound
from mlinfra.core.state import Record
from mlinfra.health.seen import AddOn, Cluster, Group, Targets

_MANAGED = "aws:eks/nodeGroup:NodeGroup"
_OWN = "aws:autoscaling/group:Group"
TARGETS = "aws:lb/targetGroup:TargetGroup"
_ILL = ("unhealthy", "unavailable", "unused")
ADD_ON = "aws:eks/addon:Addon"
GROUPS = frozenset({_MANAGED, _OWN})
_AT_ONCE = 8
_ACTIVITIES = 5  # how far back a group's tries are looked at
_IN_SERVICE = "InService"
_OF_LATE = timedelta(hours=1)
_FAILED = frozenset({"Failed", "Cancelled"})


def read_cluster(calls: Calls, record: Record) -> Cluster:
    """The control plane."""
    name = str(record.outputs.get("name") or record.id)
    try:
        found = calls.one("eks", "DescribeCluster", {"name": name}, about=name)["cluster"]
    except NotFound:
        return Cluster(name=name, status="GONE")
    return Cluster(name=name, status=found["status"], problems=_issues(found))


def read_add_ons(calls: Calls, records: Iterable[Record]) -> tuple[AddOn, ...]:
    """The add-ons, by name."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(sorted(pool.map(lambda record: _add_on(calls, record), records), key=lambda one: one.name))


def _add_on(calls: Calls, record: Record) -> AddOn:
    cluster, _, name = record.id.partition(":")
    params, address = {"clusterName": cluster, "addonName": name}, str(record.address)
    try:
        found = calls.one("eks", "DescribeAddon", params, about=record.id)["addon"]
    except NotFound:
        return AddOn(name=name, status="GONE", address=address)
    return AddOn(name=name, status=found["status"], problems=_issues(found), address=address)


def read_targets(calls: Calls, records: Iterable[Record]) -> tuple[Targets, ...]:
    """The targets of the stack's target groups; those of groups that are gone are left out."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda record: _targets(calls, record), records)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.address))


def _targets(calls: Calls, record: Record) -> Targets | None:
    try:
        answer = calls.one("elbv2", "DescribeTargetHealth", {"TargetGroupArn": record.id}, about=record.id)
    except NotFound:
        return None
    health = [one.get("TargetHealth") or {} for one in answer["TargetHealthDescriptions"]]
    states = [str(one.get("State")) for one in health]
    ill = {f"{one.get('Reason')}: {one.get('Description')}" for one in health if one.get("State") in _ILL}
    return Targets(
        name=str(record.outputs.get("name") or record.id.rpartition("/")[2]),
        address=str(record.address),
        total=len([one for one in states if one != "draining"]),
        healthy=states.count("healthy"),
        starting=states.count("initial"),
        ill=tuple(sorted(ill)),
    )


def read_groups(calls: Calls, records: Iterable[Record], now: datetime) -> tuple[Group, ...]:
    """The groups of machines, by name."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda record: _read_group(calls, record, now), records)
        return tuple(sorted(found, key=lambda group: group.name))


def _read_group(calls: Calls, record: Record, now: datetime) -> Group:
    name = record.address.parts[1] if len(record.address.parts) > 1 else record.id
    try:
        return _managed(calls, record, name, now) if record.type == _MANAGED else _own(calls, record.id, name, now)
    except NotFound:
        return Group(name=name, status="GONE")


def _managed(calls: Calls, record: Record, name: str, now: datetime) -> Group:
    cluster, _, own = record.id.partition(":")
    params = {"clusterName": cluster, "nodegroupName": own}
    found = calls.one("eks", "DescribeNodegroup", params, about=record.id)["nodegroup"]
    sizes = found.get("scalingConfig") or {}
    behind = [one["name"] for one in (found.get("resources") or {}).get("autoScalingGroups") or ()]
    parts = [_own(calls, one, name, now) for one in behind]
    return Group(
        name=name,
        status=found["status"],
        minimum=sizes.get("minSize", 0),
        maximum=sizes.get("maxSize", 0),
        desired=sum(one.desired for one in parts) if parts else sizes.get("desiredSize", 0),
        machines=sum(one.machines for one in parts),
        problems=_issues(found),
        failure=next((one.failure for one in parts if one.failure), ""),
        hindered=next((one.hindered for one in parts if one.hindered), ""),
        recovered=any(one.recovered for one in parts),
        labels=found.get("labels") or {},
        taints=tuple(_as_kubernetes(one) for one in found.get("taints") or ()),
        offers={name: amount for one in parts for name, amount in one.offers.items()},
        zones=tuple(sorted({zone for one in parts for zone in one.zones})),
    )


def _own(calls: Calls, id: str, name: str, now: datetime) -> Group:
    """A scaling group, ours or that of a managed group."""
    answer = calls.one("autoscaling", "DescribeAutoScalingGroups", {"AutoScalingGroupNames": [id]}, about=id)
    found = next(iter(answer["AutoScalingGroups"]), None)
    if found is None:
        return Group(name=name, status="GONE")
    told = calls.one(
        "autoscaling",
        "DescribeScalingActivities",
        {"AutoScalingGroupName": id, "MaxRecords": _ACTIVITIES},
        about=id,
    )
    machines = sum(one.get("LifecycleState") == _IN_SERVICE for one in found.get("Instances") or ())
    lacking = machines < found["DesiredCapacity"]
    failure, hindered = _tries(told["Activities"], now, lacking=lacking)
    return Group(
        name=name,
        minimum=found["MinSize"],
        maximum=found["MaxSize"],
        desired=found["DesiredCapacity"],
        machines=machines,
        failure=failure,
        hindered=hindered,
        recovered=bool(hindered) and _has_launched(told["Activities"]),
        labels=_told(found, "label"),
        taints=tuple(_taint(key, value) for key, value in _told(found, "taint").items()),
        offers=_told(found, "resources"),
        zones=tuple(sorted(found.get("AvailabilityZones") or ())),
    )


def _tries(activities: list[Answer], now: datetime, *, lacking: bool) -> tuple[str, str]:
    """Why machines that lack do not come; or why a try of late failed that nobody misses any more.

    The newest activity comes first. Where the newest succeeded, what lacks is on its way.
    """
    failed = [one for one in activities if one.get("StatusCode") in _FAILED]
    if not failed:
        return "", ""
    newest = failed[0]
    why = str(newest.get("StatusMessage") or newest.get("Description") or "no reason is given")
    if lacking and newest is activities[0]:
        return why, ""
    return "", why if now - newest["StartTime"] < _OF_LATE else ""


def _has_launched(activities: list[Answer]) -> bool:
    """Whether a machine came after the last one that did not; the newest activity comes first."""
    for one in activities:
        if one.get("StatusCode") in _FAILED:
            return False
        if one.get("StatusCode") == "Successful" and str(one.get("Description", "")).startswith("Launching"):
            return True
    return False


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


def _issues(found: Answer) -> tuple[str, ...]:
    issues = (found.get("health") or {}).get("issues") or ()
    return tuple(f"{one.get('code')}: {one.get('message')}" for one in issues)
