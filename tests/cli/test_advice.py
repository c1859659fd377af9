"""What plans and commands say of cost and capacity."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec

from mlinfra.cli.render.cost import cost_brief, cost_data, cost_html, cost_markdown, cost_page
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import plain
from mlinfra.cli.render.plan_html import plan_html
from mlinfra.cli.render.plan_json import plan_json
from mlinfra.cli.render.plan_markdown import LIMIT, plan_markdown
from mlinfra.core.address import Address
from mlinfra.core.capacity import Capacity, Check, Room, Verdict
from mlinfra.core.cost import Amount, CostLine, Uncounted
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ApplyIncomplete
from mlinfra.core.plan import Plan
from mlinfra.core.report import Failed, Report
from mlinfra.core.resource import Graph
from tests.cli import plans
from tests.cli.advice import CAPACITY, CHANGED, COST
from tests.cli.fakes import FakeSession, run

ADVISED = msgspec.structs.replace(plans.CREATE, cost=COST, capacity=CAPACITY)


def test_a_plan_says_in_a_few_lines_what_it_costs_and_whether_there_is_room() -> None:
    out = run("plan", "s", session=FakeSession(ADVISED)).out
    assert ("cost      915.39 USD a month expected (173.01 to 3,142.53), 742.38 more than before;") in out
    assert "capacity  fits 1, short 1, of 2 things that need room\n" in out
    assert "          nodeGroups.gpu  spot capacity  not checked  AccessDenied: <b>no</b>\n" in out
    assert out.rstrip().splitlines()[-1].startswith("Plan: 3 to create.")


def test_a_plan_with_nothing_to_do_stays_quiet() -> None:
    quiet = msgspec.structs.replace(plans.NO_OP, cost=COST)
    assert "cost" not in run("plan", "s", session=FakeSession(quiet)).out


def test_a_comment_tells_the_cost_before_findings_and_capacity_after() -> None:
    found = Diagnostic(code="MLI8010", summary="no room")
    told = plan_markdown(msgspec.structs.replace(ADVISED, diagnostics=(found,)), {})
    assert told.index("### Cost") < told.index("### Findings") < told.index("### Capacity") < told.index("<details>")
    assert "| `nodeGroups.system` 2 m6i.large, on demand | 140.16 | 140.16 | 140.16 |" in told
    assert "| **together** | 173.01 | 915.39 | 3,142.53 |" in told
    assert "No price is known of `nodeGroups.gpu` (g7.xlarge, on demand)." in told
    assert "Paid by use, and in no figure: `network.nat.us-east-1a.gateway` (traffic through the NAT" in told
    assert "| `nodeGroups.gpu` 0 to 4 of g5.xlarge | short | vCPU quota L" in told


def test_every_form_says_what_each_thing_costs_more_or_less_and_what_is_paid_no_more() -> None:
    changed = msgspec.structs.replace(ADVISED, cost=CHANGED)
    told = run("plan", "s", session=FakeSession(changed)).out
    assert "          nodeGroups.gpu: 0 to 4 (now 1) g5.xlarge, spot  +742.38\n" in told
    assert "          nodeGroups.system: 1 m6i.large, on demand  -70.08, paid no more\n" in told
    assert "NAT gateway  " not in told
    destroyed = msgspec.structs.replace(CHANGED, lines=(), monthly=Amount(), change=Amount() - COST.monthly)
    assert "m6i.large" not in plain(cost_brief(destroyed, Look(width=120)))  # all of it goes: the figure says it
    table = plain(cost_page(CHANGED, "demo", Look(width=120)), 120).splitlines()
    assert [line.split()[-1] for line in table if "m6i.large" in line or "spot  " in line] == [
        "+742.38",
        "140.16",
        "-70.08",
    ]
    assert "| `nodeGroups.system` 1 m6i.large, on demand |  |  |  | -70.08 |" in plan_markdown(changed, {})
    assert "<td></td><td></td><td></td><td>-70.08</td>" in plan_html(changed, {}, Graph({}))
    read = json.loads(plan_json(changed))["cost"]
    together = sum(line["change"]["expected"] for line in (*read["lines"], *read["gone"]))
    assert round(together, 2) == read["change"]["expected"]


def test_where_all_is_new_or_nobody_knows_what_was_no_line_tells_a_change() -> None:
    new = [msgspec.structs.replace(line, change=line.monthly) for line in COST.lines]
    for cost in (
        msgspec.structs.replace(COST, lines=tuple(new), change=COST.monthly),
        msgspec.structs.replace(CHANGED, change=None),
    ):
        assert "| change |" not in "\n".join(cost_markdown(cost))
        assert "paid no more" not in plain(cost_page(cost, "demo", Look(width=120)), 120)
        assert "change</th>" not in cost_html(cost)
    unread = cost_data(msgspec.structs.replace(CHANGED, change=None))
    assert ({line["change"] for line in unread["lines"]}, unread["gone"]) == ({None}, [])


def test_a_comment_stays_within_its_limit_whatever_there_is_to_advise() -> None:
    addresses = [Address(f"nodeGroups.g{number}") for number in range(2000)]
    amount = Amount.fixed(Decimal("1.00"))
    lines = tuple(CostLine(address=one, what="x" * 300, monthly=amount) for one in addresses)
    check = Check(subject="vCPU quota", verdict=Verdict.SHORT, words="w" * 300)
    rooms = tuple(Room(address=one, what="y" * 100, checks=(check,)) for one in addresses)
    used = tuple(Uncounted(address=one, what="z" * 300, reason="") for one in addresses)
    cost = msgspec.structs.replace(COST, lines=lines, usage=used)
    told = plan_markdown(
        msgspec.structs.replace(plans.CREATE, cost=cost, capacity=Capacity(region="us-east-1", rooms=rooms)), {}
    )
    assert len(told.encode()) < LIMIT
    assert "| 1990 more |" in told


def test_a_page_has_a_table_for_each_and_obeys_nothing_in_it() -> None:
    told = plan_html(ADVISED, {}, Graph({}))
    assert "<h2>Cost</h2>" in told
    assert "<h2>Capacity</h2>" in told
    assert "<p>Paid by use, and in no figure:</p><ul><li><code>network.nat.us-east-1a.gateway</code> traffic" in told
    assert "<strong>not checked</strong>, AccessDenied: &lt;b&gt;no&lt;/b&gt;" in told
    assert "<b>no</b>" not in told


def test_a_cost_is_shown_line_by_line_and_a_breach_has_its_exit_code() -> None:
    ran = run("cost", "stack.yaml")
    assert ran.code == 7
    assert "nodeGroups.gpu: 0 to 4 (now 1) g5.xlarge, spot" in ran.out
    assert "together" in ran.out
    assert "an hour" in ran.out
    assert "no price is known of\n  nodeGroups.gpu: g7.xlarge, on demand  no price is known in us-east-1\n" in ran.out
    assert "paid by use, and in no figure\n  network.nat.us-east-1a.gateway: traffic through the NAT" in ran.out
    assert "prices of 2026-01-19 and later, us-east-1" in ran.out


def test_prices_are_refreshed_before_a_cost_is_shown() -> None:
    session = FakeSession()
    ran = run("cost", "stack.yaml", "--refresh", session=session)
    assert session.asked == ["refresh prices"]
    kept, told = ran.err.split("\n", 1)
    assert kept == "prices are kept in .mlinfra/prices/us-east-1.json"
    assert told.startswith("warning MLI8072: 1 price was not read: machine.spot.g5.xlarge")


def test_a_lack_of_room_has_an_exit_code_and_a_hint() -> None:
    ran = run("capacity", "stack.yaml")
    assert ran.code == 1
    assert "nodeGroups.gpu  0 to 4 of g5.xlarge  short" in ran.out
    assert "vCPU quota L-3819A6DF  short  0 granted" in ran.out
    assert "hint: ask for more" in ran.out


def failing(*codes: str) -> Plan:
    return msgspec.structs.replace(plans.CREATE, diagnostics=tuple(Diagnostic(code=c, summary="no") for c in codes))


def test_a_plan_that_only_the_budget_forbids_ends_with_its_exit_code() -> None:
    assert run("plan", "s", session=FakeSession(failing("MLI8001"))).code == 7
    assert run("apply", "s", "--yes", session=FakeSession(failing("MLI8001"))).code == 7
    assert run("plan", "s", session=FakeSession(failing("MLI8001", "MLI8010"))).code == 1


def test_of_several_reasons_against_a_plan_the_gravest_gives_the_exit_code() -> None:
    for codes, code in (
        (("MLI8001", "MLI7001"), 3),
        (("MLI7002", "MLI8001"), 3),
        (("MLI8001", "MLI7001", "MLI8010"), 1),
        (("MLI7001", "MLI3034"), 1),
    ):
        for command in ("plan", "apply"):
            assert run(command, "s", session=FakeSession(failing(*codes))).code == code, codes


def test_one_thing_needs_room_and_a_change_says_more_or_less() -> None:
    one = msgspec.structs.replace(CAPACITY, rooms=CAPACITY.rooms[:1])
    less = Amount(Decimal("0"), Decimal("-631.66"), Decimal("0"))
    cheaper = msgspec.structs.replace(plans.CREATE, cost=msgspec.structs.replace(COST, change=less), capacity=one)
    out = run("plan", "s", session=FakeSession(cheaper)).out
    assert "of 1 thing that needs room" in out
    assert "631.66 less than before" in out


def test_only_where_something_failed_is_there_a_cause_to_mend() -> None:
    assert ApplyIncomplete(Report(stopped=True)).hint == "run the same command again"
    failed = Failed(plans.CREATE.steps[0], 1.0, "MLI5000", "no")
    assert ApplyIncomplete(Report(failed=(failed,))).hint == "mend the cause and run the same command again"
