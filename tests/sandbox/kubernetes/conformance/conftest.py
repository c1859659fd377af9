"""Each test of the suite runs on the emulator, and on the cluster that MLINFRA_TEST_KUBECONFIG names, when it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from tests.sandbox.kubernetes.client import VERSION, Client, connect, connect_real

_WITHOUT = pytest.mark.skipif(
    "MLINFRA_TEST_KUBECONFIG" not in os.environ,
    reason="MLINFRA_TEST_KUBECONFIG names no real cluster to compare with",
)


@pytest.fixture(scope="session", params=["emulator", pytest.param("cluster", marks=_WITHOUT)])
def http(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    if request.param == "emulator":
        cluster = KubernetesCluster("conformance", version=VERSION, clock=lambda: datetime.now(UTC))
        with connect(cluster) as client:
            yield client
        cluster.stop()
        return
    real = connect_real()
    assert real is not None
    with real:
        yield real


@pytest.fixture
def api(http: httpx.Client) -> Iterator[Client]:
    """A client in a fresh namespace, which is deleted afterwards."""
    client = Client(http)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "mlinfra-test-"}}
    name = client.create("v1/namespaces", space, namespace=None)["metadata"]["name"]
    yield Client(http, name)
    client.delete("v1/namespaces", name, namespace=None)


@pytest.fixture
def group(http: httpx.Client, api: Client) -> Iterator[str]:
    """An API group of the test's own; its definitions are deleted afterwards."""
    group = f"{api.namespace}.mlinfra.dev"
    yield group
    api.http.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}")
