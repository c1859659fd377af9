"""What rules find, at which level and line, and what waivers set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Action, Plan
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.value import Ref
from mlinfra.policy.evaluation import Evaluation, judge
from mlinfra.policy.rulebook import Rulebook
from mlinfra.policy.scene import Scene
from tests.policy.books import BUCKET, VPC, book, graph, plan, resource, rule, stack, waiver

TODAY = date(2026, 11, 21)
BAD = resource("network.vpc")
UNKNOWN = Ref(Address("network.other"), ("value",))


def told(
    folder: Path,
    *rules: Mapping[str, Any],
    on: Graph,
    by: Plan | None = None,
    of: Stack | None = None,
    today: date = TODAY,
) -> list[Diagnostic]:
    return list(judge(book(folder, *rules), on, by, of or stack(), today).diagnostics())


def codes(found: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(one.code, one.address or "") for one in found]


def test_what_keeps_a_rule_is_not_mentioned(tmp_path: Path) -> None:
    assert told(tmp_path, rule(), on=graph(resource("network.vpc", enableDnsSupport=True))) == []


def test_a_broken_mandatory_rule_is_an_error_that_says_all(tmp_path: Path) -> None:
    (found,) = told(tmp_path, rule(anchors=["CKV_X_1"]), on=graph(BAD))
    assert found == Diagnostic(
        severity=Severity.ERROR,
        code="MLI7001",
        summary="ACME-NET-001 (high): network.vpc: the network has no DNS",
        detail="CKV_X_1",
        address=Address("network.vpc"),
        source=Source("stack.yaml", 7),
        hint="set enableDnsSupport (https://acme.example/rules)",
    )


def test_a_broken_advisory_rule_is_a_warning(tmp_path: Path) -> None:
    (found,) = told(tmp_path, rule(level="advisory"), on=graph(BAD))
    assert (found.severity, found.code) == (Severity.WARNING, "MLI7003")


@pytest.mark.parametrize(("environment", "code"), [("production", "MLI7001"), ("development", "MLI7003")])
def test_a_level_can_depend_on_the_environment(tmp_path: Path, environment: str, code: str) -> None:
    (found,) = told(tmp_path, rule(level={"production": "mandatory"}), on=graph(BAD), of=stack(environment=environment))
    assert found.code == code


@pytest.mark.parametrize(("level", "code"), [("mandatory", "MLI7002"), ("advisory", "MLI7004")])
def test_what_is_not_known_yet_is_no_pass(tmp_path: Path, level: str, code: str) -> None:
    (found,) = told(tmp_path, rule(level=level), on=graph(resource("network.vpc", enableDnsSupport=UNKNOWN)))
    assert found.code == code
    assert found.detail == "see enableDnsSupport"
    assert "known only after apply" in found.summary


def test_a_resource_of_the_users_own_is_shown_with_the_line_of_the_property(tmp_path: Path) -> None:
    (found,) = told(tmp_path, rule(), on=graph(resource("resources.net", enableDnsSupport=False)))
    assert found.source == Source("resources.net.properties.enableDnsSupport", 1)


@pytest.mark.parametrize(
    "match",
    [
        {"types": [BUCKET]},
        {"types": [VPC], "addresses": ["resources.*"]},
        {"types": [VPC], "environments": ["ephemeral"]},
        {"types": [VPC], "where": {"required": ["cidrBlock"]}},
    ],
)
def test_what_a_rule_is_not_about_is_let_be(tmp_path: Path, match: dict[str, Any]) -> None:
    cases = {
        "pass": [{"properties": {"enableDnsSupport": True}}],
        "fail": [{"properties": {"cidrBlock": "10.0.0.0/8"}}],
    }
    assert told(tmp_path, rule(match=match, cases=cases), on=graph(BAD)) == []


def test_types_and_addresses_take_patterns(tmp_path: Path) -> None:
    match = {"types": ["aws:ec2/*"], "addresses": ["net*.vpc"]}
    assert codes(told(tmp_path, rule(match=match), on=graph(BAD))) == [("MLI7001", "network.vpc")]


def test_where_nobody_knows_whether_a_rule_is_concerned_it_is_undecided(tmp_path: Path) -> None:
    match = {"types": [VPC], "where": {"properties": {"instanceTenancy": {"const": "default"}}}}
    found = told(tmp_path, rule(match=match), on=graph(resource("network.vpc", instanceTenancy=UNKNOWN)))
    assert codes(found) == [("MLI7002", "network.vpc")]


def test_a_rule_can_be_about_the_stack_itself(tmp_path: Path) -> None:
    cases = {"pass": [{"owner": "ml-platform"}], "fail": [{}]}
    content = rule(match={"types": ["stack"]}, must={"properties": {"owner": {"minLength": 1}}}, cases=cases)
    (found,) = told(tmp_path, content, on=graph())
    assert (found.address, found.source) == ("stack", Source("lifecycle", 1))
    assert told(tmp_path, content, on=graph(), of=stack(owner="ml-platform")) == []


def test_rules_for_every_type_are_not_about_the_stack(tmp_path: Path) -> None:
    assert codes(told(tmp_path, rule(match={}), on=graph(BAD))) == [("MLI7001", "network.vpc")]


class TestChanges:
    CASES: ClassVar = {"pass": [{"action": "update"}], "fail": [{"action": "delete"}]}
    RULE: ClassVar = rule(match={"types": [BUCKET], "actions": ["replace", "delete"]}, must=None, cases=CASES)

    @pytest.mark.parametrize("action", [Action.REPLACE, Action.DELETE])
    def test_a_change_breaks_a_rule_on_changes(self, tmp_path: Path, action: Action) -> None:
        (found,) = told(tmp_path, self.RULE, on=graph(), by=plan(("resources.data", BUCKET, action)))
        assert (found.code, found.address) == ("MLI7001", "resources.data")
        assert f"the plan would {action.value} it" in found.detail

    def test_other_changes_do_not(self, tmp_path: Path) -> None:
        changes = plan(("resources.data", BUCKET, Action.UPDATE), ("network.vpc", VPC, Action.REPLACE))
        assert told(tmp_path, self.RULE, on=graph(), by=changes) == []

    def test_without_a_plan_nothing_is_found_and_no_waiver_of_it_is_called_useless(self, tmp_path: Path) -> None:
        held = stack(policies={"waive": [waiver("ACME-NET-001", "resources.data")]})
        assert told(tmp_path, self.RULE, on=graph(), of=held) == []
        same = plan(("resources.data", BUCKET, Action.NO_OP))
        assert codes(told(tmp_path, self.RULE, on=graph(), by=same, of=held)) == [("MLI7011", "")]


def test_a_plan_of_some_targets_is_held_to_the_rules_for_what_it_touches(tmp_path: Path) -> None:
    both = graph(BAD, resource("resources.other"))
    touching = plan(("resources.other", VPC, Action.UPDATE), ("network.vpc", VPC, Action.NO_OP), partial=True)
    assert codes(told(tmp_path, rule(), on=both, by=touching)) == [("MLI7001", "resources.other")]


def test_what_very_many_resources_break_is_told_of_each(tmp_path: Path) -> None:
    many = graph(*(resource(f"resources.n{number:04}") for number in range(1000)))
    found = told(tmp_path, rule(), on=many)
    assert [str(one.address) for one in found] == [f"resources.n{number:04}" for number in range(1000)]


class TestWaivers:
    def held(self, *waivers: dict[str, str]) -> Stack:
        return stack(policies={"waive": list(waivers)})

    @pytest.mark.parametrize(("until", "expected"), [("2027-11-22", []), ("9999-12-31", ["MLI7062"])])
    def test_one_that_ends_in_more_than_a_year_is_told(self, tmp_path: Path, until: str, expected: list[str]) -> None:
        found = told(tmp_path, rule(), on=graph(BAD), of=self.held(waiver("ACME-NET-001", "network.vpc", until)))
        assert [one.code for one in found if one.code != "MLI7005"] == expected

    @pytest.mark.parametrize("address", ["network.vpc", "network"])
    def test_a_waiver_turns_a_finding_into_a_note_with_its_reason(self, tmp_path: Path, address: str) -> None:
        (found,) = told(tmp_path, rule(), on=graph(BAD), of=self.held(waiver("ACME-NET-001", address)))
        assert (found.severity, found.code) == (Severity.NOTE, "MLI7005")
        assert found.detail == "waived until 2027-03-31: a partner's"

    def test_a_waiver_holds_on_its_last_day_and_no_longer(self, tmp_path: Path) -> None:
        held = self.held(waiver("ACME-NET-001", "network", until="2026-11-21"))
        assert codes(told(tmp_path, rule(), on=graph(BAD), of=held)) == [("MLI7005", "network.vpc")]
        later = told(tmp_path, rule(), on=graph(BAD), of=held, today=date(2026, 11, 22))
        assert codes(later) == [("MLI7001", "network.vpc"), ("MLI7010", "")]
        assert later[1].source == Source("policies.waive[0]", 1)

    def test_a_waiver_covers_no_neighbour_of_a_similar_name(self, tmp_path: Path) -> None:
        held = self.held(waiver("ACME-NET-001", "network.vp"))
        assert codes(told(tmp_path, rule(), on=graph(BAD), of=held)) == [("MLI7001", "network.vpc"), ("MLI7011", "")]

    def test_a_waiver_of_nothing_is_told(self, tmp_path: Path) -> None:
        good = graph(resource("network.vpc", enableDnsSupport=True))
        (found,) = told(tmp_path, rule(), on=good, of=self.held(waiver("ACME-NET-001", "network")))
        assert (found.severity, found.code) == (Severity.WARNING, "MLI7011")

    def test_a_waiver_of_a_rule_that_there_is_not_names_the_near_one(self, tmp_path: Path) -> None:
        (found,) = told(tmp_path, rule(), on=graph(), of=self.held(waiver("ACME-NET-100", "network")))
        assert (found.code, found.hint) == ("MLI7012", "did you mean ACME-NET-001?")

    def test_undecided_rules_can_be_waived_too(self, tmp_path: Path) -> None:
        on = graph(resource("network.vpc", enableDnsSupport=UNKNOWN))
        assert codes(told(tmp_path, rule(), on=on, of=self.held(waiver("ACME-NET-001", "network")))) == [
            ("MLI7005", "network.vpc")
        ]


def test_a_stack_that_takes_itself_out_of_the_baseline_says_so(tmp_path: Path) -> None:
    def warned(**policies: list[str]) -> list[str]:
        found = judge(book(tmp_path, rule()), graph(), None, stack(policies=policies), TODAY).diagnostics()
        return [one.code for one in found if one.code == "MLI7024"]

    assert warned() == []
    assert warned(packs=[]) == ["MLI7024"]


def test_a_role_that_asks_neither_for_an_audience_nor_for_a_subject_is_told_once() -> None:
    statement = {"Effect": "Allow", "Principal": {"Federated": "arn:x"}, "Action": "sts:AssumeRoleWithWebIdentity"}
    trust = json.dumps({"Statement": [statement, statement]})
    role = resource("resources.odd", type="aws:iam/role:Role", assumeRolePolicy=trust)
    rules = [one for one in Rulebook.of_project().rules if one.id == "MLP-IAM-004"]
    (finding,) = Evaluation(rules, Scene(stack(), graph(role))).findings(None)
    assert finding.words == "the statement does not ask for one aud and one sub with StringEquals"
