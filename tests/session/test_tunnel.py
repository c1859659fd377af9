"""A tunnel to a private cluster, through a machine of a simulated account, carried by a stand-in for AWS's plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.aws.plain import plain
from mlinfra.core.clock import SystemClock
from mlinfra.core.connections import CLUSTER
from mlinfra.core.errors import ProviderError
from mlinfra.providers.kubernetes.answers import having
from mlinfra.providers.kubernetes.client import Client
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints
from mlinfra.session.connections.clusters import Clusters
from mlinfra.session.connections.road import Road
from mlinfra.session.connections.tunnel import Tunnel, bastion_in
from tests.sandbox.aws.conftest import Aws

PLUGIN = Path(__file__).parent / "plugin"


class Place(msgspec.Struct):
    """A simulated account with a cluster and its nodes, and how it is called."""

    aws: Aws
    calls: Calls
    clients: Clients
    identity: str

    def clusters(self, **road: str) -> Clusters:
        return Clusters(self.calls, self.clients, SystemClock(), Road(reach="ssm", **road))

    def machines(self) -> list[str]:
        described = self.aws.ec2.describe_instances()["Reservations"]
        return sorted(one["InstanceId"] for reservation in described for one in reservation["Instances"])

    def sessions(self) -> list[str]:
        found = self.calls.one("ssm", "DescribeSessions", {"State": "Active"})["Sessions"]
        return [one["Target"] for one in found]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Sandbox(endpoints=lambda account: KubernetesEndpoints(account, Timings(node_boot=0.01))) as sandbox:
        aws = Aws(sandbox)
        cluster = aws.cluster()
        aws.node_group(cluster)
        clients = Clients("us-east-1", Endpoint(url=sandbox.endpoint, access_key="simulated", secret_key="simulated"))
        calls = Calls(clients, SystemClock())
        described = calls.one("eks", "DescribeCluster", {"name": cluster["name"]})["cluster"]
        identity = CLUSTER.identity_of({key: plain(value) for key, value in described.items()})
        yield Place(aws, calls, clients, str(identity))


@pytest.fixture(autouse=True)
def equipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{PLUGIN}{os.pathsep}{os.environ['PATH']}")


def test_a_private_cluster_is_entered_through_one_of_its_nodes(place: Place) -> None:
    endpoint = place.clusters().endpoint(place.identity)
    assert endpoint is not None
    assert endpoint.server.startswith("https://127.0.0.1:")
    client = Client(endpoint, SystemClock())
    assert client.get("/version", "asking for its version", having("gitVersion"))["major"] == "1"
    client.close()
    assert place.sessions() == place.machines()[:1]


def test_a_machine_that_does_not_answer_carries_no_tunnel(place: Place) -> None:
    with pytest.raises(ProviderError) as failed:
        place.clusters(bastion="i-0123").endpoint(place.identity)
    assert "i-0123" in str(failed.value)


def test_what_the_plugin_says_when_it_gives_up_is_told_and_its_session_is_ended(place: Place) -> None:
    before = place.sessions()
    node = place.machines()[0]
    tunnel = Tunnel(place.calls, place.clients, SystemClock(), bastion=node, server="https://nowhere.example")
    with pytest.raises(ProviderError) as failed:
        tunnel.open()
    assert failed.value.code == "MLI3158"
    assert "Connection to destination port failed" in str(failed.value)
    assert place.sessions() == before


def test_a_network_without_a_machine_that_answers_is_said_to_be_so(place: Place) -> None:
    empty = place.aws.vpc("10.9.0.0/16")
    with pytest.raises(ProviderError) as failed:
        bastion_in(place.calls, empty)
    assert (failed.value.code, empty in str(failed.value)) == ("MLI3157", True)
