"""docs/policies.md lists the rules as they are, and the rule that it shows is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mlinfra.documents.verdict import KEYWORDS
from mlinfra.policy.proof import proofs
from mlinfra.policy.reference import rules_tables
from mlinfra.policy.rulebook import Rulebook
from tests.library.samples import ROOT
from tests.policy.books import VPC, rule, write
from tests.policy.test_rules import BOOK

_GUIDE = (ROOT / "docs" / "policies.md").read_text()


def test_the_guide_lists_every_rule() -> None:
    (listed,) = re.findall(r"<!-- rules -->\n(.*?)<!-- end -->", _GUIDE, re.DOTALL)
    assert listed == rules_tables(BOOK) + "\n"


def test_the_rule_of_the_guide_does_what_its_cases_say(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(id: .*?)```", _GUIDE, re.DOTALL)
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "range.yaml").write_text(text)
    (rule,) = Rulebook.find([tmp_path]).rules
    assert [proof.holds for proof in proofs(rule)] == [True] * 4


def test_the_guide_names_every_keyword_that_asks_something() -> None:
    silent = {"$schema", "$comment", "$defs", "title", "description", "examples", "default"}
    assert {word for word in KEYWORDS - silent if not re.search(rf"`{re.escape(word)}\b", _GUIDE)} == set()


def test_the_check_of_the_guide_can_be_used(tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)

    def network() -> dict[str, Any]:
        return {"network.vpc": {"type": VPC, "properties": {"tags": {"center": "4411"}}}}

    cases = {
        name: [{"properties": {"tags": {"center": center}}, "resources": network()}]
        for name, center in (("pass", "4411"), ("fail", "1144"), ("unknown", "${stacks.other.center}"))
    }
    match = {"types": ["aws:eks/nodeGroup:NodeGroup"]}
    write(tmp_path, rule(must=None, check="budget-tags", given={"tag": "center"}, match=match, cases=cases))
    (tmp_path / "acme" / "budget_tags.py").write_text(script)
    assert [proof.holds for proof in proofs(Rulebook.find([tmp_path]).rules[0])] == [True] * 3
