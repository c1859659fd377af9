"""`mlinfra kubeconfig` with kubectl on a stack's cluster: administrators, readers, strangers."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mlinfra.sandbox import background
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
from mlinfra.session.connections.kubeconfig import token_credential

from .account import Account

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
SWIFT = Timings(node_boot=0.01, image_pull=0.01, readiness=0.01, termination=0.01)
STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {{name: {name}}}
target: {{platform: {platform}, region: us-east-1}}
lifecycle: {{environment: development}}
network: {{cidr: 10.40.0.0/16, zones: 2, nat: single, flowLogs: false}}
"""
CLUSTER = """
cluster:
  version: "1.33"
  logs: []
  secretsEncryption: false
"""
ACCESS = """
  access:
    - {{principal: "arn:aws:iam::{account}:user/reader", policy: view}}
nodeGroups:
  system: {{instances: [m6i.large], min: 1, max: 2}}
"""
Answer = subprocess.CompletedProcess[str]
Kubectl = Callable[..., Answer]


def surroundings(kubeconfig: Path) -> dict[str, str]:
    """What a client must find in its environment: `mlinfra`, which it runs for its tokens, is this one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "KUBECONFIG": str(kubeconfig)}


def caller(kubeconfig: Path, environment: Mapping[str, str]) -> Kubectl:
    """kubectl as whoever the environment says."""
    environ = {**os.environ, **environment, **surroundings(kubeconfig)}

    def run(*words: str) -> Answer:
        command = ["kubectl", "--cache-dir", str(kubeconfig.parent / "cache"), *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with a stack applied, of which one user may look at the cluster, and another has nothing."""
    folder, patch = tmp_path_factory.mktemp("shared"), pytest.MonkeyPatch()
    patch.chdir(folder)
    with Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT)) as sandbox:
        for name, value in Account.environment(sandbox).items():
            patch.setenv(name, value)
        account = Account(sandbox, folder)
        for user in ("reader", "stranger"):
            account.client("iam").create_user(UserName=user)
        text = STACK.format(name="shared", platform="aws") + CLUSTER + ACCESS.format(account=sandbox.account)
        (folder / "stack.yaml").write_text(text)
        account.do("apply", "stack.yaml", "--yes")
        (folder / "kubeconfig").write_text(account.do("kubeconfig", "stack.yaml").out)
        yield account
    patch.undo()


def kubectl_as(shared: Account, user: str = "") -> Kubectl:
    environment = Account.environment(shared.sandbox)
    if user:
        key = shared.client("iam").create_access_key(UserName=user)["AccessKey"]
        environment |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    return caller(shared.folder / "kubeconfig", environment)


def test_the_kubeconfig_holds_no_secret(shared: Account) -> None:
    text = (shared.folder / "kubeconfig").read_text()
    (user,) = json.loads(text)["users"]
    assert user["user"]["exec"]["args"][0] == "cluster-token"
    assert "k8s-aws-v1" not in text
    assert user["user"]["exec"]["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert "pip install mlinfra" in user["user"]["exec"]["installHint"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", "v1beta1"),
        ('{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential"}', "v1beta1"),
        ('{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}', "v1"),
        ('{"apiVersion": "client.authentication.k8s.io/v9"}', "v1beta1"),
        ("[]", "v1beta1"),
        ("{", "v1beta1"),
    ],
)
def test_a_token_comes_in_the_version_that_the_client_asks_for(shared: Account, asked: str, answered: str) -> None:
    made = token_credential("shared", "us-east-1", {"KUBERNETES_EXEC_INFO": asked})
    assert made["apiVersion"] == f"client.authentication.k8s.io/{answered}"
    assert made["kind"] == "ExecCredential"
    assert made["status"]["token"].startswith("k8s-aws-v1.")


PYTHON_CLIENTS = {
    "kubernetes": "from kubernetes import client, config; config.load_kube_config(); "
    "print([one.metadata.name for one in client.CoreV1Api().list_namespace().items])",
    "lightkube": "from lightkube import Client; from lightkube.resources.core_v1 import Namespace; "
    "print([one.metadata.name for one in Client().list(Namespace)])",
    "kr8s": "import kr8s; print([one.name for one in kr8s.get('namespaces')])",
    "helm_python": "import helm_python, os; "
    "helm = helm_python.Config(kubeconfig_path=os.environ['KUBECONFIG'], namespace='kube-system'); "
    "print(helm.list(), 'in kube-system')",
}


@pytest.mark.parametrize("package", PYTHON_CLIENTS)
def test_the_kubeconfig_suits_every_client(shared: Account, package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", PYTHON_CLIENTS[package]],
        env={**os.environ, **surroundings(shared.folder / "kubeconfig")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "kube-system" in done.stdout, done.stderr


@needs_kubectl
def test_kubectl_takes_the_version_that_other_tools_write_too(shared: Account, tmp_path: Path) -> None:
    text = (shared.folder / "kubeconfig").read_text().replace("k8s.io/v1beta1", "k8s.io/v1")
    (tmp_path / "kubeconfig").write_text(text)
    answer = caller(tmp_path / "kubeconfig", Account.environment(shared.sandbox))("get", "namespaces")
    assert answer.returncode == 0, answer.stderr


@needs_kubectl
def test_whoever_made_the_cluster_administers_it(shared: Account) -> None:
    kubectl = kubectl_as(shared)
    waited = kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")
    assert waited.returncode == 0, waited.stderr
    assert "condition met" in waited.stdout
    assert kubectl("create", "configmap", "mine", "--from-literal=a=b").returncode == 0
    assert kubectl("get", "configmap", "mine", "-o", "jsonpath={.data.a}").stdout == "b"


@needs_kubectl
def test_whoever_may_view_reads_and_cannot_write(shared: Account) -> None:
    kubectl = kubectl_as(shared, "reader")
    assert kubectl("get", "pods", "--all-namespaces").returncode == 0
    refused = kubectl("create", "configmap", "theirs", "--from-literal=a=b")
    assert refused.returncode == 1
    reader = f"arn:aws:iam::{shared.sandbox.account}:user/reader"
    assert f'configmaps is forbidden: User "{reader}" cannot create resource' in refused.stderr
    assert "(Forbidden)" in kubectl("get", "secrets").stderr


@needs_kubectl
def test_whoever_has_no_entry_is_refused(shared: Account) -> None:
    answer = kubectl_as(shared, "stranger")("get", "pods", "-v=6")
    assert answer.returncode == 1
    assert "You must be logged in to the server" in answer.stderr
    assert "401" in answer.stderr


def test_a_stack_without_a_cluster_has_no_kubeconfig(shared: Account) -> None:
    (shared.folder / "bare.yaml").write_text(STACK.format(name="bare", platform="aws"))
    told = shared.run("kubeconfig", "bare.yaml")
    assert told.code == 1
    assert "bare has no cluster yet" in told.out + told.err


@needs_kubectl
def test_a_sandbox_in_the_background_is_reached_without_any_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "stack.yaml").write_text(STACK.format(name="away", platform="sandbox") + CLUSTER)
    mlinfra = str(Path(sys.executable).parent / "mlinfra")

    def run(*words: str) -> str:
        command = [mlinfra, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    try:
        run("apply", "stack.yaml", "--yes")
        (tmp_path / "kubeconfig").write_text(run("kubeconfig", "stack.yaml"))
        kubectl = caller(tmp_path / "kubeconfig", {})
        made = kubectl("create", "namespace", "serving")
        assert made.returncode == 0, made.stderr
        assert "serving" in kubectl("get", "namespaces").stdout
    finally:
        background.down()
