"""Offline: what can be said of a stack from its files alone, by `policy check` and `cost`.

Neither asks an account; facts, and what other stacks answer, stay references, so that nothing passes and nothing costs
nothing for being unknown. A state is looked at for the change in cost alone, where it can be read.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.advice.codes import Code as AdviceCode
from mlinfra.advice.cost import budget_findings, budget_of, estimate
from mlinfra.advice.prices import read_prices
from mlinfra.config.draft import DraftError
from mlinfra.config.loader import load_stack, unbuilt
from mlinfra.core.clock import Clock, SystemClock
from mlinfra.core.cost import Cost
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError, MlinfraError
from mlinfra.core.resource import Graph
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.library import assembly
from mlinfra.library.library import Library
from mlinfra.policy.evaluation import judge
from mlinfra.policy.finding import Judgement, decided_by_account
from mlinfra.session.connections.targets import cloud_of
from mlinfra.session.plans.policies import rulebook_of
from mlinfra.session.reading import catalogue
from mlinfra.session.reading.stand_ins import unreadable_neighbour, with_stand_ins
from mlinfra.session.reading.symbolic import Symbols
from mlinfra.session.scrutiny import validation
from mlinfra.session.scrutiny.regions import misspelt_region
from mlinfra.state.lease import Claimant
from mlinfra.state.location import open_backend


class Estimate(msgspec.Struct, frozen=True):
    """What a stack costs, and what should be known of that."""

    stack: Stack
    cost: Cost
    diagnostics: tuple[Diagnostic, ...]


class _Desired(msgspec.Struct, frozen=True):
    """What a stack desires: `supposed`, with a text for what is not known, and `known`, with references for it."""

    stack: Stack
    supposed: Graph
    known: Graph
    region: str


def check_policies(options: Any, *, clock: Clock | None = None) -> Judgement:
    """What the rules find in what a stack desires. Raises `ConfigError` with every mistake."""
    root = Path()
    desired = _desired(options, root, catalogue.library(root))
    book = rulebook_of(desired.stack, root)
    today = _today(clock)
    supposed = judge(book, desired.supposed, None, desired.stack, today)
    return decided_by_account(judge(book, desired.known, None, desired.stack, today), supposed)


def estimate_cost(options: Any, *, clock: Clock | None = None) -> Estimate:
    """What a stack comes to, and how that differs from what runs, where that can be told. Raises `ConfigError`."""
    root, clock = Path(), clock or SystemClock()
    library = catalogue.library(root)
    desired = _desired(options, root, library)
    state, notes = _remembered(desired.stack, root, clock, library)
    prices = read_prices(desired.region, root / ".mlinfra" / "prices")
    cost = estimate(desired.known, state, prices, _today(clock), budget_of(desired.stack.lifecycle))
    if notes:
        cost = msgspec.structs.replace(cost, change=None)
    found = budget_findings(cost, desired.stack.positions.at(("lifecycle", "budget")))
    return Estimate(desired.stack, cost, (*notes, *found))


def _desired(options: Any, root: Path, library: Library) -> _Desired:
    language = catalogue.language(library)
    try:
        stack, _ = load_stack(options.file, language, sets=options.sets, input_files=options.inputs, environ=os.environ)
    except DraftError as error:
        raise validation.with_refusals(error, library) from error
    if problems := (*misspelt_region(stack), *unbuilt(stack, language)):
        raise ConfigError(problems)
    symbols = Symbols()
    filled = with_stand_ins(stack, library, symbols)
    taggable = cloud_of(stack.target, root, SystemClock(), library).taggable
    try:
        facts = validation.symbolic_facts(filled, assembly.wants(filled, library), symbols)
        supposed = symbols.without_neighbours(assembly.build(filled, library, facts, taggable))
    except ConfigError as error:
        raise ConfigError(unreadable_neighbour(one, symbols) for one in error.diagnostics) from error
    return _Desired(stack, supposed, symbols.opened(supposed), facts.region)


def _remembered(
    stack: Stack, root: Path, clock: Clock, library: Library
) -> tuple[State | None, tuple[Diagnostic, ...]]:
    """The state, where it can be read; a note where it cannot."""
    cloud = cloud_of(stack.target, root, clock, library)
    try:
        backend = open_backend(stack.state, stack.name, root, clock, Claimant.here(), lambda: cloud.client("s3"))
        return backend.read(), ()
    except MlinfraError as error:
        note = Diagnostic(
            severity=Severity.NOTE,
            code=AdviceCode.NOTHING_TO_COMPARE,
            summary="how this differs from what runs is not known: the state cannot be read",
            detail=str(error),
            hint="the figures are right without it; with credentials for the state the change is shown",
        )
        return None, (note,)


def _today(clock: Clock | None) -> date:
    return (clock or SystemClock()).now().date()
