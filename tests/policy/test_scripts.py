"""Checks of a project's own are Python beside its rules, and whatever goes wrong in one is told with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.policy.evaluation import judge
from mlinfra.policy.rulebook import Rulebook
from mlinfra.policy.scripts import words_of
from tests.policy.books import graph, resource, rule, stack, write

TODAY = date(2026, 11, 24)
HEAD = "from mlinfra.policy.scene import Breach\n\n"
GOOD = f'''"""Networks have an owner."""

{HEAD}
def check(scene, resources, given):
    for one in resources:
        if one.properties.get("tags", {{}}).get(given["tag"]) is None:
            yield Breach(one, "nobody owns it", path=("tags",))
'''
CASES = {"pass": [{"properties": {"tags": {"owner": "a"}}}], "fail": [{"properties": {}}]}


def project(folder: Path, script: str, name: str = "owner_tags.py", **about: Any) -> Path:
    content = rule(must=None, check="owner-tags", given={"tag": "owner"}, cases=CASES)
    write(folder, {**content, **about})
    (folder / "acme" / name).write_text(script)
    return folder


def refused(folder: Path) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        Rulebook.find([folder])
    return caught.value.diagnostics[0]


def test_a_check_beside_its_rule_is_asked_and_nothing_is_left_there(tmp_path: Path) -> None:
    book = Rulebook.find([project(tmp_path, GOOD)])
    (found,) = judge(book, graph(resource("network.vpc")), None, stack(), TODAY).diagnostics()
    assert (found.code, found.detail) == ("MLI7001", "nobody owns it")
    assert sorted(path.name for path in (tmp_path / "acme").iterdir()) == ["owner_tags.py", "rule-0.yaml"]
    (own,) = book.rules
    assert words_of(own.about.check, own.script) == "Networks have an owner."


def test_a_changed_script_is_another_check(tmp_path: Path) -> None:
    Rulebook.find([project(tmp_path, GOOD)])
    changed = project(tmp_path, GOOD.replace("is None", "is not None"))
    assert (refused(changed).code, refused(changed).summary) == (
        "MLI7051",
        "ACME-NET-001: its case fail 1 passes",
    )


@pytest.mark.parametrize(
    ("script", "line", "words"),
    [
        ("def check(:\n", 1, "SyntaxError"),
        ("import nothing_of_this_name\n", 1, "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("\nraise SystemExit(0)\n", 2, "SystemExit: 0"),
        ("CHECK = 1\n", 1, "it defines no function check(scene, resources, given)"),
        ("def check(scene, resources, given):\n    return [given['tga']]\n", 2, "KeyError: 'tga'"),
        ("def check(scene):\n    return []\n", 1, "TypeError: check() takes 1 positional argument but 3 were given"),
        ("def check(scene, resources, given):\n    return ['wrong']\n", 1, "it yields str"),
        ("def check(scene, resources, given):\n    return check(scene, resources, given)\n", 2, "RecursionError"),
    ],
)
def test_what_is_wrong_with_a_script_names_the_rule_and_the_line(
    tmp_path: Path, script: str, line: int, words: str
) -> None:
    found = refused(project(tmp_path, script))
    assert found.code == "MLI7050"
    assert found.summary.startswith("ACME-NET-001: its check owner-tags cannot be asked: ")
    assert words in found.summary
    assert found.source is not None
    assert (Path(found.source.file).name, found.source.line) == ("owner_tags.py", line)


def test_a_script_that_fails_on_what_its_cases_do_not_show_stops_the_plan(tmp_path: Path) -> None:
    script = GOOD.replace("        if", "        assert one.address != 'network.vpc'\n        if")
    book = Rulebook.find([project(tmp_path, script, level="advisory")])
    with pytest.raises(ConfigError) as caught:
        judge(book, graph(resource("network.vpc")), None, stack(), TODAY)
    assert [one.code for one in caught.value.diagnostics] == ["MLI7050"]


def test_a_check_of_ours_that_is_given_nothing_is_told_as_well(tmp_path: Path) -> None:
    write(tmp_path, rule(must=None, check="companion", cases=CASES))
    assert refused(tmp_path).summary == "ACME-NET-001: its check companion cannot be asked: KeyError: 'type'"


def test_a_check_that_there_is_not_names_the_near_one(tmp_path: Path) -> None:
    found = refused(project(tmp_path, GOOD, name="owner_tag.py"))
    assert (found.code, found.hint) == ("MLI7020", "did you mean owner-tag?")
