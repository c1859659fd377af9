"""Scaling groups of our own: machines on demand and spot that join the cluster, stand in for one another, and go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlinfra.sandbox.aws.interruptions import Interruption
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.sandbox.kubernetes.client import Client, deployment, eventually

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
autoscaling: {pods: {kind: none}}
"""


def _gpu_nodes(client: Client) -> list[dict[str, Any]]:
    return [
        node
        for node in client.call("GET", "/api/v1/nodes")["items"]
        if node["metadata"]["labels"].get("mlinfra/node-group") == "gpu"
    ]


def _machines(account: Account) -> list[dict[str, Any]]:
    filters = [{"Name": "tag:Name", "Values": ["mixed/gpu"]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = account.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [machine for reservation in found for machine in reservation["Instances"]]


def _markets(account: Account) -> list[str]:
    """How the machines of the group are bought."""
    machines = _machines(account)
    assert all({"Key": "team", "Value": "recsys"} in machine["Tags"] for machine in machines)
    return sorted(machine.get("InstanceLifecycle", "on-demand") for machine in machines)


def test_a_mixed_group_has_machines_and_nodes_and_leaves_nothing(account: Account) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    account.do("drift", "stack.yaml")
    assert _markets(account) == ["on-demand", "spot"]

    client = account.inside("mixed")
    try:
        assert eventually(lambda: len(_gpu_nodes(client)) == 2)
        node = _gpu_nodes(client)[0]
        _what_spot_lacks_is_bought_on_demand(account, client)
        _what_is_taken_back_is_emptied_and_replaced(account, client)
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


def _what_spot_lacks_is_bought_on_demand(account: Account, client: Client) -> None:
    """One pod too many for two GPUs: there is no spot machine, so the fallback brings one, and status says why."""
    fault = FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances", where={"Market": "spot"})
    rule = account.sandbox.faults.add(fault)
    made = deployment("ranker", 3, resources={"limits": {"nvidia.com/gpu": "1"}})
    made["spec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]
    client.create("apps/v1/deployments", made)
    assert eventually(lambda: _running(client) == 3)
    assert _markets(account) == ["on-demand", "on-demand", "spot"]
    said = account.do("status", "stack.yaml").out
    assert "a try of the last hour to get a machine failed, and another choice stands in" in said
    assert "We currently do not have sufficient g5.2xlarge capacity" in said
    assert "the autoscaler waits, and tries again at" in said
    account.sandbox.faults.remove(rule)


def _what_is_taken_back_is_emptied_and_replaced(account: Account, client: Client) -> None:
    (spot,) = (one for one in _machines(account) if one.get("InstanceLifecycle") == "spot")
    account.sandbox.interrupt(Interruption(instance=spot["InstanceId"], seconds=1))
    assert eventually(lambda: _is_gone(client, spot["InstanceId"]) and _running(client) == 3)
    assert _markets(account) == ["on-demand", "on-demand", "spot"]


def _running(client: Client) -> int:
    pods = client.call("GET", "/api/v1/namespaces/default/pods")["items"]
    return sum(pod["status"]["phase"] == "Running" and not pod["metadata"].get("deletionTimestamp") for pod in pods)


def _is_gone(client: Client, instance: str) -> bool:
    return all(not node["spec"]["providerID"].endswith(instance) for node in _gpu_nodes(client))


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
