"""Scaling groups of our own: machines on demand and spot that join the cluster, and go without a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import msgspec

from tests.sandbox.aws.entrance import enter
from tests.sandbox.kubernetes.client import Client, eventually

from .account import Account

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: mixed, tags: {team: recsys}}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: development}
network: {cidr: 10.40.0.0/16, zones: 2, nat: single}
cluster: {version: "1.33", logs: [api, audit, authenticator], secretsEncryption: false}
nodeGroups:
  system: {instances: [m6i.large], min: 1, max: 2}
  gpu:
    instances: [g5.xlarge, g5.2xlarge]
    capacity: {type: mixed, onDemandBase: 1, maxPrice: 0.9, fallback: on-demand}
    min: 2
    max: 4
    taints: [{key: dedicated, value: ranking}]
"""


class _Caller(msgspec.Struct):
    sts: Any
    session: Any


def _entered(account: Account) -> Client:
    cluster = account.client("eks").describe_cluster(name="mixed")["cluster"]
    return enter(_Caller(account.client("sts"), boto3.Session()), cluster)


def _gpu_nodes(client: Client) -> list[dict[str, Any]]:
    return [
        node
        for node in client.call("GET", "/api/v1/nodes")["items"]
        if node["metadata"]["labels"].get("mlinfra/node-group") == "gpu"
    ]


def _markets(account: Account) -> list[str]:
    """How the machines of the group are bought."""
    filters = [{"Name": "tag:Name", "Values": ["mixed/gpu"]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = account.client("ec2").describe_instances(Filters=filters)["Reservations"]
    machines = [machine for reservation in found for machine in reservation["Instances"]]
    assert all({"Key": "team", "Value": "recsys"} in machine["Tags"] for machine in machines)
    return sorted(machine.get("InstanceLifecycle", "on-demand") for machine in machines)


def test_a_mixed_group_has_machines_and_nodes_and_leaves_nothing(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    account.do("drift", "stack.yaml")
    assert _markets(account) == ["on-demand", "spot"]

    client = _entered(account)
    try:
        assert eventually(lambda: len(_gpu_nodes(client)) == 2)
        node = _gpu_nodes(client)[0]
    finally:
        client.http.close()
    assert node["metadata"]["labels"]["mlinfra/gpu"] == "A10G"
    assert [(taint["key"], taint["value"], taint["effect"]) for taint in node["spec"]["taints"]][:2] == [
        ("dedicated", "ranking", "NoSchedule"),
        ("nvidia.com/gpu", "present", "NoSchedule"),
    ]

    account.do("destroy", "stack.yaml", "--yes")
    assert account.left() == []
    assert _markets(account) == []


def test_how_many_an_autoscaler_wants_is_no_difference_and_other_types_are(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    (name,) = (
        group["AutoScalingGroupName"]
        for group in account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        if "scaling-group" in group["AutoScalingGroupName"]
    )
    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=3)
    account.do("plan", "stack.yaml", "--detailed-exitcode")

    Path("stack.yaml").write_text(STACK.replace("g5.2xlarge", "g5.4xlarge").replace("team: recsys", "team: search"))
    planned = account.do("plan", "stack.yaml", "-o", "json").json()
    changed = {one["address"]: one["action"] for one in planned["changes"] if one["action"] != "no-op"}
    assert changed["nodeGroups.gpu.scaling-group"] == "update"
    template = next(one for one in planned["changes"] if one["address"] == "nodeGroups.gpu.launch-template")
    assert [field["path"] for field in template["fields"]] == ["tags.team"]
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    found = account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    assert found["AutoScalingGroups"][0]["DesiredCapacity"] == 3
