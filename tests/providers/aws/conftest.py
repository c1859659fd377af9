"""A simulated account for each test, and the provider that works in it, with a clock that never waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.providers.aws.provider import AwsProvider
from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.providers.aws.lifecycle import Account, QuickClock


@pytest.fixture(scope="package")
def server() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def clients(server: Sandbox) -> Clients:
    return Clients(server.region, Endpoint(url=server.endpoint, access_key="testing", secret_key="testing"))


@pytest.fixture
def account(server: Sandbox, clients: Clients) -> Iterator[Account]:
    clock = QuickClock()
    calls = Calls(clients, clock)
    secrets = {"token": "s3cr3t-value"}
    provider = AwsProvider(
        f"{server.account}/{server.region}", calls, clock, lambda secret: secrets[secret.name], looks=(1.0,)
    )
    yield Account(provider, calls, server)
    server.reset()
