"""Foreseen: what a plan would refuse of what a stack desires, told before anybody plans it with an account.

A comparison of two revisions calls it. What only charts, an account or a cluster could tell is left to the plan. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import MAKES, Plan, Step, Verb
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.value import is_known
from mlinfra.session.reading.symbolic import Symbols
from mlinfra.session.scrutiny.hops import with_hops
from mlinfra.session.scrutiny.objections import complaints, refused
from mlinfra.session.scrutiny.reach import demand_reach

_VERSION = "version"


def with_foresight(plan: Plan, stack: Stack, graph: Graph, symbols: Symbols, *, simulated: bool) -> Plan:
    """The plan, with what would be refused: no way back or too far, no way in, what the cloud does not take."""
    plan = demand_reach(with_hops(plan, graph), stack, graph, simulated=simulated)
    found = tuple(_refused(plan, stack, graph, symbols))
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def without_guesses(plan: Plan, symbols: Symbols) -> Plan:
    """The plan without the steps to a version that nobody named: only an account knows how many there are."""
    open_ended = {
        step.address
        for step in plan.steps
        if step.verb is Verb.UPDATE and not is_known(symbols.reopened({_VERSION: step.properties.get(_VERSION)}))
    }
    kept = {step.address: step.key for step in plan.steps if step.address in open_ended}  # the last of each
    steps = (step for step in plan.steps if step.address not in open_ended or kept[step.address] == step.key)
    return msgspec.structs.replace(plan, steps=tuple(steps)) if open_ended else plan


def _refused(plan: Plan, stack: Stack, graph: Graph, symbols: Symbols) -> Iterator[Diagnostic]:
    for step in _last_makes(plan):
        one = graph.resources[step.address]
        one = msgspec.structs.replace(one, properties=symbols.reopened(step.properties))
        for complaint in complaints(one):
            yield refused(one, complaint, stack.positions)


def _last_makes(plan: Plan) -> Iterable[Step]:
    return {step.address: step for step in plan.steps if step.verb in MAKES - {Verb.RECORD}}.values()
