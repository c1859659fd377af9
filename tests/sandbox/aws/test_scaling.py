"""Scaling groups of mixed instances have the capacity that they are asked for, in the shares that they are told.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html (2026): the share on
demand above the base is rounded up to whole instances. With weights, capacity is counted in their units.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.aws.conftest import Aws


@pytest.mark.parametrize(
    ("wanted", "base", "percent", "on_demand"),
    [(2, 1, 25, 2), (7, 1, 25, 3), (5, 0, 50, 3), (4, 0, 0, 0), (3, 5, 0, 3), (4, 1, 100, 4)],
)
def test_shares_that_are_no_whole_numbers_lose_no_instance(
    aws: Aws, wanted: int, base: int, percent: int, on_demand: int
) -> None:
    share = {"OnDemandBaseCapacity": base, "OnDemandPercentageAboveBaseCapacity": percent}
    markets = [one.get("InstanceLifecycle", "on-demand") for one in _machines(aws, _group(aws, wanted, share))]
    assert (len(markets), markets.count("on-demand")) == (wanted, on_demand)


def test_weights_count_as_capacity_when_a_group_grows_and_when_it_shrinks(aws: Aws) -> None:
    group = _group(aws, 7, {"OnDemandBaseCapacity": 0}, weight="3")
    assert [one["WeightedCapacity"] for one in _instances(aws)] == ["3", "3", "3"]
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=5)
    assert len(_instances(aws)) == 2
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=4)
    assert len(_instances(aws)) == 2


def test_disks_of_mixed_machines_are_as_fast_as_their_template_says(aws: Aws) -> None:
    """moto drops what is said of their speed, and then refuses disks of which it must be said."""
    disk = {"VolumeSize": 60, "VolumeType": "io2", "Iops": 3000}
    _group(aws, 2, {"OnDemandBaseCapacity": 1}, BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}])
    volumes = [one for one in aws.ec2.describe_volumes()["Volumes"] if one["VolumeType"] == "io2"]
    assert [(one["Size"], one["Iops"]) for one in volumes] == [(60, 3000)] * 2


def _group(aws: Aws, wanted: int, share: dict[str, int], weight: str = "", **more: Any) -> str:
    data = {"ImageId": "ami-12345678", "InstanceType": "m5.large", **more}
    aws.ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)
    override = {"InstanceType": "m5.large", **({"WeightedCapacity": weight} if weight else {})}
    template = {"LaunchTemplateSpecification": {"LaunchTemplateName": "nodes"}, "Overrides": [override]}
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="nodes",
        MinSize=0,
        MaxSize=9,
        DesiredCapacity=wanted,
        VPCZoneIdentifier=",".join(aws.subnets(aws.vpc())),
        MixedInstancesPolicy={"LaunchTemplate": template, "InstancesDistribution": share},
    )
    return "nodes"


def _instances(aws: Aws) -> list[dict[str, Any]]:
    [group] = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    found: list[dict[str, Any]] = group["Instances"]
    return found


def _machines(aws: Aws, group: str) -> list[dict[str, Any]]:
    named = [{"Name": "tag:aws:autoscaling:groupName", "Values": [group]}]
    reservations = aws.ec2.describe_instances(Filters=named)["Reservations"]
    return [machine for reservation in reservations for machine in reservation["Instances"]]
