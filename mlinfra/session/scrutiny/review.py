"""Reviews: what a session checks about a graph or a plan before it goes on.

Pure but for what it is handed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path as File

import msgspec

from mlinfra.core.address import meant_by
from mlinfra.core.connections import KUBERNETES, is_in_cluster
from mlinfra.core.diagnostic import Diagnostic, Severity, errors_in
from mlinfra.core.errors import ConfigError, LockHeld, PlanError, StalePlan
from mlinfra.core.plan import MAKES, Action, Cause, Change, Plan, Step, Verb
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.stack import Positions, Stack
from mlinfra.core.state import State
from mlinfra.engine.application import is_done
from mlinfra.engine.codes import Code as EngineCode
from mlinfra.engine.survey import Survey
from mlinfra.session.codes import Code
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.scrutiny.idle import idle_moves, idle_names
from mlinfra.session.scrutiny.objections import refused

_DRIFT = (Cause.DRIFT, Cause.BOTH)
_NO_WAY = frozenset({Code.ONE_WAY, Code.VERSION_DOWN, Code.TOO_FAR})  # to what the stack says


def validated(plan: Plan, graph: Graph, cloud: Cloud, positions: Positions, held: Callable[[Plan], Plan]) -> Plan:
    """The plan, held against the cloud's own models without a call, with a note on what has none.

    Raises `ConfigError` for what would be refused, and with it for all else that keeps the plan from being applied,
    what `held` adds included: what rules find without a look into charts, which may be wrong themselves.
    """
    found = [
        refused(graph.resources[step.address], complaint, positions)
        for step in _last_makes(plan)
        for complaint in cloud.connect(step.connection).validate(step.type, step.properties)
    ]
    against, notes = _held_against_definitions(plan, graph, cloud, positions)
    if found or against:
        raise ConfigError([*found, *against, *errors_in(held(plan).diagnostics)])
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *notes)) if notes else plan


def _held_against_definitions(
    plan: Plan, graph: Graph, cloud: Cloud, positions: Positions
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    makes = list(_last_makes(plan))
    if not any(step.connection.kind == KUBERNETES for step in makes):
        return [], []
    from mlinfra.session.scrutiny.unvalidated import (
        against_definitions,  # what knows Kubernetes' kinds takes its time to load
    )

    return against_definitions(graph, makes, cloud, positions)


def with_idle_names(plan: Plan, stack: Stack, graph: Graph, state: State) -> Plan:
    """The plan, with what is to be said of each name under `lifecycle.protect` and `moved` that means nothing."""
    found = (*idle_names(stack, {*graph.resources, *state.records}), *idle_moves(stack, plan, state))
    return msgspec.structs.replace(plan, diagnostics=(*plan.diagnostics, *found)) if found else plan


def touched(plan: Plan) -> Graph:
    """The resources that a plan's steps are about, so that a survey looks at nothing else."""
    made = {step.address: step for step in plan.steps if step.verb in MAKES}
    return Graph.of(
        Resource(step.address, step.type, step.properties, step.connection, step.dependencies) for step in made.values()
    )


def require_lineage(plan: Plan, state: State) -> None:
    """Raise `StalePlan` where the plan was made for another life of the stack."""
    if plan.ownership.lineage != state.lineage:
        raise StalePlan(
            f"the plan was made for lineage {plan.ownership.lineage}, the state is of {state.lineage}",
            code=EngineCode.OTHER_LINEAGE,
            hint="the stack was destroyed, rebuilt or first applied by someone else since: plan again",
        )


def require_not_ended(plan: Plan, *, ended: bool) -> None:
    """Raise `StalePlan` where there is no state, and was one: when the plan was made, or since, of its lineage."""
    if not ended and plan.serial == 0:
        return  # a first plan, and nobody carried it out
    what = "the stack was destroyed already" if plan.destroy else "the stack was destroyed since the plan was made"
    lost = "the state that the plan was made from is not there any more"
    raise StalePlan(
        what if ended else lost,
        code=EngineCode.ENDED,
        hint="nothing was changed; plan again: mlinfra plan STACK",
    )


