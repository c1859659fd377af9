"""Advice in plans: the whole program on a simulated account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlinfra.sandbox.aws.quotas import Grants
from mlinfra.sandbox.aws.sandbox import Sandbox
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.system.account import Account

from .rooms import G

NETWORK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: small, owner: ml}
target: {platform: aws, region: us-east-1}
lifecycle:
  environment: development
  budget: {monthlyUSD: 30, onBreach: warn}
network: {zones: 2, nat: single, flowLogs: false}
"""
CLUSTER = (
    NETWORK
    + """\
cluster: {version: "1.34"}
nodeGroups:
  system: {instances: [m6i.large], min: 1, max: 2}
  gpu: {instances: [g5.xlarge], min: 0, max: 2}
"""
)
# What only the adviser asks.
ADVICE = {"GetServiceQuota", "DescribeInstances", "GetSpotPlacementScores", "DescribeInstanceTypeOfferings"}


@pytest.fixture
def account(running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.chdir(tmp_path)
    for name, value in Account.environment(running).items():
        monkeypatch.setenv(name, value)
    yield Account(running, tmp_path)
    running.reset()


def write(text: str) -> None:
    Path("stack.yaml").write_text(text)


def plan(account: Account, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = account.run("plan", "stack.yaml", "-o", "json", *arguments).json()
    return told


def codes(told: dict[str, Any]) -> set[str]:
    return {found["code"] for found in told["diagnostics"] if found["code"].startswith("MLI8")}


def asked(account: Account) -> set[str]:
    return {record.operation for record in account.sandbox.calls.records()} & ADVICE


def test_a_stack_comes_costs_and_goes(account: Account) -> None:
    write(NETWORK)
    first = plan(account)
    # a gateway 32.85, its address 3.65
    assert first["cost"]["monthly"]["expected"] == first["cost"]["change"]["expected"] == 36.5
    assert first["capacity"]["verdict"] == "fits"
    assert {room["address"] for room in first["capacity"]["rooms"]} == {
        "network.internet-gateway",
        "network.nat.us-east-1a.address",
        "network.nat.us-east-1a.gateway",
        "network.vpc",
    }
    assert codes(first) == {"MLI8001"}
    account.do("apply", "stack.yaml", "--yes")
    account.sandbox.calls.clear()
    again = plan(account)
    assert not any(again["summary"][action] for action in ("create", "update", "replace", "delete"))
    assert (again["cost"]["monthly"]["expected"], again["cost"]["change"]["expected"]) == (36.5, 0.0)
    assert again["capacity"] is None
    assert asked(account) == set()
    account.do("drift", "stack.yaml")
    assert asked(account) == set()
    no_seal_covers_advice(account)
    write(NETWORK)
    account.sandbox.calls.clear()
    out = account.do("destroy", "stack.yaml", "--yes").out
    assert "cost      0.00 USD a month expected, 36.50 less than before" in out
    assert asked(account) == set()


def no_seal_covers_advice(account: Account) -> None:
    wider = NETWORK.replace("nat: single", "nat: per-zone")
    write(wider)
    before = plan(account)
    account.sandbox.inside.store(Grants, account.sandbox.region).values["ec2", "L-0263D0A3"] = 1
    after = plan(account)
    assert (codes(before), codes(after)) == ({"MLI8001"}, {"MLI8001", "MLI8010"})
    assert before["seal"] == after["seal"]


def test_a_budget_that_fails_stops_plan_and_apply_with_its_exit_code(account: Account) -> None:
    write(NETWORK.replace("warn", "fail"))
    ran = account.run("plan", "stack.yaml", "--out", "sealed.plan")
    assert ran.code == 7
    assert "error MLI8001 stack.yaml:7:" in ran.out
    assert "36.50 USD a month, and its budget is 30.00 USD" in ran.out
    assert not Path("sealed.plan").exists()
    assert account.run("apply", "stack.yaml", "--yes").code == 7
    assert account.run("cost", "stack.yaml").code == 7
    assert account.left() == []


def test_a_plan_without_room_cannot_be_applied_and_says_where_and_what_to_do(account: Account) -> None:
    account.sandbox.inside.store(Grants, account.sandbox.region).values[G] = 0
    write(CLUSTER)
    ran = account.run("apply", "stack.yaml", "--yes")
    assert ran.code == 1
    assert "error MLI8010 stack.yaml:12:3: nodeGroups.gpu: vCPU quota L-DB2E81BA: 0 granted" in ran.out
    assert "request-service-quota-increase --service-code ec2 --quota-code L-DB2E81BA" in ran.out
    assert account.left() == []
    assert account.run("capacity", "stack.yaml").code == 1


def test_who_may_ask_nothing_gets_a_plan_that_says_what_was_not_checked(account: Account) -> None:
    for operation in (*ADVICE, "DescribeCapacityReservations"):
        account.sandbox.faults.add(FaultRule(kind=FaultKind.DENIED, operation=operation))
    write(CLUSTER)
    told = plan(account)
    account.sandbox.faults.clear()
    assert told["capacity"]["verdict"] == "not checked"
    checks = [check for room in told["capacity"]["rooms"] for check in room["checks"]]
    assert {check["subject"] for check in checks if check["verdict"] == "fits"} == {"subnet addresses"}
    assert all(any(name in check["words"] for name in ADVICE) for check in checks if check["verdict"] == "not checked")


def test_questions_are_few_and_asked_once(account: Account) -> None:
    write(CLUSTER)
    plan(account)
    account.sandbox.calls.clear()
    account.do("capacity", "stack.yaml")
    counts = Counter(record.operation for record in account.sandbox.calls.records())
    assert counts["GetServiceQuota"] == 6
    assert counts["DescribeInstances"] == counts["DescribeCapacityReservations"] == 1
    assert counts["GetSpotPlacementScores"] == 0
