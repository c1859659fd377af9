"""One emulator for all tests of this folder; each test has a namespace of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.providers.helm.cluster import Emulated
from tests.providers.helm.place import Place

if importlib.util.find_spec("helm_python") is None:
    collect_ignore_glob = ["test_*"]


@pytest.fixture(scope="session")
def emulated() -> Iterator[Emulated]:
    cluster = Emulated()
    yield cluster
    cluster.close()


@pytest.fixture
def place(emulated: Emulated, request: pytest.FixtureRequest) -> Place:
    """A namespace of the test's own, and a provider."""
    return Place.within(emulated, abs(hash(request.node.nodeid)) % 10**8)
