from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from mlinfra.core.errors import CapacityUnavailable
from mlinfra.core.observed import Present
from mlinfra.core.provider import Remark
from mlinfra.providers.aws.services.autoscaling import GROUP, TAG
from mlinfra.providers.aws.services.ec2_launch_template import LAUNCH_TEMPLATE
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_GATEWAY, A_VPC
from tests.providers.aws.test_load_balancing import a_subnet, targets

A_TEMPLATE = (LAUNCH_TEMPLATE, lambda account: {"name": "inference", "instanceType": "m5.large"})
ANOTHER = (LAUNCH_TEMPLATE, lambda account: {"name": "training", "instanceType": "m5.xlarge"})
NEEDS = {
    "vpc": A_VPC,
    "gateway": A_GATEWAY,
    "one": a_subnet(1, "us-east-1a"),
    "two": a_subnet(2, "us-east-1b"),
    "template": A_TEMPLATE,
    "other": ANOTHER,
}
A_GROUP = (
    GROUP,
    lambda account: {
        "name": "inference",
        "minSize": 0,
        "maxSize": 4,
        "vpcZoneIdentifiers": [account.id("one")],
        "launchTemplate": {"id": account.id("template")},
    },
)


def tag(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": value, "propagateAtLaunch": True}


def mixed(account: Account, *types: str, base: int = 1) -> dict[str, Any]:
    return {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": account.id("template"), "version": "1"},
            "overrides": [{"instanceType": name} for name in types],
        },
        "instancesDistribution": {
            "onDemandBaseCapacity": base,
            "onDemandPercentageAboveBaseCapacity": 20,
            "spotAllocationStrategy": "capacity-optimized-prioritized",
            "spotMaxPrice": "0.9",
        },
    }


