"""The main job on the quick start's stack, from an empty account to an empty account."""

from __future__ import annotations

from pathlib import Path

import pytest

from .account import Account


@pytest.fixture
def account(account: Account) -> Account:
    """One whose clusters answer: GPUs are announced by what runs in them."""
    return account


def test_plan_apply_empty_plan_drift_repair_destroy(account: Account, quickstart: Path) -> None:
    stack = str(quickstart)
    planned = account.do("plan", stack, "-o", "json").json()
    assert planned["summary"]["create"] == len(planned["changes"])
    account.do("apply", stack, "--yes")
    account.do("plan", stack, "--detailed-exitcode")
    account.do("plan", stack, "--detailed-exitcode", "--no-refresh")

    name = account.client("ecr").describe_repositories()["repositories"][0]["repositoryName"]
    account.client("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability="MUTABLE")
    found = account.run("drift", stack, "-o", "json")
    assert found.code == 2
    (change,) = [change for change in found.json()["changes"] if change["action"] != "no-op"]
    assert change["address"] == "registries.models"
    assert [(field["path"], field["cause"]) for field in change["fields"]] == [("imageTagMutability", "drift")]

    account.do("apply", stack, "--yes")
    account.do("drift", stack)
    account.do("destroy", stack, "--yes")
    assert account.left() == []
    assert account.do("state", "list", stack, "-o", "json").json()["records"] == []


def test_a_plan_file_is_applied_as_it_was_reviewed_and_refused_when_the_stack_has_changed(
    account: Account, quickstart: Path
) -> None:
    stack = str(quickstart)
    account.do("plan", stack, "--out", "first.plan")
    account.do("apply", "first.plan", "--yes")
    account.do("plan", stack, "--detailed-exitcode")
    account.do("plan", stack, "--set", "gpuMax=3", "--out", "second.plan")
    quickstart.write_text(quickstart.read_text().replace("instances: [m6i.large]", "instances: [m6i.xlarge]"))
    refused = account.run("apply", "second.plan", "--yes")
    assert refused.code in (0, 5)
    account.do("destroy", stack, "--yes")
    assert account.left() == []


def test_a_lost_state_is_rebuilt_from_the_cloud_and_the_next_plan_is_empty(account: Account, quickstart: Path) -> None:
    import shutil

    stack = str(quickstart)
    account.do("apply", stack, "--yes")
    shutil.rmtree(account.folder / ".mlinfra/state")
    lost = account.run("plan", stack)
    assert lost.code == 1
    assert "mlinfra state rebuild" in lost.out + lost.err
    account.do("state", "rebuild", stack, "--yes")
    assert "registry" in account.run("output", stack).out
    account.do("plan", stack, "--detailed-exitcode")
    account.do("destroy", stack, "--yes")
    assert account.left() == []
