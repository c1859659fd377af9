"""Checks of a project's own are Python beside its rules, and whatever goes wrong in one is told with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.documents.apart import CheckFaultError, ask
from mlinfra.policy.evaluation import faulty, judge
from mlinfra.policy.rulebook import Rulebook, unknown_types
from mlinfra.policy.scene import Scene
from mlinfra.policy.scripts import breaches, words_of
from tests.policy.books import VPC, graph, resource, rule, stack, write

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
        ("def check(scene, resources, given):\n    pass\n", 1, "it answers nothing"),
        ("import os\ndef check(scene, resources, given):\n    os._exit(0)\n", 1, "it ended the process that asked it"),
        ("import os\ndef check(scene, resources, given):\n    os.kill(os.getpid(), 9)\n", 1, "by signal 9"),
        (f"{HEAD}def check(scene, resources, given):\n    yield Breach(resources[0], verdict='FAIL')\n", 4, "'FAIL'"),
        (f"{HEAD}def check(scene, resources, given):\n    yield Breach(resources[0], words=7)\n", 4, "words are int"),
        (f"{HEAD}def check(scene, resources, given):\n    yield Breach(resources[0], path=(None,))\n", 4, "(None,)"),
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


LOOPS = "def check(scene, resources, given):\n    while True:\n        pass\n"
BACKTRACKS = "import re\ndef check(scene, resources, given):\n    return [re.match('(a+)+$', 'a' * 40 + '!')]\n"


@pytest.mark.parametrize(("script", "line"), [(LOOPS, 2), (BACKTRACKS, 3)])
def test_a_script_that_never_answers_is_stopped_at_its_line(tmp_path: Path, script: str, line: int) -> None:
    file = tmp_path / "slow.py"
    file.write_text(script)
    with pytest.raises(CheckFaultError) as caught:
        breaches("slow", str(file), Scene(stack(), graph()), [], {}, seconds=0.05)
    assert caught.value.words == "it has not answered within 0.05 seconds"
    assert caught.value.source is not None
    assert caught.value.source.file == str(file)
    assert line <= caught.value.source.line <= line + 1


def test_what_a_script_does_to_resources_it_does_to_copies_and_what_it_prints_is_no_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = GOOD.replace("    for one", "    print('asked')\n    for one").replace(
        "        if", "        one.properties['cidrBlock'] = scene.stack.lifecycle['ttl'] = 'theirs'\n        if"
    )
    book, one, lifecycle = Rulebook.find([project(tmp_path, script)]), resource("network.vpc"), {"ttl": "1d"}
    (found,) = judge(book, graph(one), None, stack(lifecycle=lifecycle), TODAY).diagnostics()
    assert found.code == "MLI7001"
    assert (one.properties, lifecycle) == ({}, {"ttl": "1d"})
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "asked" in printed.err


def test_a_pattern_that_never_answers_is_an_error_of_its_rule(tmp_path: Path) -> None:
    must = {"properties": {"name": {"pattern": "^(a+)+$"}}}
    cases = {"pass": [{"properties": {"name": "a"}}], "fail": [{"properties": {"name": "b"}}]}
    (slow,) = Rulebook.find([write(tmp_path, rule(must=must, cases=cases))]).rules
    assert slow.may_hang
    with pytest.raises(CheckFaultError) as caught:
        ask(lambda: slow.criterion.passes({"name": "a" * 40 + "!"}), bool, seconds=0.05)
    assert caught.value.words == "it has not answered within 0.05 seconds"
    told = faulty(slow, caught.value)
    assert (told.code, told.summary.partition(" ")[0], "pattern" in told.hint) == ("MLI7050", "ACME-NET-001:", True)
    assert told.source == slow.source


def test_files_that_are_not_read_are_told_and_so_are_types_that_there_are_not(tmp_path: Path) -> None:
    folder = write(tmp_path, rule(match={"types": ["aws:ec2/vpcs:Vpc", VPC, "aws:*"]}), pack="acme")
    for name in ("acme/late.yml", "acme/deeper/rule.yaml", "acme/rule.json", "lone.yaml", "acme/README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    book = Rulebook.find([folder])
    passed = [Path(one.source.file).relative_to(folder) for one in book.notes if one.code == "MLI7060" and one.source]
    assert sorted(map(str, passed)) == ["acme/deeper/rule.yaml", "acme/late.yml", "acme/rule.json", "lone.yaml"]
    (unknown,) = unknown_types(book, {VPC}, [VPC])
    assert (unknown.code, unknown.hint) == ("MLI7061", f"did you mean {VPC}?")


def test_a_rule_may_be_about_the_name_and_the_tags_of_a_stack(tmp_path: Path) -> None:
    must = {"properties": {"name": {"pattern": "^ml-"}, "tags": {"required": ["team"]}}}
    cases = {"pass": [{"name": "ml-a", "tags": {"team": "a"}, "properties": {}}], "fail": [{"name": "a"}]}
    book = Rulebook.find([write(tmp_path, rule(match={"types": ["stack"]}, must=must, cases=cases))])
    (found,) = judge(book, graph(), None, stack(tags={"team": "a"}), TODAY).diagnostics()
    assert found.detail == "see name"


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
