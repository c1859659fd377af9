"""The planner: what is desired, remembered and seen becomes a plan.

Pure: the same request gives the same plan, byte for byte. The session calls it after the survey; docs/lifecycle.md
follows one resource through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.address import Address, meant_by
from mlinfra.core.concealing import concealed_fields
from mlinfra.core.connections import is_in_cluster, opened_by
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.observed import Absent, Present, Unreadable
from mlinfra.core.plan import Action, Change, Field, Plan, Sealed, Step
from mlinfra.core.property import Replace
from mlinfra.core.resource import Graph, Ownership, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import State
from mlinfra.core.value import is_secret, refs, resolve
from mlinfra.engine.closing import Closing
from mlinfra.engine.codes import Code
from mlinfra.engine.deciding import Deciding
from mlinfra.engine.decision import Context, Decision, Parting, unreadable_warning
from mlinfra.engine.dependency import Dependencies
from mlinfra.engine.guests import Guest, eviction, finding, guests
from mlinfra.engine.order import closure, reversed_edges, topological
from mlinfra.engine.refusals import lost_with, protected, still_used
from mlinfra.engine.rooms import Leaving
from mlinfra.engine.seal import seal_object, seal_plan
from mlinfra.engine.standing import Standing, Standings, present_of, standings
from mlinfra.engine.steps import Wiring
from mlinfra.engine.survey import Survey


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan is made from.

    graph: what the stack declares, also when it is to be destroyed.
    partings: why an address is not declared any more.
    adoptions: objects that the user said belong to an address.
    remove_foreign: what others put below objects of ours is to go.
    targets: addresses, or their ancestors, that the plan is limited to with what they need.
    """

    graph: Graph
    state: State
    survey: Survey
    types: Mapping[str, ResourceType]
    ownership: Ownership
    region: str
    destroy: bool = False
    targets: tuple[str, ...] = ()
    partings: Callable[[Address], Parting] = lambda _: Parting()
    adoptions: Mapping[Address, Present] = {}
    remove_foreign: bool = False
    facts: Mapping[str, Any] = {}


def make_plan(request: Request) -> Plan:
    """The plan. Raises `ConfigError` or `PlanError` where there can be none; all else is in its diagnostics."""
    needs = {resource.address: tuple(sorted(resource.dependencies())) for resource in request.graph}
    _check(request, needs)
    return _Planning(request, needs).plan()


Needs = Mapping[Address, tuple[Address, ...]]

_ENDS = frozenset({Action.DELETE, Action.REPLACE})


def _check(request: Request, needs: Needs) -> None:
    """Every type is known, and every reference has an end."""
    found = []
    for resource in request.graph:
        if resource.type not in request.types:
            summary = f"{resource.address}: no provider knows the type {resource.type}"
            found.append(_complaint(Code.UNKNOWN_TYPE, summary, resource))
        for need in needs[resource.address]:
            if need not in request.graph.resources:
                summary = f"{resource.address} refers to {need}, which the stack does not have"
                found.append(_complaint(Code.REFERS_TO_NOTHING, summary, resource))
    for record in request.state.every_record():
        if record.type not in request.types:
            summary = f"{record.address} is a {record.type}, a type that this version does not know"
            hint = "use the version of mlinfra that made it, or `mlinfra state forget` it"
            found.append(Diagnostic(code=Code.UNKNOWN_RECORD, summary=summary, address=record.address, hint=hint))
    if found:
        raise ConfigError(found)


def _complaint(code: Code, summary: str, resource: Resource) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, address=resource.address, source=resource.source)


