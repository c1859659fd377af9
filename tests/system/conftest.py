"""The whole program on a simulated account: one account for each test, reached as any AWS account is."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.kubernetes.controllers.options import Timings
from mlinfra.sandbox.kubernetes_endpoints import KubernetesEndpoints

from .account import Account

ROOT = Path(__file__).parents[2]
SWIFT = Timings(node_boot=0.01, image_pull=0.01, readiness=0.01, termination=0.01)


@pytest.fixture(scope="session", autouse=True)
def settled_heap() -> None:
    """The models of the simulated account are large and stay: the collector need not look at them again and again."""
    with Sandbox() as sandbox:
        sandbox.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An empty account, and a folder to work in. Its clusters work: nodes join, pods start."""
    monkeypatch.chdir(tmp_path)
    with Sandbox(endpoints=lambda account: KubernetesEndpoints(account, SWIFT)) as sandbox:
        for name, value in Account.environment(sandbox).items():
            monkeypatch.setenv(name, value)
        yield Account(sandbox, tmp_path)


@pytest.fixture
def quickstart(account: Account) -> Path:
    """The quick start's stack, aimed at the account."""
    target = account.folder / "stack.yaml"
    shutil.copy(ROOT / "examples/quickstart/stack.yaml", target)
    target.write_text(target.read_text().replace("platform: sandbox", "platform: aws"))
    return target
