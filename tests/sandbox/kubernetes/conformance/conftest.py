"""Each test of the suite runs on the emulator, and on the cluster that MLINFRA_TEST_KUBECONFIG names, when it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from tests.sandbox.kubernetes.client import REAL, VERSION, Client, connect, connect_real, eventually

_SWIFT = Timings(node_boot=0.05, image_pull=0.05, readiness=0.05, termination=0.05, run=0.05)

_WITHOUT = pytest.mark.skipif(
    REAL not in os.environ,
    reason=f"{REAL} names no real cluster to compare with",
)


@pytest.fixture(scope="session", params=["emulator", pytest.param("cluster", marks=_WITHOUT)])
def http(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    if request.param == "emulator":
        cluster, plane = _emulator()
        with connect(cluster) as client:
            yield client
        plane.runtime.stop()
        cluster.stop()
        return
    with connect_real() as real:
        yield real


def _emulator() -> tuple[KubernetesCluster, ControlPlane]:
    cluster = KubernetesCluster("conformance", version=VERSION, clock=_now)
    cloud = MemoryCloud(_now)
    machines = [shape("m6i.4xlarge", "eu-west-1a", {"cpu": "16", "memory": "64Gi"}, group="system")]
    cloud.add_group(NodeGroup(name="system", minimum=2, maximum=2, desired=2, shapes=machines))
    plane = ControlPlane("conformance", cluster.store, _now, cloud, Options(timings=_SWIFT))
    plane.runtime.start()
    return cluster, plane


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def api(http: httpx.Client) -> Iterator[Client]:
    """A client in a fresh namespace, which is deleted afterwards."""
    client = Client(http)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "mlinfra-test-"}}
    name = client.create("v1/namespaces", space, namespace=None)["metadata"]["name"]
    mine = Client(http, name)
    assert eventually(lambda: "default" in mine.names("v1/serviceaccounts"))  # pods are refused without it
    try:
        yield mine
    finally:
        let_go(mine)
        client.delete("v1/namespaces", name, namespace=None)


def let_go(api: Client) -> None:
    """Take off what a test that failed half-way left on its objects, and what would hold the namespace for ever."""
    for item in api.get("v1/configmaps")["items"]:
        if item["metadata"].get("finalizers"):
            api.patch("v1/configmaps", item["metadata"]["name"], {"metadata": {"finalizers": None}})


@pytest.fixture
def group(http: httpx.Client, api: Client) -> Iterator[str]:
    """An API group of the test's own; its definitions are deleted afterwards."""
    group = f"{api.namespace}.mlinfra.dev"
    yield group
    api.http.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}")