class _Planning:
    def __init__(self, request: Request, needs: Needs) -> None:
        self._request = request
        self._desired = Graph({}) if request.destroy else request.graph
        self._standings = standings(self._desired, request.state, request.survey)
        self._dependencies = Dependencies({} if request.destroy else needs, self._records(), request.types)
        self._diagnostics = [*self._standings.diagnostics, *_lost(request)]

    def _records(self) -> Iterator[Any]:
        for standing in (*self._standings.current.values(), *self._standings.deposed):
            if standing.record is not None:
                yield standing.record

    def plan(self) -> Plan:
        """Decide, choose, wire, seal."""
        request = self._request
        context = Context(
            request.types,
            self._standings,
            request.survey,
            request.ownership,
            request.region,
            request.adoptions,
            declared=self._desired.resources,
        )
        deciding, decisions, leaving = self._decided(context)
        self._diagnostics += leaving.homeless()
        closing = Closing(request.types, decisions, self._standings)
        decisions += self._departures(closing, leaving.taken())
        decisions = _ordered_replacements(decisions, self._dependencies)
        found = list(guests(request.types, request.survey, decisions, self._standings.deposed))
        if request.remove_foreign:
            decisions += self._evictions(found)
        deposed = [s for s in self._standings.deposed if not isinstance(s.observed, Unreadable)]
        if request.targets:
            decisions, deposed = self._chosen(decisions, deposed)
        meant = {decision.address for decision in decisions} if request.targets else None
        self._diagnostics += [one for one in deciding.diagnostics if meant is None or one.address in meant]
        self._diagnostics += protected(decisions, request.graph, closing)
        self._diagnostics += still_used(decisions)
        if not request.remove_foreign:
            shown = (guest for guest in found if meant is None or guest.host.address in meant)
            self._diagnostics += (finding(guest, destroy=request.destroy) for guest in shown)
        wiring = Wiring(request.types, self._dependencies)
        steps = wiring.wire(decisions, deposed)
        changes = [_change(decision, request.types, loses=closing.loses(decision)) for decision in decisions]
        changes += (_deposed_change(standing, request.types) for standing in deposed)
        return self._sealed(decisions, deposed, steps, changes, deciding)

    def _decided(self, context: Context) -> tuple[Deciding, list[Decision], Leaving]:
        """What is decided of all that is desired, until nothing more goes with what goes."""
        order = topological(sorted(self._desired.resources), self._dependencies.table())
        while True:
            deciding = Deciding(context)
            decisions = [deciding.decide(self._desired.resources[address]) for address in order]
            leaving = Leaving(context.types, decisions, self._standings)
            taken = leaving.taken()
            if taken == context.taken:
                return deciding, decisions, leaving
            context = msgspec.structs.replace(context, taken=taken)

    def _evictions(self, found: Iterable[Guest]) -> Iterator[Decision]:
        """What others put below objects of ours, as departures."""
        for guest in found:
            decision = eviction(guest)
            assert decision.standing.record is not None
            self._dependencies.note(decision.standing.record)
            yield decision

    def _departures(self, closing: Closing, taken: Mapping[Address, Address]) -> list[Decision]:
        """What is there, and no longer declared; `taken`: what goes with what it lies in."""
        found = []
        for address, standing in sorted(self._standings.current.items()):
            if address in self._desired.resources or standing.record is None:
                continue
            within = closing.takes(standing)
            parting = Parting("the stack is destroyed") if self._request.destroy else self._request.partings(address)
            action, reason = Action.DELETE, parting.reason
            match standing.observed:
                case Absent():
                    action, reason = Action.FORGET, f"{standing.record.id} is gone already"
                case _ if within is not None:
                    reason = f"goes with {within}"
                case Unreadable() if address in taken:
                    reason = f"goes with {taken[address]}"
                case Unreadable(why):
                    action = Action.NO_OP
                    self._diagnostics.append(unreadable_warning(address, why))
            found.append(
                Decision(
                    address=address,
                    type=standing.record.type,
                    action=action,
                    standing=standing,
                    generation=standing.record.generation,
                    reason=reason,
                    source=parting.source,
                    within=within,
                )
            )
        return found

    def _chosen(self, decisions: list[Decision], deposed: list[Standing]) -> tuple[list[Decision], list[Standing]]:
        """The targets, what they need, and what must go before they can."""
        targets = self._request.targets
        meant = {d.address for d in decisions if any(d.address.is_within(t) for t in targets)}
        if not meant:
            raise ConfigError(
                [
                    Diagnostic(
                        code=Code.NO_SUCH_ADDRESS,
                        summary=f"nothing in the stack is called {', '.join(targets)}",
                        hint=meant_by(targets[0], [decision.address for decision in decisions]),
                    )
                ]
            )
        meant = closure(meant, self._dependencies.table())
        leaving = {d.address for d in decisions if d.address in meant and d.action in (Action.DELETE, Action.REPLACE)}
        meant |= closure(leaving, reversed_edges(self._dependencies.recorded))
        meant = closure(meant, self._dependencies.table())
        kept = [s for s in deposed if s.record is not None and s.record.address in meant]
        return [d for d in decisions if d.address in meant], kept

    def _sealed(
        self,
        decisions: list[Decision],
        deposed: list[Standing],
        steps: tuple[Step, ...],
        changes: list[Change],
        deciding: Deciding,
    ) -> Plan:
        request = self._request
        outputs = {name: resolve(value, deciding.lookup) for name, value in self._desired.outputs.items()}
        objects = list(_sealed_objects(decisions, deposed, steps, request.types, self._standings))
        further = {
            "stack": request.ownership.stack,
            "lineage": request.ownership.lineage,
            "serial": request.state.serial,
        }
        return Plan(
            ownership=request.ownership,
            serial=request.state.serial,
            steps=steps,
            changes=tuple(sorted(changes, key=lambda change: (change.address, change.id))),
            seal=seal_plan(steps, objects, further),
            diagnostics=tuple(self._diagnostics),
            outputs=outputs,
            facts=request.facts,
            destroy=request.destroy,
            partial=bool(request.targets),
        )


