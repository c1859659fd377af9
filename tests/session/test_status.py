"""The status of a stack in a cluster of the user's own: what is its, who may look, and what an interrupted run left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlinfra.core.health import Health, Severity
from mlinfra.sandbox.kubernetes.requests import ADMINISTRATOR, Identity
from mlinfra.session import Options, check_health
from tests.providers.kubernetes.cluster import Cluster, cluster_with
from tests.sandbox.kubernetes.client import deployment, eventually
from tests.session.test_own_cluster import apply, lead_to

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: serving}
target: {platform: kubernetes, kubeconfig: kubeconfig}
policies: {packs: []}
resources:
  space:
    type: kubernetes:core/v1:Namespace
    properties: {metadata: {name: serving}}
  settings:
    type: kubernetes:core/v1:ConfigMap
    properties: {metadata: {name: settings, namespace: serving}, data: {size: 3}}
"""
_RBAC = "rbac.authorization.k8s.io"
_CRASHING = {"sandbox.mlinfra.dev/fail": "crash"}
WHO = {"admin": ADMINISTRATOR, "stranger": Identity("stranger", ("system:authenticated",))}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("stack.yaml").write_text(STACK)
    with cluster_with(authenticator=WHO.get) as made:
        lead_to(made, "admin")
        apply()
        yield made


def health() -> Health:
    return check_health(Options("stack.yaml"))


def crashing(name: str) -> dict[str, object]:
    made = deployment(name, 1)
    made["spec"]["template"]["metadata"]["annotations"] = _CRASHING
    return made


def test_what_others_have_broken_in_their_cluster_is_not_the_stacks_affair(cluster: Cluster) -> None:
    assert health().verdict == "healthy"
    cluster.kubectl.create("apps/v1/deployments", crashing("theirs"), namespace="default")
    cluster.kubectl.create("apps/v1/deployments", crashing("ours"), namespace="serving")
    assert eventually(lambda: any("again and again" in one.words for one in health().troubles))
    titles = {one.title for one in health().troubles if one.severity is not Severity.NOTE}
    assert titles == {"Deployment serving/ours (1 pod)"}


def test_what_somebody_may_not_read_is_said_and_nothing_is_called_healthy(cluster: Cluster) -> None:
    lead_to(cluster, "stranger")
    rules = [{"apiGroups": [""], "resources": ["namespaces", "pods", "services"], "verbs": ["get", "list"]}]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": "some"}, "rules": rules}
    cluster.kubectl.create(f"{_RBAC}/v1/clusterroles", role, namespace=None)
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "some"},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "some"},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": "stranger"}],
    }
    cluster.kubectl.create(f"{_RBAC}/v1/clusterrolebindings", binding, namespace=None)
    found = health()
    assert found.verdict == "unreadable"
    (reason,) = found.unread
    assert reason.startswith("these credentials may not list Node, PersistentVolumeClaim, Deployment, ")
    assert "Secret (of Helm's releases)" in reason


def test_a_cluster_that_does_not_know_who_asks_is_said_to_be_closed(cluster: Cluster) -> None:
    lead_to(cluster, "nobody")
    (reason,) = health().unread
    assert reason.startswith("the cluster cannot be looked into: ")
    assert "the API does not know who is asking" in reason
