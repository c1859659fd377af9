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
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from tests.sandbox.kubernetes.client import VERSION, definition, deployment

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
SWIFT = Timings(node_boot=0.1, image_pull=0.1, readiness=0.1, termination=0.1, run=0.1)
Run = Callable[..., str]


def needs(module: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{package} is not installed")


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a running emulator, with two nodes and every controller behind it."""
    cluster = KubernetesCluster("clients", version=VERSION, clock=now)
    cloud = MemoryCloud(now)
    machines = [shape("m6i.4xlarge", "eu-west-1a", {"cpu": "16", "memory": "64Gi"}, group="system")]
    cloud.add_group(NodeGroup(name="system", minimum=2, maximum=2, desired=2, shapes=machines))
    plane = ControlPlane("clients", cluster.store, now, cloud, Options(timings=SWIFT))
    plane.runtime.start()
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
    plane.runtime.stop()
    cluster.stop()


def now() -> datetime:
    return datetime.now(UTC)


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
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=30s")
    assert "restarted" in kubectl("rollout", "restart", "deploy/web")
    assert "REVISION" in kubectl("rollout", "history", "deploy/web")
    kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=30s")
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
        "quota made --hard=pods=200",
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
    kubectl("patch", "cm", "p", "--type=strategic", "-p", '{"metadata": {"annotations": {"by": "hand"}}}')
    kubectl("label", "cm", "p", "tier=1")
    assert json.loads(kubectl("get", "cm", "-l", "tier=1", "-o", "json"))["items"][0]["data"] == {"b": "2"}
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "deployments" in kubectl("api-resources", "--api-group=apps")
    assert "kubernetes" in kubectl("get", "svc", "-o", "wide")
    columns = "NAME:.metadata.name,B:.data.b"
    assert kubectl("get", "cm", "p", "-o", f"custom-columns={columns}").split() == ["NAME", "B", "p", "2"]


@needs_kubectl
def test_kubectl_shows_the_columns_of_built_in_kinds(kubectl: Run) -> None:
    kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")
    head, *nodes = kubectl("get", "nodes").splitlines()
    assert head.split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    assert [line.split()[1] for line in nodes] == ["Ready", "Ready"]
    kubectl("create", "deployment", "shown", "--image=app:1", "--replicas=2")
    kubectl("rollout", "status", "deploy/shown", "--timeout=30s")
    _, line = kubectl("get", "deploy", "shown").splitlines()
    assert line.split()[:4] == ["shown", "2/2", "2", "2"]
    head, *pods = kubectl("get", "pods", "-l", "app=shown").splitlines()
    assert head.split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [pod.split()[1:3] for pod in pods] == [["1/1", "Running"]] * 2
    assert "FIELD: replicas <integer>" in kubectl("explain", "deployment.spec.replicas")
    kubectl("create", "pdb", "shown", "--selector=app=shown", "--min-available=1")
    kubectl("wait", "--for=jsonpath={.status.disruptionsAllowed}=1", "pdb/shown", "--timeout=30s")
    assert kubectl("get", "pdb", "shown", "--no-headers").split()[:4] == ["shown", "1", "N/A", "1"]
    kubectl("delete", "deploy", "shown")
    kubectl("wait", "--for=delete", "pod", "-l", "app=shown", "--timeout=30s")


@needs_kubectl
def test_kubectl_is_told_that_nothing_runs_in_a_pod(kubectl: Run) -> None:
    kubectl("run", "quiet", "--image=app:1")
    kubectl("wait", "--for=condition=Ready", "pod/quiet", "--timeout=30s")
    for words in (("exec", "quiet", "--", "ls"), ("attach", "quiet"), ("cp", "quiet:/etc/hosts", "/dev/null")):
        assert "default/quiet is simulated: nothing runs in it" in kubectl(*words, fails=True)
    assert "no port of it can be reached" in kubectl("port-forward", "pod/quiet", ":80", fails=True)
    assert 'pods "absent" not found' in kubectl("exec", "absent", "--", "ls", fails=True)
    kubectl("debug", "quiet", "--image=busybox", "--container=look")
    assert kubectl("get", "pod", "quiet", "-o", "jsonpath={.spec.ephemeralContainers[*].image}") == "busybox"
    kubectl("wait", "--for=jsonpath={.status.ephemeralContainerStatuses[0].name}=look", "pod/quiet", "--timeout=30s")
    assert "look has not run" in kubectl("logs", "quiet", "-c", "look")
    kubectl("delete", "pod", "quiet", "--now")


PACKAGES = {"helm_python": "helm-python-sdk"}
PYTHON_CLIENTS = {
    "kubernetes": """
from kubernetes import client, config, dynamic, watch
config.load_kube_config(PATH)
core, apps = client.CoreV1Api(), client.AppsV1Api()
body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="k"), data={"a": "1"})
core.create_namespaced_config_map("default", body)
assert core.patch_namespaced_config_map("k", "default", {"data": {"b": "2"}}).data == {"a": "1", "b": "2"}
events = watch.Watch().stream(core.list_namespaced_config_map, "default", timeout_seconds=1)
assert "k" in [event["object"].metadata.name for event in events]
core.delete_namespaced_config_map("k", "default")
try:
    core.read_namespaced_config_map("k", "default")
