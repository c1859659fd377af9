"""A simulated account, its facts, and calls to it on a clock that never waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.aws.facts import read_facts
from mlinfra.aws.identity import Identity
from mlinfra.core.facts import Facts, Wants
from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.advice.rooms import TYPES
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


@pytest.fixture(scope="package")
def calls(clients: Clients) -> Calls:
    return Calls(clients, QuickClock())


@pytest.fixture(scope="package")
def facts(calls: Calls) -> Facts:
    return read_facts(calls, Identity(calls), Wants(frozenset(TYPES)))
