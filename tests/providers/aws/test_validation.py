from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Concat, Ref
from tests.providers.aws.lifecycle import Account

UNKNOWN = Ref(Address("network.vpc"))
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODES = "aws:eks/nodeGroup:NodeGroup"
SCALING = {"minSize": 0, "maxSize": 1, "desiredSize": 0}


@pytest.mark.parametrize(
    ("token", "properties", "complaint"),
    [
        ("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, "vpcId is required"),
        ("aws:ec2/natGateway:NatGateway", {"connectivityType": "open"}, "connectivityType is 'open'; AWS knows"),
        ("aws:iam/role:Role", {"name": "x" * 70, "assumeRolePolicy": "{}"}, "name has 70 characters, more than 64"),
        ("aws:ecr/repository:Repository", {"name": "Models"}, "name is 'Models', which does not match"),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": 10}, None),  # a number is a text to AWS
        ("aws:ec2/vpc:Vpc", {"cidrBlock": True}, "cidrBlock must be a string, not bool"),
        (
            TEMPLATE,
            {"name": "nodes", "blockDeviceMappings": [{"ebs": {"volumeType": "gp9"}}]},
            "blockDeviceMappings[0].ebs.volumeType is 'gp9'; AWS knows",
        ),
        (
            NODES,
            {
                "clusterName": UNKNOWN,
                "nodeGroupName": "a",
                "nodeRoleArn": UNKNOWN,
                "subnetIds": [UNKNOWN],
                "scalingConfig": {**SCALING, "minSize": -1},
            },
            "scalingConfig.minSize is -1, below 0",
        ),
        (
            NODES,
            {
                "clusterName": UNKNOWN,
                "nodeGroupName": Concat(("a", UNKNOWN)),
                "nodeRoleArn": UNKNOWN,
                "subnetIds": UNKNOWN,
                "scalingConfig": SCALING,
                "taints": [{"key": "gpu", "effect": "NoSchedule"}],
            },
            "taints[0].effect is 'NoSchedule'; AWS knows NO_SCHEDULE",
        ),
    ],
)
def test_what_aws_would_refuse_is_said_without_a_call(
    account: Account, token: str, properties: dict[str, Any], complaint: str | None
) -> None:
    account.server.calls.clear()
    said = list(account.provider.validate(token, properties))
    assert len(said) == (0 if complaint is None else 1)
    assert complaint is None or said[0].startswith(complaint)
    assert len(account.server.calls) == 0


def test_unknown_parts_are_passed_over(account: Account) -> None:
    properties = {"vpcId": UNKNOWN, "cidrBlock": Concat((UNKNOWN, "/24")), "tags": {"a": UNKNOWN}}
    assert list(account.provider.validate("aws:ec2/subnet:Subnet", properties)) == []
