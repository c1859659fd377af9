"""Policies where users meet them: in plans, at apply, and through the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mlinfra.cli.main import main
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.policy import rule_page
from mlinfra.cli.shell import Shell
from mlinfra.session.plans.policies import RuleInfo
from tests.policy.books import rule, write
from tests.policy.test_rules import BOOK

STACK = """\
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: held}
target: {platform: sandbox, region: us-east-1}
resources:
  net:
    type: aws:ec2/vpc:Vpc
    properties: {cidrBlock: 10.9.0.0/16}
"""
SOON = date.today() + timedelta(days=100)  # of the clock that commands go by
WAIVE = "policies: {waive: [{rule: MLP-NET-001, address: resources.net, reason: nobody is in it, until: %s}]}\n"


def run(*words: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    code = main(words, Shell(stdin=StringIO(), stdout=out, stderr=err, environ={"NO_COLOR": "1"}))
    return code, out.getvalue(), err.getvalue()


def answered(*words: str) -> tuple[int, Any]:
    code, out, err = run(*words, "-o", "json")
    assert out, err
    return code, json.loads(out)


def codes(document: Any) -> list[str]:
    return [one["code"] for one in document["diagnostics"]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stack.yaml").write_text(STACK)
    return tmp_path


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Path]:
    yield folder
    run("sandbox", "down")


def test_a_plan_that_breaks_a_mandatory_rule_exits_with_3_is_not_written_and_not_applied(sandbox: Path) -> None:
    code, plan = answered("plan", "stack.yaml", "--out", "plan.mlinfra")
    assert (code, codes(plan)) == (3, ["MLI7001"])
    assert plan["diagnostics"][0]["source"] == "stack.yaml:8:5"
    assert not (sandbox / "plan.mlinfra").exists()
    assert run("apply", "stack.yaml", "--yes")[0] == 3
    assert answered("state", "list", "stack.yaml")[1]["records"] == []


def test_a_waiver_lets_it_pass_until_its_day_and_destroy_and_drift_ask_no_rule(sandbox: Path) -> None:
    stack = sandbox / "stack.yaml"
    stack.write_text(STACK + WAIVE % SOON)
    code, plan = answered("plan", "stack.yaml")
    assert (code, codes(plan)) == (0, ["MLI7005"])
    assert run("apply", "stack.yaml", "--yes")[0] == 0
    stack.write_text(STACK + WAIVE % "2026-01-01")
    code, plan = answered("plan", "stack.yaml")
    assert (code, codes(plan)) == (3, ["MLI7001", "MLI7010"])
    code, drift = answered("drift", "stack.yaml")
    assert (code, codes(drift)) == (0, [])
    assert run("destroy", "stack.yaml", "--yes")[0] == 0


def test_check_holds_a_stack_to_the_rules_of_its_environment_without_a_plan(sandbox: Path) -> None:
    code, found = answered("policy", "check", "stack.yaml")
    assert (code, found["kept"], found["packs"], codes(found)) == (3, False, ["baseline"], ["MLI7001"])
    (sandbox / "stack.yaml").write_text(STACK + "lifecycle: {environment: development}\n")
    code, out, _ = run("policy", "check", "stack.yaml")
    assert code == 0
    assert "0 violations, 1 warning" in out
    (sandbox / "stack.yaml").write_text(STACK + "policies: {packs: []}\n")
    assert answered("policy", "check", "stack.yaml")[1]["rules"] == 0


def test_rules_of_the_project_hold_as_ours_do(sandbox: Path) -> None:
    write(sandbox / "policies", rule())
    (sandbox / "stack.yaml").write_text(STACK + WAIVE % SOON)
    code, found = answered("policy", "check", "stack.yaml")
    assert (code, found["packs"], codes(found)) == (3, ["acme", "baseline"], ["MLI7001", "MLI7005"])
    listed = {one["id"]: one for one in answered("policy", "list")[1]}
    assert listed["ACME-NET-001"]["own"]
    assert not listed["MLP-NET-001"]["own"]


def test_a_stack_level_rule_can_be_waived_for_the_stack(sandbox: Path) -> None:
    lines = ["lifecycle: {environment: ephemeral, ttl: 8h}", "policies:", "  waive:"]
    lines += [
        f"    - {{rule: {name}, address: stack, reason: a rehearsal, until: {SOON}}}"
        for name in ("MLP-ENV-002", "MLP-ENV-003")
    ]
    (sandbox / "stack.yaml").write_text(STACK + "\n".join(lines) + "\n")
    code, found = answered("policy", "check", "stack.yaml")
    assert (code, found["packs"], sorted(codes(found))) == (
        0,
        ["baseline", "ephemeral"],
        ["MLI7003", "MLI7005", "MLI7005"],
    )


def test_a_rule_is_explained_with_how_its_cases_come_out(folder: Path) -> None:
    code, out, _ = run("policy", "explain", "mlp-nod-001")
    assert code == 0
    assert "Machines offer version 2 of the metadata service only" in out
    assert "CKV_AWS_79" in out
    assert "5 of 5 cases come out as they should" in out
    demanded = out.partition("must\n")[2].partition("\n\n")[0].splitlines()
    assert [line.rstrip() for line in demanded] == [
        "  metadataOptions:",
        "    any of these:",
        "      - httpTokens: is required",
        "      - httpEndpoint: is disabled",
    ]
    assert "passes\n  properties:\n    metadataOptions: {httpTokens: required}\n" in out
    assert "fails\n  properties: {}\n" in out


def test_a_rule_whose_own_cases_come_out_otherwise_is_no_rule(folder: Path) -> None:
    wrong = rule(cases={"pass": [{"properties": {"enableDnsSupport": True}}, {"properties": {}}], "fail": [{}]})
    write(folder / "policies", wrong)
    for words in (("policy", "explain", "ACME-NET-001"), ("policy", "check", "stack.yaml"), ("validate", "stack.yaml")):
        code, out, err = run(*words)
        assert code == 1
        assert "ACME-NET-001: its case pass 2 fails" in out + err
        assert "ACME-NET-001: its case fail 1 passes" in out + err
        assert "rule-0.yaml:" in out + err


@pytest.mark.parametrize(
    ("policies", "line", "words", "hint"),
    [
        ("packs: [baselin]", 9, "there is no pack of rules called baselin", "did you mean baseline?"),
        (
            "waive: [{rule: MLP-NTE-001, address: resources.net, reason: x, until: 2999-01-01}]",
            9,
            "there is no rule MLP-NTE-001 to be waived",
            "did you mean MLP-NET-001?",
        ),
    ],
)
def test_what_policies_name_and_there_is_not_is_a_mistake_that_validation_finds(
    folder: Path, policies: str, line: int, words: str, hint: str
) -> None:
    (folder / "stack.yaml").write_text(f"{STACK}policies: {{{policies}}}\n")
    code, found = answered("validate", "stack.yaml")
    (told,) = [one for one in found["diagnostics"] if one["severity"] == "error"]
    assert (code, told["source"].split(":")[:2]) == (1, ["stack.yaml", str(line)])
    assert words in told["summary"]
    assert hint in told["hint"]


def test_a_waiver_for_what_there_is_not_is_told_and_a_reason_is_asked_for(folder: Path) -> None:
    entry = "{rule: MLP-NET-001, address: resources.nte, reason: %s, until: 2999-01-01}"
    (folder / "stack.yaml").write_text(f"{STACK}policies: {{waive: [{entry % 'nobody is in it'}]}}\n")
    code, found = answered("validate", "stack.yaml")
    (told,) = found["diagnostics"]
    assert (code, told["severity"], told["hint"]) == (0, "warning", "did you mean resources.net?")
    assert told["summary"] == "resources.nte waives nothing: the stack has nothing of that name"
    assert "the stack has nothing of that name" in "".join(run("policy", "check", "stack.yaml")[1:])
    for reason in ('""', '"  "'):
        (folder / "stack.yaml").write_text(f"{STACK}policies: {{waive: [{entry % reason}]}}\n")
        code, _, err = run("validate", "stack.yaml")
        assert code == 1, reason
        assert "reason" in err


def test_every_rule_of_ours_is_explained_in_words() -> None:
    for one in BOOK.rules:
        told = plain(rule_page(RuleInfo(one)), 110)
        assert "and so on" not in told, one.id
        assert not re.search(r'"(allOf|anyOf|properties|required)"', told), one.id
        assert "\npasses\n" in told
        assert "\nfails\n" in told


def test_a_rule_is_found_by_the_id_that_another_tool_has_for_it() -> None:
    code, out, _ = run("policy", "explain", "ckv_aws_63")
    assert code == 0
    asked = [one.id for one in BOOK.rules if "CKV_AWS_63" in one.about.anchors]
    assert [line.split()[0] for line in out.splitlines() if line.startswith("MLP-")] == asked
    _, out, _ = run("policy", "explain", "CKV_AWS_63", "-o", "json")
    assert [one["id"] for one in json.loads(out)] == asked
    code, _, err = run("policy", "explain", "CKV_AWS_6")
    assert code == 1
    assert "CKV_AWS_63" in err


def test_an_unknown_rule_names_the_near_ones() -> None:
    code, _, err = run("policy", "explain", "MLP-NET-01")
    assert code == 1
    assert "MLP-NET-010" in err


def test_a_broken_rule_of_the_project_is_shown_with_its_line(folder: Path) -> None:
    write(folder / "policies", rule(severity="grave"))
    code, _, err = run("policy", "list")
    assert code == 1
    assert "rule-0.yaml:" in err
    assert "Traceback" not in err
