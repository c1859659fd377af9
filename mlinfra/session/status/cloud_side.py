"""What the cloud says of a stack's cluster, add-ons and databases, and what its load balancers send to. Only reads.

`looking` calls it. Shapes: API references of EKS (DescribeCluster, DescribeAddon), Elastic Load Balancing
(DescribeTargetHealth) and RDS (DescribeDBInstances), November 2026.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from mlinfra.aws.calls import Answer, Calls
from mlinfra.core.errors import NotFound
from mlinfra.core.state import Record
from mlinfra.health.seen import AddOn, Cluster, Database, Targets

TARGETS = "aws:lb/targetGroup:TargetGroup"
_ILL = ("unhealthy", "unavailable", "unused")
ADD_ON = "aws:eks/addon:Addon"
DATABASE = "aws:rds/instance:Instance"
_AT_ONCE = 8


def read_cluster(calls: Calls, record: Record) -> Cluster:
    """The control plane."""
    name = str(record.outputs.get("name") or record.id)
    try:
        found = calls.one("eks", "DescribeCluster", {"name": name}, about=name)["cluster"]
    except NotFound:
        return Cluster(name=name, status="GONE")
    return Cluster(name=name, status=found["status"], problems=issues_of(found))


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
    return AddOn(name=name, status=found["status"], problems=issues_of(found), address=address)


def read_databases(calls: Calls, records: Iterable[Record]) -> tuple[Database, ...]:
    """The databases of the stack's entries. Each is asked for alone: an account may have many that are others'."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(lambda record: _database(calls, record), records))


def _database(calls: Calls, record: Record) -> Database:
    address = str(record.address)
    try:
        answer = calls.one("rds", "DescribeDBInstances", {"DBInstanceIdentifier": record.id}, about=record.id)
    except NotFound:
        return Database(name=record.id, status="gone", address=address)
    found = next(iter(answer["DBInstances"]), {"DBInstanceStatus": "gone"})
    return Database(name=record.id, status=str(found["DBInstanceStatus"]), address=address)


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


def issues_of(found: Answer) -> tuple[str, ...]:
    """What EKS says is wrong with something of its own."""
    issues = (found.get("health") or {}).get("issues") or ()
    return tuple(f"{one.get('code')}: {one.get('message')}" for one in issues)
