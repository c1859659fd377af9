"""A simulated account, and calls to it on a clock that never waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.providers.aws.lifecycle import QuickClock


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.reset()


@pytest.fixture(scope="package")
def clients(running: Sandbox) -> Clients:
    return Clients(running.region, Endpoint(url=running.endpoint, access_key="testing", secret_key="testing"))


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def calls(clients: Clients, clock: QuickClock, sandbox: Sandbox) -> Calls:
    """To an account that is emptied, with its log, after the test."""
    return Calls(clients, clock, chance=lambda: 1.0)