CASES = [
    Case(
        type=GROUP,
        needs={**NEEDS, "targets": targets("models")},
        properties=lambda account: {
            "name": "inference",
            "minSize": 0,
            "maxSize": 3,
            "desiredCapacity": 1,
            "vpcZoneIdentifiers": [account.id("one"), account.id("two")],
            "launchTemplate": {"id": account.id("template"), "version": "1"},
            "healthCheckGracePeriod": 60,
            "tags": [tag("team", "recsys")],
        },
        changes=(
            lambda account: {"maxSize": 5, "minSize": 1},
            lambda account: {"vpcZoneIdentifiers": [account.id("two")]},
            lambda account: {"launchTemplate": {"id": account.id("other"), "version": "$Latest"}},
            lambda account: {"healthCheckGracePeriod": None, "healthCheckType": "ELB"},
            lambda account: {"targetGroupArns": [account.id("targets")]},
            lambda account: {"targetGroupArns": None},
            lambda account: {"suspendedProcesses": ["AZRebalance", "Launch"]},
            lambda account: {"suspendedProcesses": ["AZRebalance"]},
            lambda account: {"enabledMetrics": ["GroupDesiredCapacity"]},
            lambda account: {"capacityRebalance": True, "defaultCooldown": 60, "protectFromScaleIn": True},
            lambda account: {"instanceMaintenancePolicy": {"minHealthyPercentage": 90, "maxHealthyPercentage": 120}},
            lambda account: {"instanceMaintenancePolicy": None, "maxInstanceLifetime": 86400},
            lambda account: {"maxInstanceLifetime": None, "placementGroup": "training"},
            lambda account: {"placementGroup": None, "enabledMetrics": None},
            lambda account: {"terminationPolicies": ["OldestInstance", "Default"], "protectFromScaleIn": None},
            lambda account: {"tags": [tag("team", "search"), tag("more", "x")]},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        name="of mixed instances",
        type=GROUP,
        needs=NEEDS,
        properties=lambda account: {
            "name": "inference",
            "minSize": 0,
            "maxSize": 8,
            "vpcZoneIdentifiers": [account.id("one")],
            "mixedInstancesPolicy": mixed(account, "g5.xlarge", "g4dn.2xlarge"),
        },
        changes=(
            lambda account: {"mixedInstancesPolicy": mixed(account, "g5.xlarge", "g5.2xlarge", "g4dn.2xlarge")},
            lambda account: {"mixedInstancesPolicy": mixed(account, "g5.xlarge", base=0)},
        ),
    ),
    Case(
        type=TAG,
        needs={**NEEDS, "group": A_GROUP},
        properties=lambda account: {
            "autoscalingGroupName": account.id("group"),
            "tag": {"key": "k8s.io/cluster-autoscaler/enabled", "value": "true", "propagateAtLaunch": False},
        },
        changes=(
            lambda account: {
                "tag": {"key": "k8s.io/cluster-autoscaler/enabled", "value": "false", "propagateAtLaunch": True}
            },
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_what_keeps_a_group_from_its_machines_is_told(account: Account) -> None:
    for name, (token, build) in NEEDS.items():
        account.make(name, token, build(account))
    account.server.faults.add(FaultRule(kind=FaultKind.CAPACITY, service="ec2", operation="RunInstances"))
    properties = {**A_GROUP[1](account), "desiredCapacity": 1}
    journal = account.journal()
    with pytest.raises(CapacityUnavailable, match=r"m5\.large capacity"):
        account.provider.create(account.target("group", GROUP, properties), journal)
    assert journal.ids == ["inference"]


def test_a_group_that_got_another_type_than_the_first_says_so(account: Account) -> None:
    for name, (token, build) in NEEDS.items():
        account.make(name, token, build(account))
    lacking = {"InstanceType": "g5.xlarge"}
    account.server.faults.add(
        FaultRule(kind=FaultKind.CAPACITY, service="ec2", operation="RunInstances", where=lacking)
    )
    properties = {**A_GROUP[1](account), "desiredCapacity": 1}
    del properties["launchTemplate"]
    properties["mixedInstancesPolicy"] = mixed(account, "g5.xlarge", "g5.2xlarge")
    journal = account.journal()
    account.provider.create(account.target("group", GROUP, properties), journal)
    remarks = [words for words in journal.words if isinstance(words, Remark)]
    assert len(remarks) == 1
    assert remarks[0].startswith("of 1 machine it got 1 g5.2xlarge in place of g5.xlarge: ")


ROLLING = {"strategy": "Rolling", "preferences": {"autoRollback": True, "instanceWarmup": "60", "skipMatching": True}}


def _rolling_group(account: Account, machines: int = 2) -> tuple[dict[str, Any], Present]:
    for name, (token, build) in NEEDS.items():
        account.make(name, token, build(account))
    properties = {
        "name": "inference",
        "minSize": 0,
        "maxSize": 8,
        "desiredCapacity": machines,
        "vpcZoneIdentifiers": [account.id("one")],
        "mixedInstancesPolicy": mixed(account, "g5.xlarge", base=2),
        "instanceRefresh": ROLLING,
    }
    return properties, account.make("group", GROUP, properties)


def _with_template(account: Account, properties: dict[str, Any], template: str = "other") -> dict[str, Any]:
    policy = mixed(account, "g5.xlarge", base=2)
    policy["launchTemplate"]["launchTemplateSpecification"]["launchTemplateId"] = account.id(template)
    return {**properties, "mixedInstancesPolicy": policy}


def _machines(account: Account) -> set[str]:
    group = account.calls.one("autoscaling", "DescribeAutoScalingGroups", {})["AutoScalingGroups"][0]
    return {one["InstanceId"] for one in group["Instances"]}


def _update(account: Account, properties: dict[str, Any], made: Present) -> Present:
    target = account.target("group", GROUP, properties, made.id)
    changed = frozenset({("mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification", "launchTemplateId")})
    return account.provider.update(target, made, changed, account.journal())


def test_another_template_replaces_every_machine_and_is_the_groups_once_that_is_done(account: Account) -> None:
    properties, made = _rolling_group(account)
    before = _machines(account)
    wanted = _with_template(account, properties)
    shown = _update(account, wanted, made)
    assert _machines(account).isdisjoint(before)
    assert len(_machines(account)) == 2
    specification = shown.properties["mixedInstancesPolicy"]["launchTemplate"]["launchTemplateSpecification"]
    assert specification["launchTemplateId"] == account.id("other")


def test_where_there_are_no_machines_nothing_is_replaced(account: Account) -> None:
    properties, made = _rolling_group(account, machines=0)
    account.server.calls.clear()
    _update(account, _with_template(account, properties), made)
    assert "autoscaling:StartInstanceRefresh" not in account.server.calls.counts()


@contextmanager
def slowly(account: Account, update: float) -> Iterator[None]:
    """What runs for a while is under way for that long, in seconds; how often it is looked at meanwhile is all one."""
    inside = account.server.inside
    inside.pace, before = msgspec.structs.replace(inside.pace, update=update), inside.pace
    try:
        yield
    finally:
        inside.pace = before


def test_a_refresh_that_a_stopped_run_began_is_waited_for_and_not_begun_again(account: Account) -> None:
    properties, made = _rolling_group(account)
    wanted = _with_template(account, properties)
    specification = {"LaunchTemplateId": account.id("other"), "Version": "1"}
    policy = {
        "LaunchTemplate": {"LaunchTemplateSpecification": specification, "Overrides": [{"InstanceType": "g5.xlarge"}]}
    }
    asked = {"AutoScalingGroupName": made.id, "DesiredConfiguration": {"MixedInstancesPolicy": policy}}
    with slowly(account, update=0.05):
        account.calls.one("autoscaling", "StartInstanceRefresh", asked)
        account.server.calls.clear()
        shown = _update(account, wanted, made)
    assert account.server.calls.counts()["autoscaling:DescribeInstanceRefreshes"] > 1
    assert "autoscaling:StartInstanceRefresh" not in account.server.calls.counts()
    found = shown.properties["mixedInstancesPolicy"]["launchTemplate"]["launchTemplateSpecification"]
    assert found["launchTemplateId"] == account.id("other")


def test_a_refresh_that_fails_leaves_the_group_as_it_was_and_says_why(account: Account) -> None:
    properties, made = _rolling_group(account)
    before = _machines(account)
    account.server.faults.add(FaultRule(kind=FaultKind.CAPACITY, service="ec2", operation="RunInstances"))
    with pytest.raises(CapacityUnavailable, match=r"RollbackSuccessful.*g5\.xlarge capacity"):
        _update(account, _with_template(account, properties), made)
    assert _machines(account) == before
    shown = account.calls.one("autoscaling", "DescribeAutoScalingGroups", {})["AutoScalingGroups"][0]
    kept = shown["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    assert kept["LaunchTemplateId"] == account.id("template")


def test_nobody_waits_for_machines_where_that_is_not_wanted(account: Account) -> None:
    for name, (token, build) in NEEDS.items():
        account.make(name, token, build(account))
    account.server.faults.add(FaultRule(kind=FaultKind.CAPACITY, service="ec2", operation="RunInstances"))
    made = account.make("group", GROUP, {**A_GROUP[1](account), "desiredCapacity": 1, "waitForCapacityTimeout": "0"})
    assert made.properties["desiredCapacity"] == 1
