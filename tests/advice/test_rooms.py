"""Thirty stacks that must fail in the plan for want of room, and ten that must not, on a simulated account."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from mlinfra.advice.capacity import capacity_findings, judge
from mlinfra.advice.demand import demand_of
from mlinfra.advice.supply import read_supply
from mlinfra.advice.things import Things
from mlinfra.aws.calls import Calls
from mlinfra.aws.clients import Clients
from mlinfra.core.capacity import Capacity, Verdict
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.facts import Facts
from mlinfra.sandbox.aws.quotas import Grants
from mlinfra.sandbox.aws.sandbox import Sandbox
from tests.advice.rooms import WITH_ROOM, WITHOUT_ROOM, Case, Sections
from tests.library.samples import graph_of


def test_there_are_thirty_and_ten() -> None:
    assert len(WITHOUT_ROOM) >= 30
    assert len(WITH_ROOM) >= 10


@pytest.mark.parametrize("name", WITHOUT_ROOM)
def test_a_stack_without_room_fails_in_its_plan(
    name: str, sandbox: Sandbox, calls: Calls, clients: Clients, facts: Facts
) -> None:
    case = WITHOUT_ROOM[name]
    capacity = judged(case, sandbox, calls, clients, facts)
    short = [(room.address, c.subject) for room in capacity.rooms for c in room.checks if c.verdict is Verdict.SHORT]
    assert short == [(case.short, case.subject)]
    (found,) = errors_in(capacity_findings(capacity))
    assert (found.code, found.address) == ("MLI8010", case.short)
    assert found.hint


@pytest.mark.parametrize("name", WITH_ROOM)
def test_a_stack_with_room_does_not(name: str, sandbox: Sandbox, calls: Calls, clients: Clients, facts: Facts) -> None:
    capacity = judged(WITH_ROOM[name], sandbox, calls, clients, facts)
    told = [(room.address, c.subject, c.words) for room in capacity.rooms for c in room.checks]
    assert capacity.verdict is Verdict.FITS, told
    assert capacity_findings(capacity) == ()


def judged(case: Case, sandbox: Sandbox, calls: Calls, clients: Clients, facts: Facts) -> Capacity:
    sandbox.inside.store(Grants, sandbox.region).values.update(case.granted)
    names = case.prepare(clients.of("ec2")) if case.prepare else {}
    demand = demand_of(Things.desired(graph_of(filled(case.sections, names), facts=facts), None))
    return judge(demand, read_supply(calls, demand))


def filled(sections: Sections, names: Mapping[str, str]) -> Sections:
    text = json.dumps(sections)
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    filled: Sections = json.loads(text)
    return filled
