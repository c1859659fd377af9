"""What a person does with kubectl, against the emulated API with everything behind it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings

from .clusters import SMALL

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: nothing is driven by it")
Kubectl = Callable[..., str]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    cluster = KubernetesCluster("ml", version="1.33", clock=now)
    cloud = MemoryCloud(now)
    quick = Timings(node_boot=0.1, image_pull=0.1, readiness=0.1, termination=0.1, run=0.1, load_balancer=0.1)
    plane = ControlPlane("ml", cluster.store, now, cloud, Options(timings=quick))
    machines = [shape("m6i.xlarge", "eu-west-1a", SMALL, group="system")]
    cloud.add_group(NodeGroup(name="system", minimum=0, maximum=3, desired=3, shapes=machines))
    plane.runtime.start()
    config = tmp_path / "kubeconfig"
    config.write_text(_kubeconfig(cluster.start(), cluster.ca_pem))

    def run(*words: str) -> str:
        environment = {**os.environ, "KUBECONFIG": str(config)}
        command = [str(KUBECTL), "--cache-dir", str(tmp_path / "cache"), *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    plane.runtime.stop()
    cluster.stop()


def _kubeconfig(url: str, certificate: str) -> str:
    data = base64.b64encode(certificate.encode()).decode()
    cluster = {"name": "ml", "cluster": {"server": url, "certificate-authority-data": data}}
    context = {"name": "ml", "context": {"cluster": "ml", "user": "me"}}
    user = {"name": "me", "user": {"token": "anything"}}
    head = {"apiVersion": "v1", "kind": "Config", "current-context": "ml"}
    return json.dumps({**head, "clusters": [cluster], "contexts": [context], "users": [user]})


def test_a_deployment_is_rolled_out_undone_and_drained(kubectl: Kubectl) -> None:
    kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=30s")
    kubectl("create", "deployment", "web", "--image=app:1", "--replicas=4")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("set", "image", "deployment/web", "app=app:2")
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    image = "jsonpath={.items[*].spec.containers[0].image}"
    kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=30s")
    assert set(kubectl("get", "pods", "-l", "app=web", "-o", image).split()) == {"app:1"}
    kubectl("create", "pdb", "web", "--selector=app=web", "--min-available=3")
    kubectl("wait", "--for=jsonpath={.status.disruptionsAllowed}=1", "pdb/web", "--timeout=30s")
    node = kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].spec.nodeName}")
    assert "drained" in kubectl("drain", node, "--timeout=60s")
    kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    assert kubectl("get", "pods", "-o", "name", f"--field-selector=spec.nodeName={node}") == ""


def test_a_job_completes_and_a_service_gets_its_host(kubectl: Kubectl) -> None:
    kubectl("create", "job", "train", "--image=app:1")
    kubectl("wait", "--for=condition=complete", "job/train", "--timeout=30s")
    assert "is simulated" in kubectl("logs", "job/train")
    kubectl("create", "service", "loadbalancer", "web", "--tcp=80:8080")
    host = "jsonpath={.status.loadBalancer.ingress[0].hostname}"
    kubectl("wait", f"--for={host}", "service/web", "--timeout=30s")
    assert kubectl("get", "service", "web", "-o", host).endswith(".elb.amazonaws.com")
    kubectl("delete", "service", "web", "--timeout=30s")
    assert "Successfully assigned default/train-" in kubectl("describe", "pod", "-l", "job-name=train")
