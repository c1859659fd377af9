"""Clients as people use them, unchanged: kubectl, Helm, and the Python clients. Each is skipped where it is missing."""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from tests.sandbox.kubernetes.client import VERSION, definition, deployment

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
Run = Callable[..., str]


def needs(module: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{package} is not installed")


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a running emulator."""
    cluster = KubernetesCluster("clients", version=VERSION, clock=lambda: datetime.now(UTC))
    authority = base64.b64encode(cluster.ca_pem.encode()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": cluster.start(), "certificate-authority-data": authority}}],
        "users": [{"name": "me", "user": {"token": "anything"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me", "namespace": "default"}}],
        "current-context": "it",
    }
    path = tmp_path_factory.mktemp("kube") / "config"
    path.write_text(json.dumps(config))
    yield path
    cluster.stop()


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs kubectl; gives what it prints on both streams."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*words: str, given: object = None, fails: bool = False) -> str:
        command = ["kubectl", f"--kubeconfig={kubeconfig}", f"--cache-dir={cache}", *words]
        text = "" if given is None else json.dumps(given)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode != 0) is fails, done.stderr + done.stdout
        return done.stdout + done.stderr

    return run


@needs_kubectl
def test_kubectl_applies_diffs_and_applies_again(kubectl: Run) -> None:
    web = deployment("web", replicas=2)
    assert "web created" in kubectl("apply", "-f", "-", given=web)
    assert "web unchanged" in kubectl("apply", "-f", "-", given=web)
    scaled = deployment("web", replicas=3)
    assert "+  replicas: 3" in kubectl("diff", "-f", "-", given=scaled, fails=True)
    assert "web configured" in kubectl("apply", "-f", "-", given=scaled)
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "3"
    assert "web scaled" in kubectl("scale", "deploy/web", "--replicas=4")
    assert "image updated" in kubectl("set", "image", "deploy/web", "main=example.com/app:2")
    assert "restarted" in kubectl("rollout", "restart", "deploy/web")
    assert kubectl("delete", "deploy", "web") == 'deployment.apps "web" deleted\n'


@needs_kubectl
def test_kubectl_migrates_to_server_side_apply_and_tells_conflicts(kubectl: Run) -> None:
    kubectl("apply", "-f", "-", given=deployment("ssa", replicas=2))
    assert "serverside-applied" in kubectl("apply", "--server-side", "-f", "-", given=deployment("ssa", replicas=3))
    managers = kubectl(
        "get", "deploy", "ssa", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields[*].manager}"
    )
    assert "kubectl-client-side-apply" not in managers
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    told = kubectl(*other, given=deployment("ssa", replicas=5), fails=True)
    assert 'conflict with "kubectl": .spec.replicas' in told
    assert "serverside-applied" in kubectl(*other, "--force-conflicts", given=deployment("ssa", replicas=5))


@needs_kubectl
@pytest.mark.parametrize(
    "words",
    [
        "configmap made --from-literal=a=b",
        "secret generic made --from-literal=a=b",
        "namespace made",
        "serviceaccount made",
        "deployment made --image=nginx --port=80",
        "job made --image=busybox",
        "cronjob made --image=busybox --schedule=@hourly",
        "service loadbalancer made --tcp=80:80",
        "ingress made --rule=a.example.com/x=web:80",
        "role made --verb=get --resource=pods",
        "clusterrolebinding made --clusterrole=view --user=ana",
        "poddisruptionbudget made --selector=app=web --min-available=50%",
        "priorityclass made --value=5",
        "quota made --hard=pods=2",
    ],
)
def test_kubectl_creates(kubectl: Run, words: str) -> None:
    assert "/made created" in kubectl("create", *words.split())


@needs_kubectl
def test_kubectl_waits_explains_and_shows_custom_kinds(kubectl: Run) -> None:
    spec = {"type": "object", "properties": {"size": {"type": "integer", "description": "How big it is."}}}
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]
    schema = {"type": "object", "properties": {"spec": spec}}
    kubectl("apply", "-f", "-", given=definition("kubectl.example.com", schema, additionalPrinterColumns=columns))
    kubectl("wait", "--for=condition=Established", "crd/widgets.kubectl.example.com", "--timeout=10s")
    widget = {"apiVersion": "kubectl.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}
    kubectl("create", "-f", "-", given=widget)
    assert kubectl("get", "wd").split() == ["NAME", "SIZE", "w", "3"]
    assert "How big it is." in kubectl("explain", "widget.spec.size")
    wrong = {**widget, "metadata": {"name": "x"}, "spec": {"bogus": 1}}
    assert 'unknown field "spec.bogus"' in kubectl("create", "-f", "-", given=wrong, fails=True)
    kubectl("delete", "crd", "widgets.kubectl.example.com", "--timeout=10s")


@needs_kubectl
def test_kubectl_patches_labels_and_asks(kubectl: Run) -> None:
    kubectl("create", "configmap", "p", "--from-literal=a=1")
    kubectl("patch", "cm", "p", "--type=merge", "-p", '{"data": {"b": "2"}}')
    kubectl("patch", "cm", "p", "--type=json", "-p", '[{"op": "remove", "path": "/data/a"}]')
    kubectl("label", "cm", "p", "tier=1")
    assert json.loads(kubectl("get", "cm", "-l", "tier=1", "-o", "json"))["items"][0]["data"] == {"b": "2"}
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "deployments" in kubectl("api-resources", "--api-group=apps")
    assert "kubernetes" in kubectl("get", "svc", "-o", "wide")


PACKAGES = {"helm_python": "helm-python-sdk"}
PYTHON_CLIENTS = {
    "kubernetes": """
from kubernetes import client, config, watch
config.load_kube_config(PATH)
core = client.CoreV1Api()
body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="k"), data={"a": "1"})
core.create_namespaced_config_map("default", body)
assert core.patch_namespaced_config_map("k", "default", {"data": {"b": "2"}}).data == {"a": "1", "b": "2"}
events = watch.Watch().stream(core.list_namespaced_config_map, "default", timeout_seconds=1)
assert "k" in [event["object"].metadata.name for event in events]
core.delete_namespaced_config_map("k", "default")
""",
    "lightkube": """
