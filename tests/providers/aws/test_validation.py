from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.value import Concat, Ref
from tests.providers.aws.lifecycle import Account

UNKNOWN = Ref(Address("network.vpc"))
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
NODES = "aws:eks/nodeGroup:NodeGroup"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
FILES = "aws:efs/fileSystem:FileSystem"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ERRORS = {"name": "a", "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 2}
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
            QUEUE,
            {"name": "steps", "fifoQueue": True},
            "name is steps, and must end with .fifo, since fifoQueue is true",
        ),
        (QUEUE, {"name": "steps.fifo"}, "name is steps.fifo, and only with fifoQueue: true may it end with .fifo"),
        (QUEUE, {"name": f"{'x' * 76}.fifo", "fifoQueue": True}, "name has 81 characters with its .fifo"),
        (QUEUE, {"name": "a", "deduplicationScope": "queue"}, "deduplicationScope is for those with fifoQueue: true"),
        (QUEUE, {"name": "steps.fifo", "fifoQueue": UNKNOWN}, None),
        (QUEUE, {"name": UNKNOWN, "fifoQueue": True}, None),
        (TOPIC, {"name": "told", "contentBasedDeduplication": UNKNOWN}, "contentBasedDeduplication is for those with"),
        (TOPIC, {"name": "told", "fifoTopic": True}, "name is told, and must end with .fifo, since fifoTopic is true"),
        (
            PLACEMENT,
            {"name": "near", "strategy": "cluster", "partitionCount": 3},
            "partitionCount is for those with strategy: partition, and this one has cluster",
        ),
        (PLACEMENT, {"name": "apart", "strategy": "partition", "partitionCount": 3}, None),
        (PLACEMENT, {"name": "apart", "strategy": UNKNOWN, "partitionCount": 3}, None),
        (FILES, {"throughputMode": "provisioned"}, "throughputMode is provisioned, which needs provisionedThroughput"),
        (FILES, {"provisionedThroughputInMibps": 9.0}, "provisionedThroughputInMibps is for those with throughputMode"),
        (FILES, {"throughputMode": "provisioned", "provisionedThroughputInMibps": UNKNOWN}, None),
        (ALARM, {**ERRORS, "datapointsToAlarm": 5}, "datapointsToAlarm is 5, and may be 2"),
        (ALARM, {**ERRORS, "datapointsToAlarm": 2}, None),
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


def test_what_a_disk_cannot_have_is_said_all_at_once(account: Account) -> None:
    def said(**ebs: Any) -> list[str]:
        disk = {"deviceName": "/dev/xvda", "ebs": {"kmsKeyId": UNKNOWN, **ebs}}
        complaints = account.provider.validate(TEMPLATE, {"name": "nodes", "blockDeviceMappings": [disk]})
        return [one.removeprefix("blockDeviceMappings[0].ebs.") for one in complaints]

    assert said(volumeType="gp3", volumeSize=100, iops=100, throughput=9000) == [
        "iops is 100: gp3 has 3000 IOPS at least",
        "throughput is 9000: gp3 has 2000 MiB a second at most",
    ]
    assert said(volumeType="io1", volumeSize=10) == ["iops is missing: io1 needs its IOPS"]
    assert said(volumeType="gp3", iops=4000, throughput=1000) == said(iops=7) == said(volumeType=UNKNOWN, iops=7) == []
