"""Our own defaults keep our own rules: the reference stacks and the examples break none that is mandatory."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.diagnostic import Diagnostic, Severity, errors_in
from mlinfra.library.assembly import build
from mlinfra.library.module import Module
from mlinfra.policy.evaluation import judge
from mlinfra.policy.finding import Judgement
from mlinfra.session.reading.catalogue import language
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


# The registries of these show no digest of a chart's archive without being asked, and nobody publishes it: each is
# pinned when a plan is made, and until then the rule advises.
_OF_ISTIO = {"gateway"}
_OF_KSERVE = {"kserve-crd", "kserve-resources", "kserve-runtime-configs"}
_UNPINNED = {"aws-node-termination-handler", "karpenter", "neuron-helm-chart", *_OF_ISTIO, *_OF_KSERVE}


def test_the_production_stack_keeps_every_rule_but_for_charts_whose_digest_nobody_publishes() -> None:
    judgement = _judged(ROOT / "stacks" / "production" / "stack.yaml")
    assert judgement.packs == ("baseline", "gpu")
    assert {one.rule.about.id for one in judgement.findings} == {"MLP-POD-004"}
    assert {one.address.parts[:2] for one in judgement.findings if one.address} == {
        ("runtimes", "kserve"),
        ("loadBalancers", "models"),
    }


def test_every_chart_of_ours_is_pinned_by_its_digest_but_those_that_are_listed() -> None:
    contracts = [module.contract for module in LIBRARY.modules.values() if module.contract is not None]
    charts = [chart for contract in contracts for chart in contract.every_chart]
    assert {chart.name for chart in charts if not re.fullmatch("sha256:[0-9a-f]{64}", chart.digest)} == _UNPINNED


@pytest.mark.parametrize("name", [name for name, one in LIBRARY.modules.items() if one.contract is not None])
def test_a_contract_says_who_comes_into_its_namespaces_and_why_pods_need_their_node(name: str) -> None:
    contract = LIBRARY.modules[name].contract
    assert contract is not None
    for one in contract.namespaces:
        if one.made:
            assert one.entrances is not None, (
                f"{name}: add entrances=(...) to the namespace {one.name}, or () for nobody"
            )
            assert one.level != "privileged" or len(one.because) >= 20, f"{name}: say because=... of {one.name}"


def test_what_the_development_stack_saves_on_is_said() -> None:
    found = _judged(ROOT / "stacks" / "development" / "stack.yaml").diagnostics()
    saved = {"MLP-EKS-002", "MLP-EKS-004", "MLP-EKS-005", "MLP-NET-001", "MLP-NET-023", "MLP-REG-001"}
    saved |= {"MLP-POD-004"}  # the charts of its gateway, which are not pinned
    assert _rules(found) == saved


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
    assert _rules(found) == {"MLP-EKS-009"}
    assert errors_in(found) == ()


_LEAST = {
    "budget": {"monthlyUSD": 300},
    "endpoint": {"runtime": "triton", "model": "s3://acme-models/ranker/7", "nodeGroups": ["system"]},
}
_CHOSEN = [one for one in LIBRARY.modules.values() if one.built and one.place.section != "components"]


@pytest.mark.parametrize("module", _CHOSEN, ids=lambda module: module.name)
def test_a_module_with_nothing_chosen_keeps_every_rule(module: Module) -> None:
    sections: dict[str, Any] = {
        "network": {},
        "cluster": {},
        "nodeGroups": {"system": {"instances": ["m6i.large"], "max": 3}},
    }
    place, inputs = module.place, _LEAST.get(module.name, {})
    if place.section not in sections:
        name = place.entry or ("one" if place.many else "")
        sections[place.section] = {name: inputs} if name else inputs
    if module.name == "endpoint":
        sections["runtimes"] = {"kserve": {}}
    judgement = judge(BOOK, graph_of(sections), None, stack_of(sections), _TODAY)
    found = {one.rule.id for one in judgement.findings}
    # Protection nobody can choose for the user, and digests of some charts nobody publishes.
    assert found <= {"MLP-EKS-009", "MLP-POD-004"}
    assert errors_in(judgement.diagnostics()) == ()


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
