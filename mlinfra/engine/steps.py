"""Steps: decisions become operations, each with the operations that must have succeeded before it.

The last part of planning. Pure. Making follows the dependencies of what is desired; dropping goes against those of
what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.observed import Present
from mlinfra.core.plan import Action, Step, Verb
from mlinfra.core.property import Replace
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Properties
from mlinfra.engine.decision import Decision
from mlinfra.engine.dependency import Dependencies
from mlinfra.engine.order import closure, reversed_edges, topological
from mlinfra.engine.standing import Standing


class Wiring:
    """Makes the steps of a set of decisions and ties them together."""

    def __init__(self, types: Mapping[str, ResourceType], dependencies: Dependencies) -> None:
        self._types = types
        self._dependencies = dependencies
        self._steps: dict[str, Step] = {}
        self._makes: dict[Address, list[str]] = {}
        self._drops: dict[Address, list[str]] = {}
        self._first: set[Address] = set()  # replaced delete-first
        self._gone: set[str] = set()  # what is gone already, and stands in nobody's way
        self._within: dict[str, Address] = {}  # what goes with a cluster

    def wire(self, decisions: Iterable[Decision], deposed: Iterable[Standing]) -> tuple[Step, ...]:
        """All steps, each after those that it needs."""
        for decision in decisions:
            self._add(decision)
        for standing in deposed:
            self._drop(standing)
        self._tie_makes()
        self._tie_drops()
        self._tie_moves()
        self._tie_drains()
        order = topological(sorted(self._steps), {key: step.needs for key, step in self._steps.items()})
        return tuple(self._steps[key] for key in order)

    def _add(self, decision: Decision) -> None:
        match decision.action:
            case Action.CREATE:
                self._forget_vanished(decision)
                self._make(decision, Verb.CREATE)
            case Action.REPLACE:
                self._drop(decision.standing, decision)
                self._make(decision, Verb.CREATE)
                if decision.order is Replace.DELETE_FIRST:
                    self._first.add(decision.address)
            case Action.DELETE if decision.within is not None:
                self._perish(decision.standing, decision.within)
            case Action.DELETE | Action.FORGET:
                self._drop(decision.standing)
            case Action.MOVE:
                self._make(decision, Verb.MOVE)
                self._update(decision)
            case Action.ADOPT:
                self._make(decision, Verb.ADOPT)
                self._update(decision)
            case Action.UPDATE:
                if decision.retag:
                    self._make(decision, Verb.TAG)
                self._update(decision)
            case Action.NO_OP if decision.settle:
                self._make(decision, Verb.RECORD)

    def _update(self, decision: Decision) -> None:
        if not decision.difference.fields and not decision.finish:
            return
        hops = self._types[decision.type].hops
        present = decision.standing.observed
        targets: Iterable[Properties] = [decision.properties]
        if hops is not None and isinstance(present, Present):
            targets = hops(present.properties, decision.properties)
        for number, target in enumerate(targets, start=1):
            self._make(decision, Verb.UPDATE, target, f"/{number}" if number > 1 else "")

    def _make(self, decision: Decision, verb: Verb, target: Properties | None = None, suffix: str = "") -> None:
        resource, record = decision.resource, decision.standing.record
        assert resource is not None
        self._put(
            Step(
                key=f"{decision.address}#{decision.generation}:{verb}{suffix}",
                address=decision.address,
                generation=decision.generation,
                verb=verb,
                type=resource.type,
                connection=resource.connection,
                properties=decision.properties if target is None else target,
                id=record.id if record is not None and verb is not Verb.CREATE else "",
                origin=decision.standing.origin,
                dependencies=self._dependencies.desired(decision.address),
                protect=resource.lifecycle.protect,
                named=self._derived(decision),
                sure=decision.sure,
            ),
            self._makes,
        )

    def _derived(self, decision: Decision) -> str:
        rule = self._types[decision.type].name
        given = rule is None or (decision.resource is not None and decision.resource.names_itself(rule.property))
        return rule.property if rule is not None and not given else ""

    def _forget_vanished(self, decision: Decision) -> None:
        if decision.standing.record is not None:
            self._drop(decision.standing)

    def _drop(self, standing: Standing, replaced: Decision | None = None) -> None:
        """A deletion, or a mere forgetting of what is gone already. A replaced object keeps the new target in sight.

        A cluster is drained before and swept after; its record goes last, since without one nobody would sweep.
        """
        record = standing.record
        assert record is not None
        kind = self._types.get(record.type)
        there = isinstance(standing.observed, Present)
        if kind is None or kind.opens is None:
            self._unmake(standing, Verb.DELETE if there else Verb.FORGET, replaced)
            return
        before: list[str] = []
        for verb in (Verb.DRAIN, Verb.DELETE, Verb.SWEEP) if there else (Verb.SWEEP,):
            key = self._unmake(standing, verb, replaced)
            self._need(key, before)
            before = [key]

    def _perish(self, standing: Standing, cluster: Address) -> None:
        """It goes with its cluster, and is forgotten once that is gone."""
        self._within[self._unmake(standing, Verb.FORGET)] = cluster

    def _unmake(self, standing: Standing, verb: Verb, replaced: Decision | None = None) -> str:
        record = standing.record
        assert record is not None
        step = Step(
            key=f"{record.address}#{record.generation}:{verb}",
            address=record.address,
            generation=record.generation,
            verb=verb,
            type=record.type,
            connection=record.connection,
            id=record.id,
            properties=replaced.properties if replaced is not None else {},
            origin=standing.origin,
            named=self._derived(replaced) if replaced is not None else "",
            sure=replaced is not None and replaced.sure,
        )
        if not isinstance(standing.observed, Present):
            self._gone.add(step.key)
        self._put(step, self._drops)
        return step.key

    def _put(self, step: Step, table: dict[Address, list[str]]) -> None:
        self._steps[step.key] = step
        table.setdefault(step.address, []).append(step.key)

    def _tie_makes(self) -> None:
        for address, keys in self._makes.items():
            before = [self._makes[need][-1] for need in self._dependencies.desired(address) if need in self._makes]
            gone = [key for key in self._drops.get(address, ()) if self._precedes(address, key)]
            for number, key in enumerate(keys):
                self._need(key, [*before, *gone] if number == 0 else [keys[number - 1]])

    def _precedes(self, address: Address, drop: str) -> bool:
        return address in self._first or drop in self._gone

    def _tie_drops(self) -> None:
        dependents = reversed_edges(self._dependencies.recorded)
        for address, keys in self._drops.items():
            makes: list[str] = []  # whoever used the old one uses the new one
            drops: list[str] = []
            for dependent in dependents.get(address, ()):
                drops += (key for key in self._drops.get(dependent, ()) if key not in self._within)
                if address not in self._first and dependent not in self._drops:
                    makes += self._makes.get(dependent, ())[-1:]
            for key in keys:
                own = [] if self._precedes(address, key) else self._makes.get(address, [])[-1:]
                match self._steps[key].verb:
                    case Verb.DRAIN:
                        self._need(key, [*makes, *own])
                    case Verb.DELETE:
                        self._need(key, [*makes, *drops, *own])
                    case Verb.FORGET if key in self._within:
                        self._need(key, self._drops.get(self._within[key], ()))

    def _tie_moves(self) -> None:
        """What leaves an object that goes leaves after its own dependents that go as well.

        A gateway cannot be taken off its network while gateways behind it have addresses there.
        """
        recorded = self._dependencies.recorded
        dependents = reversed_edges(recorded)
        needs = {key: step.needs for key, step in self._steps.items()}
        for address, keys in self._makes.items():
            update = next((key for key in keys if self._steps[key].verb is Verb.UPDATE), None)
            if update is None or not any(need in self._drops for need in recorded.get(address, ())):
                continue
            gone = [key for dependent in dependents.get(address, ()) for key in self._drops.get(dependent, ())]
            self._need(update, [key for key in gone if update not in closure([key], needs)])
            needs[update] = self._steps[update].needs

    def _tie_drains(self) -> None:
        """Nothing is deleted before what needs living controllers is done: not even the permissions they work with."""
        drains = [key for key, step in self._steps.items() if step.verb is Verb.DRAIN]
        if not drains:
            return
        before = closure(drains, {key: step.needs for key, step in self._steps.items()})
        for key, step in list(self._steps.items()):
            if step.verb is Verb.DELETE and key not in before:
                self._need(key, drains)

    def _need(self, key: str, needs: Iterable[str]) -> None:
        step = self._steps[key]
        self._steps[key] = msgspec.structs.replace(step, needs=tuple(sorted({*step.needs, *needs} - {key})))
