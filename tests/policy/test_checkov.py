"""checkov finds nothing wrong, by the ids that our rules bear, with what our rules let pass."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mlinfra.config.loader import load_stack
from mlinfra.core.facts import Facts
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.library import assembly
from mlinfra.policy.evaluation import judge
from mlinfra.session.reading.catalogue import language
from mlinfra.session.reading.symbolic import Symbols
from tests.cli.feared import CLOUD
from tests.library.samples import LIBRARY, ROOT
from tests.policy.checkov import CHECKOV, WHY_NOT, Failed, anchors_of, judged, judged_whole
from tests.policy.test_rules import BOOK

pytestmark = pytest.mark.skipif(CHECKOV is None, reason=WHY_NOT)

RULES = [rule for rule in BOOK.rules if anchors_of([rule])]
# Where the two differ, and why ours is right.
KNOWN = {
    # checkov follows references alone; the settings name their bucket by its name.
    Failed("MLP-DAT-002", 2, "CKV_AWS_145"),
    Failed("MLP-DAT-004", 2, "CKV_AWS_21"),
    # A case outside of production, where the rule asks nothing; checkov knows of no environments.
    Failed("MLP-DAT-009", 2, "CKV_AWS_293"),
    # Whoever is let in from two networks of one's own is not everybody; checkov knows no conditions on addresses there.
    Failed("MLP-IAM-008", 12, "CKV_AWS_70"),
    # ICMP has no ports: its -1 is every message, and not every port.
    Failed("MLP-NET-010", 5, "CKV_AWS_277"),
    # The service account says it for all of its pods; checkov looks at the pod alone.
    Failed("MLP-POD-006", 2, "CKV_K8S_38"),
}


def test_what_passes_a_rule_passes_what_others_call_it(tmp_path: Path) -> None:
    found, written = judged(RULES, tmp_path)
    assert written > 50
    assert found == KNOWN


@pytest.mark.parametrize("name", ["production", "development", "pull-request"])
def test_what_checkov_fails_in_a_stack_of_ours_our_rules_find_too(name: str, tmp_path: Path) -> None:
    stack, graph = _ours(name)
    failed = judged_whole(graph, RULES, tmp_path / name)
    found = judge(BOOK, graph, None, stack, date(2026, 11, 24)).findings
    ours = {anchor for one in found for anchor in one.rule.about.anchors}
    assert {check for _, check in failed} - ours == set()
    assert name != "production" or failed == set()


def test_the_objects_of_the_production_stack_are_looked_at() -> None:
    kinds = {one.type for one in _ours("production")[1] if one.type.startswith("kubernetes:")}
    assert {"kubernetes:apps/v1:Deployment", "kubernetes:networking.k8s.io/v1:NetworkPolicy"} <= kinds


def _ours(name: str) -> tuple[Stack, Graph]:
    file = ROOT / "stacks" / name / "stack.yaml"
    stack, _ = load_stack(str(file), language(LIBRARY), environ={})
    facts: Facts = Symbols().facts("123456789012", "us-east-1", assembly.wants(stack, LIBRARY))
    return stack, assembly.build(stack, LIBRARY, facts, CLOUD.taggable)
