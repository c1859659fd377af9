"""One stack, the cloud and what runs on it: made in one apply, mended, and taken down with all it brought about."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.kubernetes.client import Client, eventually

from .account import Account
from .conftest import ROOT

BALANCED = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "entrance", "namespace": "default"},
    "spec": {"type": "LoadBalancer", "selector": {"app": "any"}, "ports": [{"port": 80}]},
}


FAST = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "fast"},
    "provisioner": "ebs.csi.aws.com",
    "volumeBindingMode": "Immediate",
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "storageClassName": "fast",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "8Gi"}},
    },
}
GATE = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "alb"},
    "spec": {"controller": "ingress.k8s.aws/alb"},
}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web", "annotations": {"alb.ingress.kubernetes.io/scheme": "internet-facing"}},
    "spec": {
        "ingressClassName": "alb",
        "defaultBackend": {"service": {"name": "entrance", "port": {"number": 80}}},
    },
}


def _running(name: str) -> dict[str, Any]:
    labels = {"app": name, "app.kubernetes.io/name": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "app:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _made(account: Account) -> set[str]:
    """What controllers have made in the account: the objects whose balancers there are, and whether a volume is."""
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    tags = [{tag["Key"]: tag["Value"] for tag in group.get("Tags", ())} for group in groups]
    marks = ("kubernetes.io/service-name", "service.k8s.aws/stack", "ingress.k8s.aws/stack")
    volumes = account.client("ec2").describe_volumes()["Volumes"]
    held = any(tag["Key"].startswith("kubernetes.io/created-for") for one in volumes for tag in one.get("Tags", ()))
    return {found[mark] for found in tags for mark in marks if mark in found} | ({"volume"} if held else set())


@pytest.fixture
def stack(account: Account) -> str:
    """The example's stack and chart, aimed at the account."""
    shutil.copytree(ROOT / "examples" / "in-cluster", Path(), dirs_exist_ok=True)
    file = Path("stack.yaml")
    file.write_text(file.read_text().replace("platform: sandbox", "platform: aws"))
    return str(file)


def pending(account: Account, *arguments: str) -> dict[str, str]:
    planned = account.do("plan", "stack.yaml", "-o", "json", *arguments).json()
    return {change["address"]: change["action"] for change in planned["changes"]}


def test_the_first_plan_is_whole_and_names_what_the_chart_brings(account: Account, stack: str) -> None:
    planned = account.do("plan", stack, "-o", "json").json()
    changes = {change["address"]: change for change in planned["changes"]}
    assert {"cluster", "resources.namespace", "resources.batcher", "resources.nightly"} <= set(changes)
    parts = {part["name"] for part in changes["resources.batcher"]["parts"]}
    assert parts == {
        "ConfigMap batches/batcher",
        "CustomResourceDefinition batches.batches.example.com",
        "Deployment batches/batcher",
    }


def test_what_runs_in_the_cluster_is_made_mended_and_changed_like_all_else(
    account: Account, stack: str, request: pytest.FixtureRequest
) -> None:
    account.do("apply", stack, "--yes")
    assert pending(account) == {}
    assert pending(account, "--no-refresh") == {}

    client = account.inside("in-cluster")
    request.addfinalizer(client.http.close)
    client.call("DELETE", "/apis/batches.example.com/v1/namespaces/batches/batches/nightly")
    client.call("DELETE", "/api/v1/namespaces/batches/configmaps/batcher")
    found = account.run("drift", stack, "-o", "json")
    assert found.code == 2
    assert {change["address"] for change in found.json()["changes"]} == {"resources.nightly", "resources.batcher"}
    account.do("apply", stack, "--yes")
    account.do("drift", stack)

    Path(stack).write_text(Path(stack).read_text().replace("replicas: 2", "replicas: 3"))
    assert pending(account) == {"resources.batcher": "update"}
    account.do("apply", stack, "--yes")
    made = client.call("GET", "/apis/apps/v1/namespaces/batches/deployments/batcher")
    assert made["spec"]["replicas"] == made["status"]["availableReplicas"] == 3

    _lose_the_state(account, stack)
    _destroy_with_what_others_made(account, client, stack)


def _lose_the_state(account: Account, stack: str) -> None:
    shutil.rmtree(account.folder / ".mlinfra/state")
    account.do("state", "rebuild", stack, "--yes")
    assert pending(account) == {}


def _destroy_with_what_others_made(account: Account, client: Client, stack: str) -> None:
    """Balancers and volumes that nobody planned are named in the plan, and go with the cluster."""
    account.client("eks").create_addon(clusterName="in-cluster", addonName="aws-ebs-csi-driver")
    account.client("eks").get_waiter("addon_active").wait(
        clusterName="in-cluster", addonName="aws-ebs-csi-driver", WaiterConfig={"Delay": 0, "MaxAttempts": 9}
    )
    space = "/namespaces/default"
    client.call("POST", f"/apis/apps/v1{space}/deployments", _running("any"))
    client.call("POST", "/apis/apps/v1/namespaces/kube-system/deployments", _running("aws-load-balancer-controller"))
    client.call("POST", f"/api/v1{space}/services", BALANCED)
    client.call("POST", f"/api/v1{space}/services", {**BALANCED, "metadata": {"name": "another"}})
    client.call("POST", "/apis/storage.k8s.io/v1/storageclasses", FAST)
    client.call("POST", f"/api/v1{space}/persistentvolumeclaims", CLAIM)
    client.call("POST", "/apis/networking.k8s.io/v1/ingressclasses", GATE)
    client.call("POST", f"/apis/networking.k8s.io/v1{space}/ingresses", INGRESS)
    expected = {"default/entrance", "default/another", "default/web", "volume"}
    assert eventually(lambda: _made(account) == expected, 30), _made(account)
    planned = account.run("destroy", stack, "--yes")
    assert planned.code == 0, planned.out + planned.err
    assert {"default/entrance", "default/another", "default/web", "default/data"} <= set(
        re.findall(r"default/[a-z]+", planned.out)
    )
    assert account.left() == []
