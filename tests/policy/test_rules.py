"""Every rule of ours: its cases come out as its file says, and it is about something that can be declared."""

from __future__ import annotations

from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

import pytest

from mlinfra.documents.findings import Findings
from mlinfra.policy.proof import proofs
from mlinfra.policy.reading import read_rule
from mlinfra.policy.rule import STACK, Rule
from mlinfra.policy.rulebook import Rulebook, bundled_policies
from mlinfra.providers.aws.catalogue import catalogue
from mlinfra.providers.helm.release_type import RELEASE
from mlinfra.session.reading.kinds import Kinds

BOOK = Rulebook.find([bundled_policies()])
_RULES = {rule.id: rule for rule in BOOK.rules}


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_case_of_a_rule_comes_out_as_its_file_says(rule: Rule) -> None:
    wrong = [f"{proof.expected.name} {proof.number}: {proof.found.name}" for proof in proofs(rule) if not proof.holds]
    assert wrong == []


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_of_ours_would_be_taken_from_a_project_as_well(rule: Rule) -> None:
    findings = Findings()
    path = Path(rule.source.file)
    theirs = read_rule(path.read_bytes(), path.name, rule.pack, findings, own=True)
    assert findings.diagnostics() == ()
    assert theirs is not None
    assert theirs.about == rule.about


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_is_about_types_that_can_be_declared(rule: Rule) -> None:
    types = [STACK, *catalogue()]
    unknown = [one for one in rule.match.types if not any(fnmatchcase(known, one) for known in types)]
    assert [one for one in unknown if not _is_known_elsewhere(one)] == []


def _is_known_elsewhere(token: str) -> bool:
    """Whether clusters have it; or Pulumi's vocabulary does, so that it means the same once it can be declared."""
    if token.startswith("kubernetes:"):
        return token == "kubernetes:*" or Kinds().get(token) is not None or token == RELEASE
    package, _, name = token.removeprefix("aws:").partition("/")
    return hasattr(import_module(f"pulumi_aws.{package}"), name.partition(":")[2])


def test_the_packs_are_the_three_that_are_documented() -> None:
    assert sorted(BOOK.packs) == ["baseline", "ephemeral", "gpu"]
    assert all(pack.summary and pack.rules and not pack.own for pack in BOOK.packs.values())
    assert len(_RULES) == len(BOOK.rules) >= 35


def test_ids_begin_as_ours_do() -> None:
    assert [rule for rule in _RULES if not rule.startswith("MLP-")] == []
