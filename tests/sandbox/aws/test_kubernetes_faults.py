"""Faults and the log of calls on the Kubernetes half: the same rules, set on the same account."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
from tests.sandbox.aws.entrance import enter, token
from tests.sandbox.kubernetes.client import Client, Refused, config_map, eventually

CM = "v1/configmaps"
SWIFT = Timings(node_boot=0.01, image_pull=0.01, readiness=0.01, termination=0.01, load_balancer=0.01)


def logs(pod: dict[str, Any], container: str) -> str:
    return f"{container} of {pod['metadata']['name']} says so\n"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """In place of the sandbox that the other tests use."""
    with Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT, logs)) as sandbox:
        yield sandbox


@pytest.fixture
def cluster(aws: Any) -> dict[str, Any]:
    made: dict[str, Any] = aws.cluster()
    return made


@pytest.fixture
def api(aws: Any, cluster: dict[str, Any]) -> Iterator[Client]:
    client = enter(aws, cluster)
    yield client
    client.http.close()


def rule(kind: FaultKind, operation: str, **more: Any) -> FaultRule:
    return FaultRule(kind=kind, service="kubernetes", operation=operation, **more)


def test_calls_to_a_cluster_are_in_the_log_with_the_others(api: Client, sandbox: Sandbox) -> None:
    sandbox.calls.clear()
    api.create(CM, config_map("a"))
    api.names(CM)
    api.patch(CM, "a", {"data": {"x": "y"}}, dryRun="All")
    with pytest.raises(Refused):
        api.get(CM, "none")
    told = [(call.operation, call.mutating, call.status) for call in sandbox.calls.records(service="kubernetes")]
    assert told == [
        ("create:configmaps", True, 201),
        ("list:configmaps", False, 200),
        ("patch:configmaps", False, 200),
        ("get:configmaps", False, 404),
    ]


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (FaultKind.THROTTLE, 429, "TooManyRequests"),
        (FaultKind.ERROR, 500, "InternalError"),
        (FaultKind.DENIED, 403, "Forbidden"),
        (FaultKind.QUOTA, 403, "Forbidden"),
        (FaultKind.TIMEOUT, 504, "Timeout"),
    ],
)
def test_a_refused_call_has_no_effect(api: Client, sandbox: Sandbox, kind: FaultKind, code: int, reason: str) -> None:
    sandbox.faults.add(rule(kind, "create:configmaps", where={"name": "", "namespace": "default"}, count=1))
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert "a" not in api.names(CM)
    assert sandbox.calls.records(service="kubernetes")[-2].fault == f"{kind}-before"
    api.create(CM, config_map("a"))


def test_a_rule_may_say_what_the_server_says(api: Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(rule(FaultKind.ERROR, "patch:*", status=409, message="the object has been modified", count=1))
    api.create(CM, config_map("a"))
    with pytest.raises(Refused, match="has been modified") as caught:
        api.patch(CM, "a", {"data": {"x": "y"}})
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")


@pytest.mark.parametrize("when", list(When))
def test_a_connection_breaks_before_or_after_the_effect(api: Client, sandbox: Sandbox, when: When) -> None:
    sandbox.faults.add(rule(FaultKind.RESET, "create:configmaps", when=when))
    with pytest.raises(httpx.TransportError):
        api.create(CM, config_map("a"))
    assert ("a" in api.names(CM)) is (when is When.AFTER)


def test_a_timeout_after_success_has_done_its_work(api: Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(rule(FaultKind.TIMEOUT, "create:configmaps", when=When.AFTER))
    with pytest.raises(Refused) as caught:
        api.create(CM, config_map("a"))
    assert caught.value.code == 504
    assert "a" in api.names(CM)


def test_an_api_that_cannot_be_reached_answers_nobody(api: Client, sandbox: Sandbox) -> None:
    number = sandbox.faults.add(rule(FaultKind.RESET, "*", where={"cluster": "ml"}))
    for path in ("/version", "/api", api.path(CM)):
        with pytest.raises(httpx.TransportError):
            api.http.get(path)
    sandbox.faults.remove(number)
    assert api.http.get("/version").status_code == 200


def test_a_late_answer_is_late(api: Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(rule(FaultKind.LATENCY, "list:configmaps", seconds=0.05, count=1))
    api.names(CM)
    record = sandbox.calls.records(service="kubernetes")[-1]
    assert record.seconds >= 0.05
    assert record.fault == "latency-before"


@pytest.mark.parametrize(("when", "done"), [(When.BEFORE, False), (When.AFTER, True)])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
def test_the_caller_can_be_killed(
    aws: Any, cluster: dict[str, Any], api: Client, sandbox: Sandbox, when: When, done: bool
) -> None:
    sandbox.faults.add(rule(FaultKind.KILL, "create:configmaps", when=when))
    code = (
        "import ssl, sys, urllib.request\n"
        "url, token = sys.argv[1:]\n"
        "head = {'Authorization': 'Bearer ' + token, 'Content-Type': 'application/json'}\n"
        'body = b\'{"metadata": {"name": "a"}}\'\n'
        "context = ssl._create_unverified_context()\n"
        "urllib.request.urlopen(urllib.request.Request(url, body, head), context=context)\n"
    )
    command = [sys.executable, "-c", code, cluster["endpoint"] + api.path(CM), token(aws, "ml")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert ("a" in api.names(CM)) is done


def test_a_webhook_is_down_by_a_rule(api: Client, sandbox: Sandbox) -> None:
    hook = {
        "name": "judge.example.com",
        "rules": [{"operations": ["*"], "apiGroups": [""], "apiVersions": ["*"], "resources": ["configmaps"]}],
        "clientConfig": {"service": {"name": "judge", "namespace": "ops"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    resource = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    api.create(resource, {**head, "metadata": {"name": "judge"}, "webhooks": [hook]}, namespace=None)
    sandbox.faults.add(rule(FaultKind.ERROR, "call:webhook", where={"webhook": "judge.*"}, message="refused", count=1))
    with pytest.raises(Refused, match="failed calling webhook") as caught:
        api.create(CM, config_map("a"))
    assert caught.value.message.endswith("refused")
    api.create(CM, config_map("a"))


def test_a_finalizer_sticks_by_a_rule(api: Client, sandbox: Sandbox) -> None:
    number = sandbox.faults.add(rule(FaultKind.ERROR, "finalize:services"))
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "web"}}
    api.create("v1/services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
    assert eventually(lambda: bool(api.get("v1/services", "web")["metadata"].get("finalizers")))
    api.delete("v1/services", "web")
    assert eventually(lambda: any(status.struck for status in sandbox.faults.rules()))
    assert api.get("v1/services", "web")["metadata"]["finalizers"] == ["service.kubernetes.io/load-balancer-cleanup"]
    sandbox.faults.remove(number)
    assert eventually(lambda: "web" not in api.names("v1/services"))


def test_an_upgraded_cluster_serves_its_new_version_and_its_nodes_follow_their_group(
    aws: Any, cluster: dict[str, Any], api: Client
) -> None:
    aws.node_group(cluster)
    assert eventually(lambda: versions(api) == {"v1.33"})
    aws.eks.update_cluster_version(name="ml", version="1.34")
    assert eventually(lambda: aws.eks.describe_cluster(name="ml")["cluster"]["version"] == "1.34")
    assert api.http.get("/version").json()["minor"] == "34"
    assert api.http.get("/openapi/v3/api/v1").json()["info"]["version"] == "v1.34"
    assert versions(api) == {"v1.33"}
    aws.eks.update_nodegroup_version(clusterName="ml", nodegroupName="workers")
    aws.eks.describe_nodegroup(clusterName="ml", nodegroupName="workers")
    assert eventually(lambda: versions(api) == {"v1.34"})


def versions(api: Client) -> set[str]:
    """The minor versions of the nodes."""
    nodes = api.get("v1/nodes", namespace=None)["items"]
    return {node["status"]["nodeInfo"]["kubeletVersion"].rpartition(".")[0] for node in nodes}


def test_a_pod_on_a_node_has_the_log_of_the_source_and_ends_when_deleted(
    aws: Any, cluster: dict[str, Any], api: Client
) -> None:
    aws.node_group(cluster)
    spec = {"containers": [{"name": "main", "image": "app:1"}]}
    api.create("v1/pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec})
    assert eventually(lambda: api.get("v1/pods", "p")["status"]["phase"] == "Running")
    assert api.http.get(api.path("v1/pods", "p/log")).text == "main of p says so\n"
    wrong = api.http.get(api.path("v1/pods", "p/log"), params={"container": "other"}).json()
    assert (wrong["code"], wrong["message"]) == (400, "container other is not valid for pod p")
    api.delete("v1/pods", "p")
    assert eventually(lambda: "p" not in api.names("v1/pods"))


def test_a_token_signed_with_another_secret_proves_nothing(aws: Any, cluster: dict[str, Any], api: Client) -> None:
    aws.iam.create_user(UserName="ana")
    key = aws.iam.create_access_key(UserName="ana")["AccessKey"]
    arn = aws.iam.get_user(UserName="ana")["User"]["Arn"]
    aws.eks.create_access_entry(clusterName="ml", principalArn=arn)
    assert asked_as(aws, cluster, key["AccessKeyId"], key["SecretAccessKey"]) == 403  # known, and allowed nothing
    assert asked_as(aws, cluster, key["AccessKeyId"], "a guess") == 401


def asked_as(aws: Any, cluster: dict[str, Any], key: str, secret: str) -> int:
    import boto3

    class Somebody:
        session = boto3.Session(key, secret, region_name="us-east-1")
        sts = session.client("sts")

    client = enter(Somebody, cluster)
    with client.http:
        return client.http.get(client.path(CM)).status_code