def _lost(request: Request) -> list[Diagnostic]:
    """Objects that bear this stack's name and another lineage: the state was lost, or the name is taken."""
    if not request.survey.lineages:
        return []
    listed = "; ".join(f"{lineage} ({example})" for lineage, example in request.survey.lineages.items())
    return [
        Diagnostic(
            code=Code.STATE_LOST,
            summary=f"there are objects of a stack called {request.ownership.stack} that this state does not know",
            detail=f"By lineage, with an example each: {listed}.",
            hint="if the state was lost: mlinfra state rebuild STACK; otherwise choose another metadata.name",
        )
    ]


def _ordered_replacements(decisions: list[Decision], dependencies: Dependencies) -> list[Decision]:
    """What stands upon something that must be deleted first, and is replaced too, must go first itself."""
    first = {d.address for d in decisions if d.action is Action.REPLACE and d.order is Replace.DELETE_FIRST}
    standing_on = closure(first, reversed_edges(dependencies.table())) if first else set()
    return [
        msgspec.structs.replace(decision, order=Replace.DELETE_FIRST)
        if decision.action is Action.REPLACE and decision.address in standing_on
        else decision
        for decision in decisions
    ]


def _change(decision: Decision, types: Mapping[str, ResourceType], *, loses: bool = False) -> Change:
    record, resource = decision.standing.record, decision.resource
    fields = decision.difference.fields
    present = present_of(decision.standing)
    if decision.action is Action.CREATE:
        secret = is_secret(decision.desired)
        fields = tuple(
            Field(path=(str(name),), after=value, secret=secret and is_secret(value))
            for name, value in sorted(decision.desired.items(), key=_first)
        )
    return Change(
        address=decision.address,
        type=decision.type,
        action=decision.action,
        fields=concealed_fields(fields, decision.desired, present.properties if present is not None else {}),
        reason=decision.reason,
        source=resource.source if resource is not None else decision.source,
        id=record.id if record is not None else "",
        origin=decision.standing.origin,
        order=decision.order.value if decision.order is not None else "",
        loses=loses,
        lost=lost_with(record, types) if loses or decision.action in _ENDS else "",
    )


def _first(pair: tuple[Any, Any]) -> str:
    return str(pair[0]) if isinstance(pair[0], str) else repr(pair[0])


def _deposed_change(standing: Standing, types: Mapping[str, ResourceType]) -> Change:
    record = standing.record
    assert record is not None
    gone = not isinstance(standing.observed, Present)
    return Change(
        address=record.address,
        type=record.type,
        action=Action.FORGET if gone else Action.DELETE,
        reason=f"generation {record.generation} was replaced earlier",
        id=record.id,
        lost="" if gone else lost_with(record, types),
    )


def _sealed_objects(
    decisions: list[Decision],
    deposed: list[Standing],
    steps: tuple[Step, ...],
    types: Mapping[str, ResourceType],
    found: Standings,
) -> Iterator[Sealed]:
    """Touched objects with the leaves that were compared; those that they refer to by identity alone."""
    touched = {step.address for step in steps}
    for decision in decisions:
        if decision.address not in touched:
            continue
        record, present = decision.standing.record, present_of(decision.standing)
        if decision.within is not None or (present is None and present_of(found.current.get(decision.address))):
            continue  # its cluster takes it along, however it is by then
        last = (record.inputs or {}) if record is not None else {}
        generation = record.generation if record is not None else decision.generation
        # What is there may be of another type than what is to come: then it is sealed as what it is.
        token = record.type if record is not None else decision.type
        sides = (decision.properties, last) if token == decision.type else (last,)
        yield seal_object(types[token], decision.address, generation, present, sides)
    for standing in deposed:
        record, present = standing.record, present_of(standing)
        if record is not None and present is not None:
            yield seal_object(types[record.type], record.address, record.generation, present, (record.inputs or {},))
    referred = {ref.address for step in steps for ref in refs([step.properties, step.connection.identity])}
    for address in sorted(referred - touched):
        standing_of = found.current.get(address)
        if standing_of is not None and standing_of.record is not None:
            record = standing_of.record
            yield Sealed(address=address, generation=record.generation, type=record.type, id=record.id)
    yield from _sealed_clusters(steps, touched | referred, types, found)


def _sealed_clusters(
    steps: tuple[Step, ...], sealed: set[Address], types: Mapping[str, ResourceType], found: Standings
) -> Iterator[Sealed]:
    """The clusters that steps reach into: one made anew under the same name is another."""
    entered = {step.connection.identity for step in steps if is_in_cluster(step.connection.kind)}
    for address, standing in sorted(found.current.items()) if entered else ():
        record, present = standing.record, present_of(standing)
        if record is None or present is None or address in sealed:
            continue
        kind = types[record.type]
        if kind.opens is not None and opened_by(kind, record.outputs) in entered:
            sides = [dict.fromkeys(kind.opens.identity, "")]
            yield seal_object(kind, address, record.generation, present, sides)
