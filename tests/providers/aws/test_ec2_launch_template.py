from __future__ import annotations

import base64

import pytest

from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.ec2_launch_template import LAUNCH_TEMPLATE
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_ec2_network import A_VPC
from tests.providers.aws.test_ec2_security_groups import A_GROUP

DISK = {
    "deviceName": "/dev/xvda",
    "ebs": {"volumeSize": 200, "volumeType": "gp3", "iops": 3000, "throughput": 250, "encrypted": "true"},
}
CASES = [
    Case(
        type=LAUNCH_TEMPLATE,
        needs={"vpc": A_VPC, "group": A_GROUP},
        properties=lambda account: {
            "name": "inference",
            "description": "first",
            "blockDeviceMappings": [DISK],
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "vpcSecurityGroupIds": [account.id("group")],
            "userData": base64.b64encode(b"#!/bin/sh").decode(),
            "monitoring": {"enabled": True},
            "instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": "0.9"}},
            "tagSpecifications": [{"resourceType": "instance", "tags": {"Name": "inference", "team": "recsys"}}],
            "tags": {"team": "recsys"},
        },
        changes=(
            lambda account: {"blockDeviceMappings": [{**DISK, "ebs": {**DISK["ebs"], "volumeSize": 300}}]},  # type: ignore[dict-item]
            lambda account: {"userData": None},
            lambda account: {"metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}},
            lambda account: {"placement": {"groupName": "training"}},
            lambda account: {"imageId": "ami-12345678", "description": "second"},
            lambda account: {"tags": None},
        ),
    ),
    Case(
        name="with interfaces",
        type=LAUNCH_TEMPLATE,
        needs={"vpc": A_VPC, "group": A_GROUP},
        properties=lambda account: {
            "name": "training",
            "networkInterfaces": [
                {
                    "deviceIndex": 0,
                    "networkCardIndex": 0,
                    "interfaceType": "efa",
                    "deleteOnTermination": "true",
                    "securityGroups": [account.id("group")],
                }
            ],
            "instanceRequirements": {
                "vcpuCount": {"min": 4},
                "memoryMib": {"min": 16384},
                "acceleratorTotalMemoryMib": {"min": 8192},
                "memoryGibPerVcpu": {"min": 2},
            },
        },
        changes=(lambda account: {"ebsOptimized": "true"},),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def test_a_change_is_a_new_version_and_ownership_stays_out_of_it(account: Account) -> None:
    made = account.make("template", LAUNCH_TEMPLATE, {"name": "a", "instanceType": "m5.large", "tags": {"a": "b"}})
    target = account.target("template", LAUNCH_TEMPLATE, {"name": "a", "instanceType": "m6i.large", "tags": {"a": "b"}})
    updated = account.provider.update(target, made, frozenset({("instanceType",)}), account.journal())
    assert (made.properties["latestVersion"], updated.properties["latestVersion"]) == (1, 2)
    versions = account.calls.one("ec2", "DescribeLaunchTemplateVersions", {"LaunchTemplateId": made.id})
    assert "mlinfra" not in repr([version["LaunchTemplateData"] for version in versions["LaunchTemplateVersions"]])


def test_more_templates_than_a_page_holds_are_all_read(account: Account) -> None:
    ids = {account.make(f"t{n}", LAUNCH_TEMPLATE, {"name": f"t{n}", "instanceType": "m5.large"}).id for n in range(20)}
    listed = account.listed(LAUNCH_TEMPLATE, Interest(frozenset(ids)))
    assert {present.id for present in listed} == ids
    assert {present.properties["instanceType"] for present in listed} == {"m5.large"}