from lightkube import Client, KubeConfig
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap
it = Client(KubeConfig.from_file(PATH), field_manager="light")
it.apply(ConfigMap(metadata=ObjectMeta(name="l", namespace="default"), data={"x": "y"}))
it.patch(ConfigMap, "l", {"data": {"z": "1"}})
assert it.get(ConfigMap, "l").data == {"x": "y", "z": "1"}
it.delete(ConfigMap, "l")
""",
    "kr8s": """
import kr8s
from kr8s.objects import ConfigMap
api = kr8s.api(kubeconfig=PATH)
it = ConfigMap({"metadata": {"name": "r", "namespace": "default"}, "data": {"a": "b"}}, api=api)
it.create()
it.patch({"data": {"c": "d"}})
assert it.data == {"a": "b", "c": "d"}
it.delete()
assert not it.exists()
""",
    "helm_python": """
import json, pathlib, tempfile
import helm_python
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "templates").mkdir()
(folder / "Chart.yaml").write_text("apiVersion: v2\\nname: demo\\nversion: 0.1.0\\n")
data = '"{{ .Values.n }}"'
(folder / "templates" / "map.yaml").write_text(
    "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: from-helm}\\ndata: {n: " + data + "}\\n")
helm = helm_python.Config(kubeconfig_path=PATH, namespace="default")
helm.install(folder, "rel", {"n": 1})
helm.upgrade(folder, "rel", {"n": 2})
assert len(helm.history("rel")) == 2
helm.rollback("rel", version=1)
assert [item["name"] for item in helm.list()] == ["rel"]
helm.uninstall("rel")
assert helm.list() == []
""",
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs(name, PACKAGES.get(name, name))) for name in PYTHON_CLIENTS]
)
def test_a_python_client_works_unchanged(kubeconfig: Path, name: str) -> None:
    script = PYTHON_CLIENTS[name].replace("PATH", repr(str(kubeconfig)))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
