"""Kubeconfigs lead the way that the stack declares, and say what a client needs besides."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.aws.clients import Endpoint
from mlinfra.core.address import Address
from mlinfra.core.resource import Connection
from mlinfra.core.state import Record, State
from mlinfra.session.connections.kubeconfig import kubeconfig
from mlinfra.session.connections.road import Road

API = "https://abc.gr7.eu-west-1.eks.amazonaws.com"
RECORD = Record(
    address=Address("cluster"),
    type="aws:eks/cluster:Cluster",
    id="demo",
    generation=1,
    connection=Connection("aws", ""),
    inputs={},
    outputs={"name": "demo", "endpoint": API, "certificateAuthority": {"data": "Q0E="}},
)
STATE = State(stack="demo", lineage="l", records={RECORD.address: RECORD})


def led(road: Road, endpoint: Endpoint | None = None, **more: Any) -> tuple[dict[str, Any], str]:
    found, besides = kubeconfig(STATE, "demo", "eu-west-1", endpoint, road, **more)
    cluster = found["clusters"][0]["cluster"]
    return {key: value for key, value in cluster.items() if key != "certificate-authority-data"}, besides


@pytest.mark.parametrize("road", [Road(), Road(reach="direct")])
def test_an_api_that_is_reached_directly_needs_nothing_besides(road: Road) -> None:
    assert led(road) == ({"server": API}, "")


def test_a_proxy_that_the_stack_names_is_in_the_kubeconfig() -> None:
    proxy = "http://proxy.acme.example:3128"
    assert led(Road(reach="proxy", proxy=proxy)) == ({"server": API, "proxy-url": proxy}, "")


def test_a_proxy_of_the_environment_may_have_a_password_and_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:pass@proxy:3128")
    cluster, besides = led(Road(reach="proxy"))
    assert cluster == {"server": API}
    assert "HTTPS_PROXY" in besides
    assert "pass" not in besides


def test_a_tunnel_has_its_end_here_and_its_certificate_is_checked_under_its_own_name() -> None:
    cluster, besides = led(Road(reach="ssm", bastion="i-0a1b"), port=9443)
    host = "abc.gr7.eu-west-1.eks.amazonaws.com"
    assert cluster == {"server": "https://127.0.0.1:9443", "tls-server-name": host}
    assert "aws ssm start-session --region eu-west-1 --target i-0a1b" in besides
    assert f"host={host},portNumber=443,localPortNumber=9443" in besides


def test_a_simulated_cluster_is_on_this_machine_whatever_its_stack_says() -> None:
    assert led(Road(reach="ssm"), Endpoint(url="http://127.0.0.1:1", access_key="a", secret_key="b")) == (
        {"server": API},
        "",
    )
