"""`mlinfra status` on a stack in an account: what works, what does not, and what cannot be seen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.sandbox.kubernetes.client import Client, deployment, eventually

from .account import Account, Ran
from .conftest import ROOT

GPUS = "  gpu: {instances: [g5.xlarge], min: 1, max: 2}\n"


@pytest.fixture
def stack(account: Account) -> str:
    """The example of a cluster and what runs on it, with GPUs, aimed at the account."""
    shutil.copytree(ROOT / "examples" / "in-cluster", Path(), dirs_exist_ok=True)
    file = Path("stack.yaml")
    text = file.read_text().replace("platform: sandbox", "platform: aws")
    file.write_text(text.replace("max: 3}\n", "max: 3}\n" + GPUS))
    return str(file)


def group_of(account: Account) -> str:
    """The scaling group behind the node group with GPUs."""
    asked = {"clusterName": "in-cluster", "nodegroupName": "in-cluster-nodeGroups-gpu"}
    found = account.client("eks").describe_nodegroup(**asked)["nodegroup"]
    return str(found["resources"]["autoScalingGroups"][0]["name"])


def troubles(ran: Ran) -> dict[str, dict[str, Any]]:
    return {trouble["title"].partition(" (")[0]: trouble for trouble in ran.json()["troubles"]}


def test_status_follows_a_stack_from_nothing_through_trouble(
    account: Account, stack: str, request: pytest.FixtureRequest
) -> None:
    fresh = account.do("status", stack).out
    assert fresh.startswith("in-cluster  not made\n")
    assert "nothing of it was made yet" in fresh
    account.do("apply", stack, "--yes")
    well = account.do("status", stack)
    assert well.out.startswith("in-cluster  healthy\n")
    assert "3 of 3 nodes ready" in well.out

    client = account.inside("in-cluster")
    request.addfinalizer(client.http.close)
    _one_gpu_pod_too_many(account, client, stack)
    _no_machines_of_that_type(account, stack)
    _what_somebody_deleted(account, client, stack)
    _nobody_may_look(account, stack)


def _one_gpu_pod_too_many(account: Account, client: Client, stack: str) -> None:
    made = deployment("ranker", 2, resources={"limits": {"nvidia.com/gpu": "1"}})
    made["spec"]["template"]["spec"]["tolerations"] = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    client.create("apps/v1/deployments", made)
    said = "the only node that has it is full (held by Deployment default/ranker: 1)"
    assert eventually(lambda: said in account.run("status", stack).out)
    ran = account.run("status", stack, "-o", "json")
    assert ran.code == 2
    assert ran.json()["verdict"] == "broken"
    assert troubles(ran)["Deployment default/ranker"]["remedy"] == (
        "group gpu may grow from 1 to 2, and nothing does that by itself here: "
        "add `autoscaling`, or raise nodeGroups.gpu.min"
    )


def _no_machines_of_that_type(account: Account, stack: str) -> None:
    where = {"InstanceType": "g5.*"}
    account.sandbox.faults.add(FaultRule(kind=FaultKind.CAPACITY, operation="RunInstances", where=where))
    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group_of(account), DesiredCapacity=2)
    found = troubles(account.run("status", stack, "-o", "json"))
    assert list(found) == ["node group gpu"]
    assert "it has 1 of 2 machines, and gets no more" in found["node group gpu"]["words"]
    assert "capacity" in found["node group gpu"]["words"]
    assert found["node group gpu"]["explains"] == ["Deployment default/ranker"]
    assert found["node group gpu"]["address"] == "nodeGroups.gpu"


def _what_somebody_deleted(account: Account, client: Client, stack: str) -> None:
    """In Markdown, as it goes into a message."""
    client.call("DELETE", "/apis/apps/v1/namespaces/nvidia-device-plugin/daemonsets/nvidia-device-plugin")
    ran = account.run("status", stack, "-o", "markdown")
    assert ran.code == 2
    assert "although components.nvidia\\-device\\-plugin brings it" in ran.out


def _nobody_may_look(account: Account, stack: str) -> None:
    account.sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, service="kubernetes"))
    ran = account.run("status", stack)
    assert ran.code == 1
    assert "unreadable  the cluster cannot be looked into" in ran.out
    assert "node group gpu" in ran.out
