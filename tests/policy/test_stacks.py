"""Our own defaults keep our own rules: the reference stacks and the examples break none that is mandatory."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.diagnostic import Diagnostic, Severity, errors_in
from mlinfra.library.assembly import build
from mlinfra.policy.evaluation import judge
from mlinfra.policy.finding import Judgement
from mlinfra.session.catalogue import language
from tests.library.samples import FACTS, LIBRARY, ROOT, TAGGABLE, graph_of, stack_of
from tests.policy.test_rules import BOOK

_FILES = sorted([*(ROOT / "examples").glob("*/stack.yaml"), *(ROOT / "stacks").glob("*/stack.yaml")])
_TODAY = date(2026, 11, 21)


def _judged(file: Path) -> Judgement:
    stack, _ = load_stack(str(file), language(LIBRARY), environ={})
    return judge(BOOK, build(stack, LIBRARY, FACTS, TAGGABLE), None, stack, _TODAY)


def _rules(found: tuple[Diagnostic, ...]) -> set[str]:
    return {one.summary.partition(" ")[0] for one in found}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.parent.name)
def test_a_stack_of_ours_breaks_no_mandatory_rule_and_waives_none(file: Path) -> None:
    found = _judged(file).diagnostics()
    assert errors_in(found) == ()
    assert all(one.severity is Severity.WARNING and one.source and one.source.line for one in found)


# What our own components leave open, as advice: namespaces of agents that need their node, and are labelled privileged
# for it; charts whose digest is not in their contract, and pinned only when a plan is made; no network policies yet.
_OF_COMPONENTS = {"MLP-POD-002", "MLP-POD-004", "MLP-POD-005"}


def test_the_production_stack_keeps_every_rule_but_for_advice_on_components() -> None:
    judgement = _judged(ROOT / "stacks" / "production" / "stack.yaml")
    assert judgement.packs == ("baseline", "gpu")
    assert {one.rule.about.id for one in judgement.findings} == _OF_COMPONENTS
    assert {one.address.section for one in judgement.findings if one.address} == {
        "components",
        "loadBalancers",
        "runtimes",
    }


def test_what_the_development_stack_saves_on_is_said() -> None:
    found = _judged(ROOT / "stacks" / "development" / "stack.yaml").diagnostics()
    saved = {"MLP-EKS-002", "MLP-EKS-004", "MLP-NET-001", "MLP-NET-023", "MLP-REG-001"}
    assert _rules(found) == saved | _OF_COMPONENTS


def test_the_pull_request_stack_is_held_to_what_ephemeral_ones_are() -> None:
    judgement = _judged(ROOT / "stacks" / "pull-request" / "stack.yaml")
    assert judgement.packs == ("baseline", "ephemeral", "gpu")


def test_defaults_with_nothing_chosen_are_right_for_production() -> None:
    sections = {
        "network": {},
        "cluster": {},
        "nodeGroups": {"system": {"instances": ["m6i.large"], "max": 3}, "gpu": {"instances": ["g5.xlarge"], "max": 2}},
        "registries": {"models": {}},
    }
    stack = stack_of(sections)
    found = judge(BOOK, graph_of(sections), None, stack, _TODAY).diagnostics()
    # Nobody can choose for the user what cannot be taken back by an apply.
    assert _rules(found) == {"MLP-EKS-009"} | _OF_COMPONENTS
    assert errors_in(found) == ()


def test_what_is_dangerous_is_found_in_sections_as_well() -> None:
    sections = {
        "network": {"nodeSubnets": "public", "flowLogs": False},
        "cluster": {
            "endpoint": {"public": True, "allowedCidrs": ["0.0.0.0/0"]},
            "secretsEncryption": False,
            "logs": [],
            "access": [{"principal": "arn:aws:iam::123456789012:user/x", "policy": "cluster-admin"}],
        },
        "nodeGroups": {"system": {"instances": ["m6i.large"], "max": 3, "zones": ["us-east-1a"]}},
        "registries": {"models": {"immutable": False, "scanOnPush": False}},
    }
    found = errors_in(judge(BOOK, graph_of(sections), None, stack_of(sections), _TODAY).diagnostics())
    assert _rules(found) == {
        "MLP-EKS-001",
        "MLP-EKS-002",
        "MLP-EKS-003",
        "MLP-EKS-004",
        "MLP-EKS-008",
        "MLP-NET-001",
        "MLP-NET-002",
        "MLP-NOD-003",
        "MLP-NOD-009",
        "MLP-REG-001",
        "MLP-REG-002",
    }
