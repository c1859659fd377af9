"""What the simulated account writes is what moto writes, and the names of members are worked out once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.responses import ActionContext, ActionResult
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from mlinfra.sandbox.aws import serialization
from mlinfra.sandbox.aws.serialization import Remembered


class Vpc:
    """An object as moto has them: snake case, and its own name left out."""

    def __init__(self, number: int) -> None:
        self.id = f"vpc-{number}"
        self.cidr_block = "10.0.0.0/16"
        self.is_default = "false"
        self.tags = [{"Key": "Name", "Value": "<one>"}]
        self.state = None


class DBInstance:
    """One that says itself what its members are called."""

    class Meta:
        serialization_aliases = {"DBInstanceStatus": "condition.now"}

    identifier = "one"
    condition = {"now": "available"}
    endpoint = SimpleNamespace(address="one.example.com", port=5432)


CASES = [
    ("ec2", "ec2", "DescribeVpcs", {"Vpcs": [Vpc(1), Vpc(2), {"VpcId": "vpc-3"}]}),
    ("rds", "query", "DescribeDBInstances", {"DBInstances": [DBInstance()]}),
    ("logs", "json", "DescribeLogGroups", {"logGroups": [{"logGroupName": "a", "creationTime": 1}]}),
    ("iam", "query", "ListRoles", {"Roles": [{"RoleName": "one", "AssumeRolePolicyDocument": '{"a": "b c"}'}]}),
    ("eks", "rest-json", "ListClusters", {"clusters": ["one", "two"]}),
    ("iam", "query", "GetRole", {"Role": SimpleNamespace(role_name="one", path="/", tags=[])}),
    ("ec2", "ec2", "DeleteVpc", None),
    ("ec2", "ec2", "DescribeVpcs", {"Vpcs": [], "NextToken": "<&>\"' \u00e9"}),
    ("ec2", "ec2", "DescribeTags", {"Tags": [{"Key": "", "Value": "a\nb"}]}),
    ("sqs", "query", "GetQueueAttributes", {"Attributes": {"VisibilityTimeout": "30", "Policy": '{"a": 1}'}}),
    ("autoscaling", "query", "DescribeAutoScalingGroups", {"AutoScalingGroups": [{"MinSize": 0, "Instances": []}]}),
    ("elbv2", "query", "DescribeTags", {"TagDescriptions": [{"ResourceArn": "a", "Tags": []}]}),
    ("sts", "query", "GetCallerIdentity", {"Account": "1", "Arn": None}),
]


def context_of(service: str, protocol: str, operation: str) -> ActionContext:
    model = get_service_model(service)
    # Roles are shown with their documents in another form, by the end of a path.
    transformers = {"AssumeRolePolicyDocument": lambda text: text and text.replace(" ", "%20")}
    response: Any = SimpleNamespace(RESPONSE_KEY_PATH_TO_TRANSFORMER=transformers)
    return ActionContext(model, model.operation_model(operation), get_serializer_class(service, protocol), response)


@pytest.mark.parametrize(("service", "protocol", "operation", "result"), CASES)
def test_an_answer_is_written_as_moto_writes_it(service: str, protocol: str, operation: str, result: Any) -> None:
    context = context_of(service, protocol, operation)
    written = ActionResult(result).execute_result(context)
    assert Remembered(ActionResult(result)).execute_result(context) == written
    assert Remembered(ActionResult(result)).execute_result(context) == written  # and from memory


def test_the_names_of_members_are_worked_out_once_for_all_objects_of_a_kind() -> None:
    context = context_of("ec2", "ec2", "DescribeVpcs")
    Remembered(ActionResult({"Vpcs": [Vpc(1)]})).execute_result(context)
    known = len(serialization._KNOWN)
    Remembered(ActionResult({"Vpcs": [Vpc(number) for number in range(50)]})).execute_result(context)
    assert len(serialization._KNOWN) == known
