"""One simulated account for each test module; runs in this process reach it as any AWS account is reached."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints

from .gate import Gate
from .place import MakePlace, Place, place
from .reference import Reference, Stages

_SWIFT = Timings(node_boot=0.01, image_pull=0.01, readiness=0.01, termination=0.01)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Plain runs share what undisturbed runs came to."""
    if item.get_closest_marker("long") is None:
        item.add_marker(pytest.mark.xdist_group("reliability"))


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def sandbox(gate: Gate) -> Iterator[Sandbox]:
    with Sandbox(clock=gate, endpoints=lambda account: KubernetesEndpoints(account, _SWIFT)) as sandbox:
        yield sandbox


@pytest.fixture
def places(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePlace:
    """Makes one empty place after the other."""
    for name, value in Place.environment(sandbox).items():
        monkeypatch.setenv(name, value)
    numbers = itertools.count(1)
    return lambda: place(sandbox, tmp_path / str(next(numbers)))


@pytest.fixture(scope="session")
def known() -> dict[str, Stages]:
    return {}


@pytest.fixture
def reference(places: MakePlace, known: dict[str, Stages]) -> Reference:
    """What each form comes to where nothing goes wrong."""
    return Reference(places, known)