def require_reachable(plan: Plan, seen: Survey) -> None:
    """Raise `PlanError` where a plan reaches into a cluster that could not be looked into, before anything changes."""
    for step in plan.steps:
        if not is_in_cluster(step.connection.kind) or step.verb is Verb.FORGET:
            continue
        listing = seen.listings.get(step.connection, {}).get(step.type)
        if listing is not None and listing.incomplete:
            raise PlanError(
                f"{step.address} is to be worked on in a cluster that cannot be looked into: {listing.incomplete}",
                code=Code.CLUSTER_CLOSED,
                hint="nothing was changed; see that its API can be reached from here, then apply again",
            )


def require_new(plan: Plan, state: State, *, fresh: bool) -> None:
    """Raise `LockHeld` where another run has done what a `fresh` plan says: it held the lock while this one planned."""
    if fresh and is_done(plan, state):
        raise LockHeld(
            "another run has done the same meanwhile",
            code=Code.DONE_MEANWHILE,
            hint="plan again: there may be nothing left to do",
        )


def require_unchanged(plan: Plan, current: Callable[[], Graph], neighbour: Callable[[str], str | None]) -> None:
    """Raise `StalePlan` where the stack's files are at hand and desire something else by now.

    `neighbour` answers the version of another stack's state by its place; `None` where there is none to be read.
    """
    if plan.destroy:
        return  # whatever they desire by now, nothing of it is left
    if not File(plan.stack_file).is_file():
        return  # a plan file is applied without its stack as well
    if not any(_has_changed(place, digest, neighbour) for place, digest in plan.documents.items()):
        return
    graph = current()
    problems = [problem for step in _last_makes(plan) for problem in _differences(step, graph)]
    problems += [
        f"{step.address} is declared now"
        for step in plan.steps
        if step.verb is Verb.DELETE and not step.properties and step.address in graph.resources
    ]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise StalePlan(
            f"the stack has changed since the plan was made: {problems[0]}{more}",
            code=EngineCode.STACK_CHANGED,
            hint="plan again and review what has changed",
        )


def _has_changed(place: str, digest: str, neighbour: Callable[[str], str | None]) -> bool:
    """Whether what stands at `place`, a document or another stack's state, is there and reads otherwise."""
    path = File(place)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest() != digest
    return neighbour(place) not in (None, digest)


def _last_makes(plan: Plan) -> Iterable[Step]:
    makes = {step.address: step for step in plan.steps if step.verb in MAKES - {Verb.RECORD} and not plan.destroy}
    return makes.values()


def _differences(step: Step, graph: Graph) -> Iterator[str]:
    resource = graph.resources.get(step.address)
    if resource is None:
        yield f"{step.address} is not declared any more"
        return
    desired = {**resource.properties}
    if step.named:
        desired[step.named] = step.properties.get(step.named)
    for name in sorted({*map(_name, desired), *map(_name, step.properties)}):
        if desired.get(name) != step.properties.get(name):
            yield f"{name} of {step.address}"


def _name(key: object) -> str:
    return key if isinstance(key, str) else repr(key)


def drift_of(plan: Plan) -> Plan:
    """Of a plan, only what others did: drifted fields, and objects that are gone. What was never made cannot drift.

    That there is no way back keeps a plan from being applied; here it is only worth knowing.
    """
    made = (change for change in plan.changes if change.action is not Action.CREATE or change.id)
    told = tuple(
        msgspec.structs.replace(one, severity=Severity.WARNING) if one.code in _NO_WAY else one
        for one in plan.diagnostics
        if one.severity is not Severity.NOTE or one.code == EngineCode.UNDECLARED
    )
    return msgspec.structs.replace(plan, steps=(), changes=tuple(map(_drifted, made)), diagnostics=told)


def _drifted(change: Change) -> Change:
    gone = change.action is Action.CREATE and bool(change.id) and not change.loses
    vanished = change.action is Action.FORGET or gone
    retagged = change.action is Action.UPDATE and not change.fields
    fields = tuple(field for field in change.fields if field.cause in _DRIFT)
    if vanished or retagged:
        return change
    action = change.action if fields else Action.NO_OP
    return msgspec.structs.replace(change, action=action, fields=fields, loses=False)


def unknown_address(address: str, graph: Graph) -> ConfigError:
    """The error for an address that the stack does not have, with those that it may have meant."""
    hint = meant_by(address, graph.resources)
    return ConfigError([Diagnostic(code=EngineCode.NO_SUCH_ADDRESS, summary=f"the stack has no {address}", hint=hint)])
