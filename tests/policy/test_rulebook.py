"""Packs are found as modules are, chosen by the stack, and told what is wrong with them line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.errors import ConfigError
from mlinfra.core.source import Source
from mlinfra.policy.rulebook import Rulebook, bundled_policies
from tests.policy.books import book, graph, resource, rule, stack, write

GPU = resource("nodeGroups.gpu", "aws:eks/nodeGroup:NodeGroup", amiType="AL2023_x86_64_NVIDIA")
PLAIN = resource("nodeGroups.system", "aws:eks/nodeGroup:NodeGroup", amiType="AL2023_x86_64_STANDARD")


def names(book: Rulebook, *resources: Any, **about: Any) -> list[str]:
    return [pack.name for pack in book.chosen(stack(**about), graph(*resources))]


def wrong(folder: Path, *rules: dict[str, Any]) -> list[tuple[str, int]]:
    with pytest.raises(ConfigError) as caught:
        book(folder, *rules)
    return [(one.code, one.source.line if one.source else 0) for one in caught.value.diagnostics]


def test_packs_that_nobody_names_are_for_the_stacks_they_are_about() -> None:
    ours = Rulebook.find([bundled_policies()])
    assert names(ours, PLAIN) == ["baseline"]
    assert names(ours, PLAIN, GPU) == ["baseline", "gpu"]
    assert names(ours, environment="ephemeral") == ["baseline", "ephemeral"]


def test_a_stack_that_names_packs_gets_these(tmp_path: Path) -> None:
    both = Rulebook.find([bundled_policies(), write(tmp_path, rule())])
    assert names(both) == ["acme", "baseline"]
    assert names(both, policies={"packs": ["gpu", "gpu"]}) == ["gpu"]
    assert names(both, policies={"packs": []}) == []


def test_a_pack_that_there_is_not_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError) as caught:
        names(Rulebook.find([bundled_policies()]), policies={"packs": ["baselin"]})
    (found,) = caught.value.diagnostics
    assert (found.code, found.source, found.hint) == (
        "MLI7021",
        Source("policies.packs[0]", 1),
        "did you mean baseline?",
    )


def test_a_project_adds_to_our_packs_and_replaces_rules_by_id(tmp_path: Path) -> None:
    write(tmp_path, rule("MLP-NET-001"), rule("ACME-NET-002"), pack="baseline")
    found = Rulebook.find([bundled_policies(), tmp_path])
    rules = {one.id: one for one in found.packs["baseline"].rules}
    assert rules["MLP-NET-001"].own
    assert {"ACME-NET-002", "MLP-NET-002"} <= set(rules)
    assert [note.code for note in found.notes] == ["MLI7023"]


def test_a_pack_says_itself_which_stacks_it_is_for(tmp_path: Path) -> None:
    about = {"summary": "Ours.", "match": {"environments": ["development"]}}
    mine = Rulebook.find([write(tmp_path, rule(), about=about)])
    assert (names(mine), names(mine, environment="development")) == ([], ["acme"])


def test_two_rules_of_one_id_are_refused(tmp_path: Path) -> None:
    assert wrong(tmp_path, rule(), rule()) == [("MLI7022", 1)]


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"titel": "x"}, "MLI1030"),
        ({"severity": "grave"}, "MLI1033"),
        ({"id": "one"}, "MLI1035"),
        ({"reference": "http://plain.example"}, "MLI1035"),
        ({"cases": {"pass": [], "fail": [{}]}}, "MLI1036"),
        ({"check": "companion"}, "MLI7020"),
        ({"must": None}, "MLI7020"),
        ({"must": None, "check": "compagnon"}, "MLI7020"),
        ({"must": {"type": "texte"}}, "MLI7020"),
        ({"must": {"dependentRequired": {}}}, "MLI7020"),
        ({"match": {"types": ["aws:ec2/vpc:Vpc"], "where": {"minimum": "x"}}}, "MLI7020"),
        ({"must": None, "match": {"actions": ["delete"], "where": {}}}, "MLI7020"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, about: dict[str, Any], code: str) -> None:
    found = wrong(tmp_path, rule(**about))
    assert [one for one, _ in found] == [code]
    assert all(line for _, line in found)


def test_a_file_that_is_no_yaml_is_told_as_such(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "acme" / "bad.yaml").write_text("id: [")
    with pytest.raises(ConfigError) as caught:
        Rulebook.find([tmp_path])
    assert caught.value.code.startswith("MLI10")


def test_a_project_without_policies_has_ours(tmp_path: Path) -> None:
    assert Rulebook.of_project(tmp_path).packs == Rulebook.find([bundled_policies()]).packs
