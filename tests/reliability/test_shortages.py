"""R14: no capacity, no quota, groups that fail or degrade: the cause is said, nothing leaks, the next apply goes on."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule

from . import points
from .place import KILLED, STACK, MakePlace, Place
from .reference import Reference
from .stacks import FORMS
from .test_kill import killing

INCOMPLETE = 6
CLUSTER = FORMS["cluster"]


# What goes wrong, and what must be said of it.
SHORTAGES: dict[str, tuple[FaultRule, tuple[str, ...]]] = {
    "no-capacity": (
        FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances"),
        ("CREATE_FAILED", "capacity", "MLI5004"),
    ),
    "group-quota": (
        FaultRule(kind=FaultKind.QUOTA, service="eks", operation="CreateNodegroup"),
        ("CreateNodegroup", "MLI5003"),
    ),
    "machine-quota": (
        FaultRule(kind=FaultKind.QUOTA, operation="RunInstances"),
        ("CREATE_FAILED", "resources.group", "MLI5003"),
    ),
    "network-quota": (FaultRule(kind=FaultKind.QUOTA, service="ec2", operation="CreateVpc"), ("CreateVpc", "MLI5003")),
    "cluster-quota": (
        FaultRule(kind=FaultKind.QUOTA, service="eks", operation="CreateCluster"),
        ("CreateCluster", "MLI5003"),
    ),
    "no-permission": (
        FaultRule(kind=FaultKind.DENIED, service="iam", operation="CreateRole"),
        ("CreateRole", "MLI5002"),
    ),
}
SAMPLE = ["no-capacity", "group-quota"]
# The calls of the apply that replaces a group that failed: it is deleted, and made again.
MENDING = [f"{number}/{when}" for number in (1, 2) for when in ("before", "after")]


def fall_short(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: an apply falls short of something, says of what, and the next goes on once that is over."""
    shortage, words = SHORTAGES[point]
    kinds = reference.of(CLUSTER).kinds["create"]
    with places() as place:
        place.write(CLUSTER.first)
        with place.faults(shortage):
            _fails(place, *words)
        place.do("apply", STACK, "--yes")
        assert place.kinds() == kinds
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


@pytest.mark.parametrize("point", SAMPLE)
def test_a_shortage_is_named_and_the_next_apply_goes_on_once_it_is_over(
    point: str, places: MakePlace, reference: Reference
) -> None:
    fall_short(point, places, reference)


@pytest.mark.long
@points.sharded
def test_every_shortage(shard: int, places: MakePlace, reference: Reference) -> None:
    points.run("R14 shortage", shard, SHORTAGES, lambda point: fall_short(point, places, reference))


def test_what_a_failed_group_left_is_destroyed_with_the_rest(places: MakePlace) -> None:
    with places() as place:
        place.write(CLUSTER.first)
        with place.faults(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances")):
            _fails(place, "CREATE_FAILED")
            place.do("destroy", STACK, "--yes")
        place.gone()


def die_mending(point: str, places: MakePlace, reference: Reference) -> None:
    """One point: a group fails for lack of room; the run that replaces it dies at its n-th call; one more goes on."""
    number, when = point.split("/")
    kinds = reference.of(CLUSTER).kinds["create"]
    with places() as place:
        place.write(CLUSTER.first)
        with place.faults(SHORTAGES["no-capacity"][0]):
            _fails(place, "CREATE_FAILED")
        with place.faults(killing(int(number), when)):
            process = place.start("apply", STACK, "--yes")
            assert process.end() == KILLED, process.printed()
        place.do("apply", STACK, "--yes")
        assert place.kinds() == kinds
        place.settled(listed=True)
        place.do("destroy", STACK, "--yes")
        place.gone()


@pytest.mark.long
@points.sharded
def test_every_killed_mending(shard: int, places: MakePlace, reference: Reference) -> None:
    points.run("R14 killed mending", shard, MENDING, lambda point: die_mending(point, places, reference))


@pytest.mark.parametrize("lacking", [{"InstanceType": "g5.*"}, {"AvailabilityZone": "us-east-1a"}])
def test_the_next_instance_type_or_zone_is_taken_where_the_stack_allows_it(
    lacking: dict[str, str], places: MakePlace
) -> None:
    stack = _with_group(instanceTypes=["g5.xlarge", "m6i.large"])
    with places() as place:
        place.write(stack)
        with place.faults(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances", where=lacking)):
            place.do("apply", STACK, "--yes")
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


def test_a_degraded_group_says_why_and_is_mended_by_the_next_apply(places: MakePlace) -> None:
    """The update needs another node, and there is none: EKS keeps the group and calls it DEGRADED."""
    with places() as place:
        place.write(CLUSTER.first)
        place.do("apply", STACK, "--yes")
        place.write(_with_group(scalingConfig={"minSize": 2, "maxSize": 3, "desiredSize": 2}))
        with place.faults(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances")):
            _fails(place, "capacity", "MLI5004")
        place.do("apply", STACK, "--yes")
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


def test_a_role_that_eks_does_not_know_yet_is_waited_for(places: MakePlace) -> None:
    """IAM is slow to tell other services: the words are EKS's own for a role that has just been made."""
    lagging = FaultRule(
        kind=FaultKind.ERROR,
        operation="CreateCluster",
        count=3,
        code="InvalidParameterException",
        message="Role with arn: arn:aws:iam::123456789012:role/eks, could not be assumed because it does not exist",
        status=400,
    )
    with places() as place:
        place.write(CLUSTER.first)
        with place.faults(lagging):
            place.do("apply", STACK, "--yes")
        place.settled()
        place.do("destroy", STACK, "--yes")
        place.gone()


def _with_group(**properties: Any) -> dict[str, Any]:
    resources = dict(CLUSTER.first["resources"])
    group = resources["group"]
    resources["group"] = {**group, "properties": {**group["properties"], **properties}}
    return {**CLUSTER.first, "resources": resources}


def _fails(place: Place, *words: str) -> None:
    ran = place.run("apply", STACK, "--yes")
    assert ran.code == INCOMPLETE, ran.out + ran.err
    said = " ".join(ran.err.split())
    assert [word for word in words if word not in said] == [], said
