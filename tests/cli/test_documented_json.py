"""docs/json.md and what is printed are the same, key by key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli import graphs, plans
from tests.cli.fakes import FakeSession, FakeSessions, run

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
PLAN, REPORT, COST, CAPACITY, STATUS = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.S))


def test_a_plan_is_as_documented() -> None:
    told = json.loads(run("plan", "s", "-o", "json", session=FakeSession(plans.CREATE_FIRST)).out)
    assert keys(told) == keys(PLAN)


def test_a_report_is_as_documented() -> None:
    failing = {"cluster.role": ("MLI5003", "...")}
    args = ("apply", "s", "--yes", "-o", "json")
    assert keys(json.loads(run(*args, session=FakeSession(plans.CREATE, failing=failing)).out)) == keys(REPORT)


def test_a_status_is_as_documented() -> None:
    assert keys(json.loads(run("status", "s", "-o", "json").out)) == keys(STATUS)


_OTHERS = """
    validate, show, show --expanded, graph, state list, sandbox status, version, modules show, endpoints,
    policy list, policy check, policy explain
"""


@pytest.mark.parametrize("command", [command.strip() for command in _OTHERS.split(",")])
def test_other_documents_have_the_documented_keys(command: str) -> None:
    words = command.split()
    name = {"modules": ["node-group"], "sandbox": [], "version": []}.get(words[0], ["stack.yaml"])
    name = {"policy list": [], "policy explain": ["MLP-NET-001"]}.get(command, name)
    sessions = FakeSessions(FakeSession(resources=list(graphs.cluster(1))))
    told = json.loads(run(*words, *name, "-o", "json", sessions=sessions).out)
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("|") and f"`{command}`" in line)
    documented = re.search(r"\{(.*)\}", row)
    assert documented is not None
    first = told[0] if isinstance(told, list) else told
    outer = re.sub(r"\{.*?\}|\[.*?\]", "", documented.group(1))
    assert set(first) == {key.strip(" :") for key in outer.split(",")}


def keys(content: Any) -> Any:
    """The keys of a document, of its objects and of the first items of its lists; values are the user's."""
    if isinstance(content, dict):
        return {key: keys(item) for key, item in content.items() if key not in ("before", "after", "outputs")}
    if isinstance(content, list):
        return keys(content[0]) if content and isinstance(content[0], dict) else []
    return None