except client.ApiException as error:
    assert (error.status, error.reason) == (404, "Not Found")
assert core.list_namespaced_config_map("kube-system", limit=1).metadata is not None
it = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
applied = it.server_side_apply(namespace="default", field_manager="dynamic",
    body={"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "k"}, "data": {"x": "y"}})
assert applied.metadata.managedFields[0].manager == "dynamic"
it.delete(name="k", namespace="default")
assert {node.status.node_info.kubelet_version[:5] for node in core.list_node().items} == {"v1.33"}
""",
    "lightkube": """
from lightkube import ApiError, Client, KubeConfig
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Node
it = Client(KubeConfig.from_file(PATH), field_manager="light")
it.apply(ConfigMap(metadata=ObjectMeta(name="l", namespace="default"), data={"x": "y"}))
it.patch(ConfigMap, "l", {"data": {"z": "1"}})
assert it.get(ConfigMap, "l").data == {"x": "y", "z": "1"}
try:
    it.apply(ConfigMap(metadata=ObjectMeta(name="l", namespace="default"), data={"x": "n"}), field_manager="other")
except ApiError as error:
    assert error.status.code == 409
else:
    raise AssertionError("no conflict")
for change, found in it.watch(ConfigMap, namespace="default"):
    if found.metadata.name == "l":
        break
it.delete(ConfigMap, "l")
it.wait(Node, next(iter(it.list(Node))).metadata.name, for_conditions=["Ready"])
""",
    "kr8s": """
import kr8s
from kr8s.objects import ConfigMap, Deployment
api = kr8s.api(kubeconfig=PATH)
it = ConfigMap({"metadata": {"name": "r", "namespace": "default"}, "data": {"a": "b"}}, api=api)
it.create()
it.patch({"data": {"c": "d"}})
assert it.data == {"a": "b", "c": "d"}
it.delete()
assert not it.exists()
labels = {"app": "kr8s"}
pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "app:1"}]}}
spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
web = Deployment({"metadata": {"name": "kr8s", "namespace": "default"}, "spec": spec}, api=api)
web.create()
web.wait("condition=Available", timeout=30)
web.scale(2)
assert web.replicas == 2
assert {pod.metadata.labels["app"] for pod in web.pods()} == {"kr8s"}
web.delete()
""",
    "helm_python": """
import pathlib, tempfile
import helm_python
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "templates").mkdir()
(folder / "crds").mkdir()
(folder / "Chart.yaml").write_text("apiVersion: v2\\nname: demo\\nversion: 0.1.0\\n")
(folder / "crds" / "gadgets.yaml").write_text('''
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.helm.example.com}
spec:
  group: helm.example.com
  scope: Namespaced
  names: {plural: gadgets, kind: Gadget}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
''')
(folder / "templates" / "all.yaml").write_text('''
apiVersion: v1
kind: ConfigMap
metadata: {name: from-helm}
data: {n: "{{ .Values.n }}"}
---
apiVersion: helm.example.com/v1
kind: Gadget
metadata: {name: own}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: from-helm}
spec:
  replicas: {{ .Values.n }}
  selector: {matchLabels: {app: from-helm}}
  template:
    metadata:
      labels: {app: from-helm}
      annotations: {{ .Values.notes | toJson }}
    spec: {containers: [{name: main, image: "app:{{ .Values.n }}"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {"helm.sh/hook": "pre-upgrade", "helm.sh/hook-delete-policy": hook-succeeded}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "app:1"}]}}}
''')
helm = helm_python.Config(kubeconfig_path=PATH, namespace="default")
values = {"n": 1, "notes": {}}
waiting = {"wait": "watcher", "timeout": 30}
assert helm.install(folder, "rel", values, **waiting)["status"] == "deployed"
helm.upgrade(folder, "rel", {**values, "n": 2}, **waiting)
assert len(helm.history("rel")) == 2
helm.rollback("rel", version=1, **waiting)
try:
    broken = {"n": 3, "notes": {"sandbox.mlinfra.dev/fail": "never-ready"}}
    helm.upgrade(folder, "rel", broken, wait="watcher", timeout=2)
except helm_python.HelmError:
    pass
else:
    raise AssertionError("Helm did not wait")
assert [item["status"] for item in helm.history("rel")][-1] == "failed"
helm.rollback("rel", version=1, **waiting)
assert [item["name"] for item in helm.list()] == ["rel"]
helm.uninstall("rel", **waiting)
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
