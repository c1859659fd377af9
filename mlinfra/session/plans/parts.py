"""Parts: what the changes of a plan carry with them, asked of those who can tell.

The objects of a release, and what a drain takes down. For the reviewer alone: nothing here alters what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import is_in_cluster
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import InvalidRequest, ProviderError
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import MAKES, Part, Plan, Step, Verb
from mlinfra.core.provider import Connect, Target
from mlinfra.core.state import State
from mlinfra.core.teardown import Teardown
from mlinfra.core.value import Expression, Properties, Value, referred, resolve
from mlinfra.engine.survey import Survey
from mlinfra.session.codes import Code


def with_parts(plan: Plan, state: State, seen: Survey, connect: Connect, teardown: Teardown) -> Plan:
    """The plan, its changes with their parts. Where they cannot be seen, that is said instead."""
    asking = _Asking(plan, state, seen, connect, teardown)
    found = {address: parts for address, parts in asking.ask() if parts}
    if not found and not asking.diagnostics:
        return plan
    changes = tuple(
        msgspec.structs.replace(change, parts=found[change.address]) if change.address in found else change
        for change in plan.changes
    )
    return msgspec.structs.replace(plan, changes=changes, diagnostics=(*plan.diagnostics, *asking.diagnostics))


class _Asking:
    def __init__(self, plan: Plan, state: State, seen: Survey, connect: Connect, teardown: Teardown) -> None:
        self._plan, self._state, self._seen = plan, state, seen
        self._connect, self._teardown = connect, teardown
        self._worked_on = {step.address for step in plan.steps if step.verb is not Verb.RECORD}
        self.diagnostics: list[Diagnostic] = []

    def ask(self) -> Iterator[tuple[Address, tuple[Part, ...]]]:
        """The parts of each change that may have some."""
        last: Mapping[Address, Step] = {
            step.address: step
            for step in self._plan.steps
            if step.verb in MAKES - {Verb.RECORD} and is_in_cluster(step.connection.kind)
        }
        for address, step in last.items():
            yield address, self._answer(step, partial(self._preview, step))
        for step in self._plan.steps:
            if step.verb is Verb.DRAIN:
                yield step.address, self._answer(step, self._teardown.outside)

    def _answer(self, step: Step, ask: Callable[[Target], tuple[Part, ...]]) -> tuple[Part, ...]:
        try:
            return ask(self._target(step))
        except ProviderError as error:
            self.diagnostics.append(
                Diagnostic(
                    severity=Severity.ERROR if isinstance(error, InvalidRequest) else Severity.WARNING,
                    code=Code.PARTS_UNSEEN,
                    summary=f"{step.address}: what this carries with it cannot be shown: {error}",
                    address=step.address,
                    source=next((one.source for one in self._plan.changes if one.address == step.address), None),
                    hint=error.hint,
                )
            )
            return ()

    def _preview(self, step: Step, target: Target) -> tuple[Part, ...]:
        return self._connect(step.connection).preview(target, self._prior(step))

    def _prior(self, step: Step) -> Present | None:
        record = self._state.records.get(step.origin or step.address)
        observed = self._seen.seen.get((record.address, record.generation)) if record is not None else None
        return observed if isinstance(observed, Present) and step.verb is not Verb.CREATE else None

    def _target(self, step: Step) -> Target:
        record = self._state.records.get(step.origin or step.address)
        return Target(
            address=step.address,
            type=step.type,
            owner=Owner.under(self._plan.ownership, step.address, step.generation, protect=step.protect),
            properties=resolve(step.properties, self._known),
            id=step.id,
            outputs=record.outputs if record is not None else {},
        )

    def _known(self, expression: Expression) -> Value:
        """What is known already: outputs of what the plan leaves as it is."""
        return referred(expression, self._outputs_of)

    def _outputs_of(self, address: Address) -> Properties | None:
        record = self._state.records.get(address) if address not in self._worked_on else None
        return {**record.outputs, "id": record.id} if record is not None else None
