"""Random stacks of the whole language, one after the other, on one simulated account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlinfra.sandbox.aws.sandbox import Sandbox

from .account import Account

EXAMPLES = int(os.environ.get("MLINFRA_TEST_EXAMPLES", "0")) or 6
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MLINFRA_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A stack file's content."""
    document: dict[str, Any] = {
        "apiVersion": "mlinfra/v1",
        "kind": "Stack",
        "metadata": {"name": "chain", "tags": draw(st.dictionaries(words, words, max_size=2))},
        "target": {"platform": "aws", "region": "us-east-1"},
        "policies": {"packs": []},
    }
    if draw(st.booleans()):
        document["network"] = draw(networks())
        if draw(st.booleans()):
            document["cluster"] = draw(clusters())
            document["nodeGroups"] = {"system": {"instances": ["m6i.large"], "min": 1, "max": 2}} | draw(
                st.dictionaries(words, groups(), max_size=2)
            )
    document["registries"] = draw(st.dictionaries(words, registries(), max_size=2))
    return document


words = st.sampled_from(["one", "two", "three"])


def networks() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"zones": st.sampled_from([2, 3, ZONES[:2]]), "flowLogs": st.just(False)},
        optional={"nat": st.sampled_from(["none", "single", "per-zone"]), "cidr": st.just("10.8.0.0/16")},
    )


def clusters() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"version": st.sampled_from(["1.32", "1.33"])},
        optional={"logs": st.lists(st.sampled_from(["api", "audit"]), unique=True), "secretsEncryption": st.booleans()},
    )


def groups() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"instances": st.sampled_from([["g5.xlarge"], ["m6i.large", "m6i.xlarge"]]), "max": st.integers(1, 3)},
        optional={
            "min": st.integers(0, 1),
            "labels": st.dictionaries(words, words, max_size=2),
            "capacity": st.sampled_from([{"type": "spot"}, {"type": "on-demand"}]),
            "volume": st.fixed_dictionaries({"size": st.sampled_from(["50Gi", "100Gi"])}),
            "taints": st.just([{"key": "dedicated", "value": "x", "effect": "NoSchedule"}]),
        },
    )


def registries() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={"immutable": st.booleans(), "scanOnPush": st.booleans(), "keepLast": st.integers(1, 9)},
    )


@contextmanager
def account_in(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Account]:
    with Sandbox() as sandbox, patch.context() as patched:
        for name, value in Account.environment(sandbox).items():
            patched.setenv(name, value)
        patched.chdir(folder)
        yield Account(sandbox, folder)


@SETTINGS
@given(chain=st.lists(documents(), min_size=1, max_size=3))
def test_any_chain_of_stacks_converges_and_leaves_the_account_as_it_was(
    chain: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with account_in(tmp_path_factory.mktemp("chain"), monkeypatch) as account:
        for document in chain:
            Path("stack.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
            account.do("apply", "stack.yaml", "--yes")
            account.do("plan", "stack.yaml", "--detailed-exitcode")
            account.do("plan", "stack.yaml", "--detailed-exitcode", "--no-refresh")
        account.do("destroy", "stack.yaml", "--yes")
        assert account.left() == []
