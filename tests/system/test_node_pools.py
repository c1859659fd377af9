"""Node pools through the whole program: Karpenter makes machines as pods ask, and leaves none behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.sandbox.aws.interruptions import Interruption
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.sandbox.kubernetes.client import Client, deployment, eventually

from .account import Account

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: pools, tags: {team: recsys}}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: development}
network: {cidr: 10.40.0.0/16, zones: 2, nat: single, flowLogs: false}
cluster: {version: "1.33", secretsEncryption: false, endpoint: {reach: direct}}
nodeGroups:
  system: {instances: [m6i.large], min: 1, max: 2}
  gpu: {instances: [g5.xlarge, g5.2xlarge], capacity: {type: spot, fallback: on-demand}, max: 2}
autoscaling: {nodes: {kind: karpenter}, pods: {kind: none}}
"""


def _machines(account: Account) -> dict[str, str]:
    """How the pool's machines were bought, by their ids."""
    filters = [{"Name": "tag:karpenter.sh/nodepool", "Values": ["gpu"]}]
    filters.append({"Name": "instance-state-name", "Values": ["pending", "running"]})
    found = account.client("ec2").describe_instances(Filters=filters)["Reservations"]
    machines = [machine for reservation in found for machine in reservation["Instances"]]
    return {one["InstanceId"]: one.get("InstanceLifecycle", "on-demand") for one in machines}


def _running(client: Client) -> int:
    pods = client.call("GET", "/api/v1/namespaces/default/pods")["items"]
    return sum(pod["status"]["phase"] == "Running" and not pod["metadata"].get("deletionTimestamp") for pod in pods)


@pytest.mark.long
def test_machines_come_and_go_with_the_pods_and_none_is_left_behind(
    account: Account, request: pytest.FixtureRequest
) -> None:
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    account.do("drift", "stack.yaml")
    assert _machines(account) == {}

    client = account.inside("pools")
    request.addfinalizer(client.http.close)
    client.create("apps/v1/deployments", deployment("ranker", 1, resources={"limits": {"nvidia.com/gpu": "1"}}))
    assert eventually(lambda: _running(client) == 1)
    assert list(_machines(account).values()) == ["spot"]
    account.do("plan", "stack.yaml", "--detailed-exitcode")

    where = {"Market": "spot"}
    account.sandbox.faults.add(FaultRule(kind=FaultKind.CAPACITY, operation="CreateFleet", where=where))
    (taken,) = _machines(account)
    account.sandbox.interrupt(Interruption(instance=taken, seconds=60))
    assert eventually(lambda: _running(client) == 1 and list(_machines(account).values()) == ["on-demand"])
    said = account.do("status", "stack.yaml").out
    assert "a try of the last hour to get a machine failed, and another choice stands in" in said
    assert "InsufficientInstanceCapacity" in said

    account.do("destroy", "stack.yaml", "--yes")
    assert _machines(account) == {}
    assert account.left() == []


@pytest.mark.long
def test_a_stack_may_change_who_makes_its_nodes(account: Account) -> None:
    Path("stack.yaml").write_text(STACK.replace("kind: karpenter", "kind: cluster-autoscaler"))
    account.do("apply", "stack.yaml", "--yes")
    Path("stack.yaml").write_text(STACK)
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    assert account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][1:] == []
    account.do("destroy", "stack.yaml", "--yes")
    assert account.left() == []
