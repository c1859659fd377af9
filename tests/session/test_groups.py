"""Groups of machines, of what EKS and Auto Scaling answer: one of the stack each, with the reason that holds now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlinfra.core.facts import InstanceType
from mlinfra.health.offers import offers_of
from mlinfra.session.status.groups import Part, managed, own, together

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
A10G = InstanceType(name="g5.xlarge", vcpus=4, memory_mib=16384, gpus=1, gpu_name="A10G")
TYPES = {one.name: one for one in (A10G, InstanceType(name="m6i.large", vcpus=2, memory_mib=8192))}
WHY = "We currently do not have sufficient g5.xlarge capacity"


def activity(what: str, minutes: float, *, failed: bool = False, cause: str = "") -> dict[str, Any]:
    """One that began so many minutes ago."""
    start, status = NOW - timedelta(minutes=minutes), "Failed" if failed else "Successful"
    return {"Description": what, "StartTime": start, "StatusCode": status, "StatusMessage": WHY, "Cause": cause}


def launch(minutes: float, *, failed: bool = False) -> dict[str, Any]:
    return activity("Launching a new EC2 instance", minutes, failed=failed)


def scaling(*activities: dict[str, Any], machines: int = 0, desired: int = 0, **more: Any) -> Part:
    """A scaling group with so many machines."""
    found = {
        "AutoScalingGroupName": "asg",
        "MinSize": 0,
        "MaxSize": 4,
        "DesiredCapacity": desired,
        "Instances": [{"InstanceId": f"i-{number}", "LifecycleState": "InService"} for number in range(machines)],
        **more,
    }
    return own(found, list(activities), "gpu", NOW, TYPES)


def test_a_fallback_that_got_a_machine_after_the_failure_stands_in() -> None:
    spot, fallback = scaling(launch(10, failed=True)), scaling(launch(9), machines=1, desired=1)
    group = together([fallback, spot])
    assert (group.machines, group.desired, group.maximum) == (1, 1, 8)
    assert (group.hindered, group.failure) == (WHY, "")
    assert (group.stood_in, group.recovered) == (True, False)


def test_a_fallback_that_came_for_an_earlier_failure_does_not_stand_in_for_a_new_one() -> None:
    spot = scaling(launch(2, failed=True), launch(20), launch(30, failed=True))
    assert not together([scaling(launch(29), machines=1, desired=1), spot]).stood_in


def test_a_fallback_stands_in_as_long_as_nothing_else_is_to_be_had() -> None:
    for failures in (2, 25):  # fewer, and more than are looked back at
        spot = scaling(*(launch(minutes, failed=True) for minutes in range(1, failures)), launch(30, failed=True))
        assert together([scaling(launch(29), machines=1, desired=1), spot]).stood_in
    still_asked = scaling(launch(1, failed=True), launch(30, failed=True), desired=1)
    assert together([scaling(launch(29), machines=1, desired=1), still_asked]).stood_in


def test_a_group_that_got_one_itself_since_has_recovered() -> None:
    spot = scaling(launch(1), launch(10, failed=True), machines=1, desired=1)
    group = together([scaling(), spot])
    assert (group.recovered, group.stood_in) == (True, False)


def test_what_lacks_and_failed_last_is_a_failure_whatever_ended_since() -> None:
    group = scaling(activity("Terminating EC2 instance: i-9", 1), launch(2, failed=True), desired=1).group
    assert (group.failure, group.hindered) == (WHY, "")


def test_what_is_on_its_way_is_no_failure() -> None:
    group = scaling(launch(1), launch(2, failed=True), desired=1).group
    assert (group.failure, group.hindered, group.launched) == ("", WHY, NOW - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("cause", "counts"), [("an EC2 health check", True), ("shrinking the capacity from 2 to 1", False)]
)
def test_a_machine_that_a_group_gave_up_by_itself_is_not_one_to_be_replaced(cause: str, counts: bool) -> None:
    ended = activity("Terminating EC2 instance: i-9", 3, cause=f"was taken out of service in response to {cause}")
    assert (scaling(ended).group.ended is not None) is counts


def test_a_group_that_may_start_none_is_told_so() -> None:
    suspended = [{"ProcessName": "Launch", "SuspensionReason": "User suspended at 2026-11-25T08:00:00Z"}]
    group = scaling(launch(90), desired=1, SuspendedProcesses=suspended).group
    assert group.failure == "the process Launch is suspended (User suspended at 2026-11-25T08:00:00Z)"
    assert scaling(desired=0, SuspendedProcesses=suspended).group.failure == ""


def test_a_managed_group_without_a_machine_is_known_by_its_instance_types() -> None:
    told = {
        "status": "ACTIVE",
        "scalingConfig": {"minSize": 1, "maxSize": 3},
        "instanceTypes": ["m6i.large", "g5.xlarge"],
    }
    group = managed(told, [scaling(desired=1)], "gpu", TYPES).group
    assert group.offers == {"cpu": "3920m", "memory": "15842Mi", "nvidia.com/gpu": "1"}
    assert (group.minimum, group.maximum, group.scaling_groups) == (1, 3, ("asg",))


def test_how_many_parts_a_divided_gpu_has_no_type_tells() -> None:
    assert "nvidia.com/gpu" not in offers_of(["g5.xlarge"], {"nvidia.com/device-plugin.config": "mig-mixed"}, TYPES)
    assert offers_of(["x9.huge"], {}, TYPES) == {}


def test_what_tags_tell_of_a_groups_nodes_goes_before_what_types_do() -> None:
    tag = {"Key": "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu", "Value": "4"}
    policy = {"LaunchTemplate": {"Overrides": [{"InstanceType": "g5.xlarge"}]}}
    group = scaling(Tags=[tag], MixedInstancesPolicy=policy).group
    assert group.offers == {"cpu": "3920m", "memory": "15842Mi", "nvidia.com/gpu": "4"}
