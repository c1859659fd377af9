"""A project's own rules hold wherever a command runs: beside the stack, above it in its repository, and right here."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.session import Options, check_policies, compare, rules
from tests.policy.books import rule, write
from tests.session.repository import Checkout

STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: held}
target: {platform: aws, region: us-east-1}
lifecycle: {environment: development}
resources: {net: {type: "aws:ec2/vpc:Vpc", properties: {cidrBlock: 10.9.0.0/16}}}
"""
IDS = ("ACME-NET-001", "ACME-NET-002", "ACME-NET-003")


@pytest.fixture
def checkout(nowhere: Path) -> Checkout:
    """A repository with a rule at its root, one beside the stack, and one of somebody else's stack."""
    found = Checkout(nowhere / "clone")
    found.write({"teams/recsys/prod/stack.yaml": STACK, "elsewhere/keep": ""})
    for place, name in zip((".", "teams/recsys/prod", "teams/search"), IDS, strict=True):
        write(found.place / place / "policies", rule(id=name, level="mandatory"))
    found.commit("one", {})
    return found


def own(found: object) -> set[str]:
    return {name for name in IDS if name in str(found)}


@pytest.mark.parametrize("here", [".", "teams/recsys/prod", "elsewhere", ".."])
def test_the_rules_of_a_stack_do_not_depend_on_where_the_command_runs(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    monkeypatch.chdir(checkout.place / here)
    stack = checkout.place / "teams/recsys/prod/stack.yaml"
    options = Options(str(stack.relative_to(Path.cwd())) if stack.is_relative_to(Path.cwd()) else str(stack))
    assert own(check_policies(options).diagnostics()) == {"ACME-NET-001", "ACME-NET-002"}


def test_those_of_the_working_directory_hold_as_well(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout.place / "teams/search")
    assert own(check_policies(Options("../recsys/prod/stack.yaml")).diagnostics()) == set(IDS)
    assert own([one.data["id"] for one in rules()]) == {"ACME-NET-001", "ACME-NET-003"}


def test_outside_of_any_repository_nothing_above_the_stack_is_looked_into(nowhere: Path) -> None:
    write(nowhere / "policies", rule(id=IDS[0]))
    write(nowhere / "prod" / "policies", rule(id=IDS[1]))
    (nowhere / "prod" / "stack.yaml").write_text(STACK)
    (nowhere / "elsewhere").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(nowhere / "elsewhere")
        assert own(check_policies(Options("../prod/stack.yaml")).diagnostics()) == {IDS[1]}


def test_a_comparison_holds_to_the_rules_of_its_newer_revision(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.place)
    stack = checkout.place / "teams/recsys/prod/stack.yaml"
    stack.write_text(STACK.replace("10.9.0.0/16", "10.8.0.0/16"))
    checkout.commit("two", {})
    monkeypatch.chdir(checkout.place / "elsewhere")
    found = compare(Options("../teams/recsys/prod/stack.yaml"), "one", "two").plan.diagnostics
    assert own(found) == {"ACME-NET-001", "ACME-NET-002"}
