"""Application: a plan is verified against what is there now, walked, and recorded.

The session calls it under the lock. Nothing is changed unless the seal holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.diagnostic import errors_in
from mlinfra.core.errors import StalePlan, UnsafePlan
from mlinfra.core.ledger import Began, Completed, Noted, Stopped
from mlinfra.core.observed import Present
from mlinfra.core.plan import Plan
from mlinfra.core.provider import Connect
from mlinfra.core.report import Listener, Report
from mlinfra.core.resource import Graph, Move
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Failure, State
from mlinfra.core.teardown import NOTHING_BEHIND, Teardown
from mlinfra.core.value import Expression, Value, referred, resolve
from mlinfra.engine.codes import Code
from mlinfra.engine.execution import Execution, Surroundings
from mlinfra.engine.journal import Journal
from mlinfra.engine.seal import broken
from mlinfra.engine.standing import standings
from mlinfra.engine.stop import Stop
from mlinfra.engine.survey import Survey
from mlinfra.engine.walk import Walk

_REMEMBERED = 20  # failures of a run
_LONGEST = 600  # characters of what is remembered of each


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan is carried out with. `workers`: how many steps may be under way at once."""

    connect: Connect
    types: Mapping[str, ResourceType]
    clock: Clock
    stop: Stop
    listener: Listener
    workers: int = 16
    teardown: Teardown = NOTHING_BEHIND


def refuse_errors(plan: Plan) -> None:
    """Raise `UnsafePlan` where the plan's diagnostics hold an error."""
    errors = errors_in(plan.diagnostics)
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise UnsafePlan(f"{first.summary}{more}", code=first.code, hint=first.hint)


def is_done(plan: Plan, state: State) -> bool:
    """Whether a run has carried out all of this very plan."""
    return bool(plan.steps) and plan.seal.digest in state.completed


def verify(plan: Plan, state: State, survey: Survey, types: Mapping[str, ResourceType]) -> None:
    """Raise `StalePlan`, naming objects and fields, where the seal does not hold."""
    if is_done(plan, state):
        raise StalePlan(
            "this plan was carried out already", code=Code.DONE_ALREADY, hint="plan again: mlinfra plan STACK"
        )
    moves = tuple(Move(step.origin, step.address) for step in plan.steps if step.origin is not None)
    found = standings(Graph({}, moves=moves), state, survey)
    problems = broken(plan, state, found, survey, types)
    if problems:
        more = f" (and {len(problems) - 1} more: {'; '.join(problems[1:6])})" if len(problems) > 1 else ""
        raise StalePlan(f"{problems[0]}{more}", code=Code.STALE, hint="plan again and review what has changed")


def carry_out(plan: Plan, journal: Journal, survey: Survey, means: Means) -> Report:
    """Walk the plan's steps and compact the state. The seal must have been verified against `survey`."""
    state = journal.state()
    around = Surroundings(
        connect=means.connect,
        types=means.types,
        ownership=plan.ownership,
        seal=plan.seal.digest,
        clock=means.clock,
        stop=means.stop,
        begun=frozenset((i.address, i.generation) for i in state.pending if i.verb == "create"),
        teardown=means.teardown,
    )
    journal.enter(Began(plan.seal.digest), Noted(facts=plan.facts))
    execution = Execution(journal, around, _seen(state, survey), plan.steps)
    report = Walk(
        plan.steps, execution, listener=means.listener, stop=means.stop, clock=means.clock, workers=means.workers
    ).run()
    if report.complete:
        journal.enter(Noted(outputs=_outputs(plan, journal)), Completed(plan.seal.digest))
    elif report.failed and not means.stop.halted:
        journal.enter(Stopped(_failures(report, means.clock)))
    if not means.stop.halted:
        journal.compact()
    return report


def _failures(report: Report, clock: Clock) -> tuple[Failure, ...]:
    """What status tells of a run that ended with errors, as its own report did. Messages never hold a secret."""
    at = clock.now().isoformat(timespec="seconds")
    return tuple(
        Failure(address=one.step.address, message=one.message[:_LONGEST], code=one.code, at=at)
        for one in report.failed[:_REMEMBERED]
    )


def _seen(state: State, survey: Survey) -> dict[tuple[str, str], Present]:
    seen = {(stray.type, stray.present.id): stray.present for stray in survey.strays}
    for record in state.every_record():
        observed = survey.seen.get((record.address, record.generation))
        if isinstance(observed, Present):
            seen[(record.type, record.id)] = observed
    for tokens in survey.listings.values():
        for token, listing in tokens.items():
            for present in listing.objects:
                seen.setdefault((token, present.id), present)
    return seen


def _outputs(plan: Plan, journal: Journal) -> dict[str, Value]:
    """The stack's outputs, now that everything is there. What still is not known is left out."""

    def lookup(expression: Expression) -> Value:
        return referred(expression, journal.outputs)

    return {name: resolve(value, lookup) for name, value in plan.outputs.items()}
