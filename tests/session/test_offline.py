"""Policies and costs from a stack's files alone: no account, no state; nothing unknown passes, or costs zero."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main

STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: child, owner: ml@acme.example}
target: {platform: aws, region: us-east-1}
state: s3://elsewhere/child
stacks: {shared: {state: s3://elsewhere/shared}}
lifecycle: {protect: [cluster], budget: {monthlyUSD: 150, onBreach: fail}}
network: {use: {vpcId: "${stacks.shared.outputs.vpc}", subnetIds: "${stacks.shared.outputs.subnets}"}}
cluster:
  access: [{principal: "${stacks.shared.outputs.admins}", policy: cluster-admin}]
nodeGroups:
  system: {instances: [m6i.large, z9.large], max: 3, labels: {team: "${stacks.shared.outputs.team}"}}
"""


@pytest.fixture(autouse=True)
def folder(nowhere: Path) -> Path:
    """A folder with the stack, from which nothing of AWS can be asked."""
    (nowhere / "stack.yaml").write_text(STACK)
    return nowhere


@pytest.fixture
def answered(capsys: pytest.CaptureFixture[str]) -> Any:
    def answered(*words: str, code: int = 0) -> tuple[Any, str]:
        assert main([*words, "-o", "json"]) == code
        out, err = capsys.readouterr()
        return json.loads(out), err

    return answered


def test_what_the_files_do_not_tell_is_no_pass_and_no_violation(answered: Any) -> None:
    found, _ = answered("policy", "check", "stack.yaml")
    asked = {one["address"]: one["summary"] for one in found["diagnostics"] if one["code"] == "MLI7070"}
    # Which version the newest is, and who administers, an account and another stack's state would tell.
    assert asked["cluster"].startswith("MLP-EKS-006 (high): cluster: its files do not tell whether it is kept")
    (administrator,) = asked.keys() - {"cluster"}
    assert "MLP-EKS-008" in asked[administrator]
    assert (found["kept"], found["undecided"]) == (True, 2)


def test_what_the_files_do_tell_is_a_violation_all_the_same(nowhere: Path, answered: Any) -> None:
    (nowhere / "stack.yaml").write_text(STACK.replace("cluster:\n  access", "cluster:\n  version: '1.30'\n  access"))
    found, _ = answered("policy", "check", "stack.yaml", code=3)
    assert [one["address"] for one in found["diagnostics"] if one["code"] == "MLI7001"] == ["cluster"]


def test_a_cost_is_told_without_the_change_where_the_state_cannot_be_read(answered: Any) -> None:
    cost, told = answered("cost", "stack.yaml", code=7)
    # 70.08 for a machine and 8 for its volume, 73 for the control plane, 1 for its key: above the budget of 150
    assert cost["monthly"]["expected"] == 152.08
    assert cost["change"] is None
    assert [one["what"] for one in cost["unknown"]] == ["z9.large, on demand"]
    assert "note MLI8070: how this differs from what runs is not known" in told
    assert told.startswith("error MLI8001 stack.yaml:7:33: the stack is expected to cost 152.08 USD a month")


def test_a_cost_is_held_against_a_state_that_lies_at_hand(nowhere: Path, answered: Any) -> None:
    (nowhere / "stack.yaml").write_text(STACK.replace("state: s3://elsewhere/child\n", ""))
    cost, told = answered("cost", "stack.yaml", code=7)
    assert cost["change"]["expected"] == 152.08
    assert "MLI8070" not in told


def test_a_cost_of_which_nobody_knows_whether_it_keeps_to_its_budget_says_so(nowhere: Path, answered: Any) -> None:
    (nowhere / "stack.yaml").write_text(STACK.replace("monthlyUSD: 150", "monthlyUSD: 1500"))
    _, told = answered("cost", "stack.yaml", code=7)
    assert told.startswith(
        "error MLI8071 stack.yaml:7:33: whether the stack keeps to its budget of 1,500.00 USD is not"
    )
    (nowhere / "stack.yaml").write_text(STACK.replace("monthlyUSD: 150", "monthlyUSD: 1500, onUnknown: warn"))
    _, told = answered("cost", "stack.yaml")
    assert told.startswith("warning MLI8071")


@pytest.mark.parametrize("command", [("policy", "check"), ("cost",)])
def test_what_no_name_can_stand_for_is_said_to_be_that(
    command: tuple[str, ...], nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nowhere / "stack.yaml").write_text(STACK.replace("max: 3", 'max: "${stacks.shared.outputs.most}"'))
    assert main([*command, "stack.yaml"]) == 1
    assert "MLI3074 stack.yaml:12:46: nodeGroups.system.max is an output of another stack" in capsys.readouterr().err


def test_what_a_module_has_against_a_stand_in_is_said_of_what_it_stands_for(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = 'network: {zones: ["${stacks.shared.outputs.zone}", us-east-1b]}\n'
    lines = [line for line in STACK.splitlines(keepends=True) if not line.startswith("network:")]
    (nowhere / "stack.yaml").write_text("".join(lines) + own)
    assert main(["policy", "check", "stack.yaml"]) == 1
    said = capsys.readouterr().err
    assert "MLI3074" in said
    assert "stacks.shared.outputs.zone: it is an output of another stack" in said
