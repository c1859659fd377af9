"""Execution: one step becomes calls, with its intent durable before and its result after.

Called by the walk, from many threads. Before a step runs, its difference is taken again with what is now known: only
what was planned, or nothing at all, may come out.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.clock import Clock
from mlinfra.core.errors import Ambiguous, NotFound, PlanError, ProviderError, StalePlan, Throttled
from mlinfra.core.ledger import Entry, Intended, Recorded, Removed, Renamed, Settled
from mlinfra.core.naming import client_token
from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import MAKES, Step, Verb
from mlinfra.core.provider import Connect, Target
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.state import Intent, Record, Status
from mlinfra.core.teardown import NOTHING_BEHIND, Teardown
from mlinfra.core.value import Expression, Properties, Ref, Value, path_text, referred, refs, resolve
from mlinfra.engine.codes import Code
from mlinfra.engine.creation import Patience, create
from mlinfra.engine.diff import Difference, compare
from mlinfra.engine.journal import Journal
from mlinfra.engine.stop import Stop
from mlinfra.engine.work import Say, Work


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What execution works with.

    seal: of the plan being applied. begun: create attempts that had no result when the run began.
    teardown: for what opens connections.
    """

    connect: Connect
    types: Mapping[str, ResourceType]
    ownership: Ownership
    seal: str
    clock: Clock
    stop: Stop
    begun: frozenset[tuple[Address, int]] = frozenset()
    teardown: Teardown = NOTHING_BEHIND


class Execution:
    """Carries out steps. Safe for many threads: what they share is the journal and what was seen."""

    def __init__(
        self,
        journal: Journal,
        around: Surroundings,
        seen: Mapping[tuple[str, str], Present],
        steps: Sequence[Step],
    ) -> None:
        self._journal, self._around = journal, around
        self._seen = dict(seen)
        self._awaited = Counter(step.address for step in steps if step.verb in MAKES)
        self._ends = {step.address: step.properties for step in steps if step.verb is Verb.UPDATE}
        self._unneeded: set[Address] = set()
        self._patience = Patience(around.clock, around.stop, random.Random())

    def __call__(self, step: Step, say: Say) -> str:
        """Carry out one step; answers with the id of the object."""
        self._around.stop.check()
        identity = self._perform(step, say)
        if step.verb in MAKES:
            self._awaited[step.address] -= 1
        return identity

    def _perform(self, step: Step, say: Say) -> str:
        self._take_address(step)
        match step.verb:
            case Verb.CREATE:
                return self._create(step, say)
            case Verb.UPDATE | Verb.RECORD:
                return self._update(step, say)
            case Verb.DELETE:
                return self._delete(step, say)
            case Verb.ADOPT | Verb.TAG | Verb.MOVE:
                return self._claim(step, say)
            case Verb.FORGET:
                self._journal.enter(Removed(step.address, step.generation))
                return step.id
            case Verb.DRAIN | Verb.SWEEP:
                return self._clear(step, say)

    def _take_address(self, step: Step) -> None:
        """What is renamed and replaced has its record under the new address before anything of it is done.

        Where it stays, the record follows once the object has the tags that say so (`_claim`).
        """
        if step.origin is not None and step.verb is not Verb.MOVE and self._journal.record(step.origin) is not None:
            self._journal.enter(Renamed(step.origin, step.address))

    def _create(self, step: Step, say: Say) -> str:
        properties = self._resolved(step)
        made = self._journal.record(step.address, step.generation)
        if made is not None and made.status is Status.READY:
            return made.id  # by an earlier run of this plan
        if self._is_unneeded(step, properties):
            return step.id
        begun = made is not None or (step.address, step.generation) in self._around.begun
        self._intend(step, properties)
        return self._record(step, properties, self._make(step, properties, say, begun=begun))

    def _make(self, step: Step, properties: Properties, say: Say, *, begun: bool) -> Present:
        provider = self._around.connect(self._connection(step))
        target, operation = self._target(step, properties), self._work(step, properties, say)

        def finish(found: Present) -> Present:
            changed = self._against(step, properties, {}, found).changed
            return provider.update(target, found, changed, operation)

        try:
            return create(
                provider, target, operation, self._patience, begun=begun, tagged=self._tagged(step), finish=finish
            )
        except (Ambiguous, Throttled):
            raise  # the intent stands: the next run looks
        except ProviderError:
            if not operation.has_made:
                self._journal.enter(Settled(step.address, step.generation))
            raise

    def _update(self, step: Step, say: Say) -> str:
        record = self._journal.record(step.address, step.generation)
        if record is None:
            raise self._stale(step, f"{step.id} is not recorded any more")
        properties = self._resolved(step)
        prior = self._prior(record)
        if self._is_passed(step, prior):
            return record.id
        difference = self._against(step, properties, record.inputs, prior, record.outputs)
        if difference.order is not None:
            causes = ", ".join(path_text(field.path) for field in difference.fields if field.forces)
            raise self._stale(step, f"it would have to be replaced now, because of {causes}")
        if not difference.fields and record.status is Status.READY:
            return self._record(step, properties, prior)
        if step.verb is Verb.RECORD:
            raise self._stale(step, "it differs now: " + ", ".join(map(path_text, sorted(difference.changed, key=str))))
        self._intend(step, properties)
        return self._record(step, properties, self._bring(step, properties, record, prior, say))

    def _is_passed(self, step: Step, prior: Present) -> bool:
        """Whether an earlier run of this plan has come further than this step of an upgrade in several."""
        hops, end = self._around.types[step.type].hops, self._ends.get(step.address, step.properties)
        return hops is not None and step.properties != end and step.properties not in hops(prior.properties, end)

    def _bring(self, step: Step, properties: Properties, record: Record, prior: Present, say: Say) -> Present:
        """Bring `prior` to `properties`. After an unclear answer it is looked at: what differs still is done again."""
        provider = self._around.connect(self._connection(step))
        target, operation = self._target(step, properties), self._work(step, properties, say)
        present = prior

        def update() -> Present:
            nonlocal present
            try:
                difference = self._against(step, properties, record.inputs, present, record.outputs)
                return provider.update(target, present, difference.changed, operation)
            except Ambiguous:
                found = provider.find(target)
                present = found if isinstance(found, Present) else present
                raise

        return self._patience.repeat(update, harmless=True)

    def _delete(self, step: Step, say: Say) -> str:
        record = self._journal.record(step.address, step.generation)
        if record is None and (step.type, step.id) not in self._seen:
            return step.id  # an earlier run of this plan removed it
        if step.properties and self._is_unneeded(step, self._resolved(step, strict=False)):
            return step.id
        self._intend(step, None)
        provider = self._around.connect(self._connection(step))
        # What was last applied says how it is to be deleted: by force, with which window, keeping what.
        applied = record.inputs if record is not None and record.inputs is not None else {}
        target, operation = self._target(step, applied), self._work(step, {}, say)
        if record is None:  # nobody recorded it: what it is like stands in what was seen
            target = msgspec.structs.replace(target, outputs=self._seen[(step.type, step.id)].properties)

        def remove() -> Present:
            provider.delete(target, operation)
            return Present(step.id, {})

        with contextlib.suppress(NotFound):  # it is gone, which is what was wanted
            self._patience.repeat(remove, harmless=True)
        if record is None or self._around.types[step.type].opens is None:
            self._journal.enter(Removed(step.address, step.generation))
        else:  # it is swept before it is forgotten
            deposed = record != self._journal.record(step.address)
            self._journal.enter(Recorded(msgspec.structs.replace(record, seal=self._around.seal), deposed=deposed))
        return step.id

    def _clear(self, step: Step, say: Say) -> str:
        """What controllers made outside of a cluster goes: before it while they live, and after it what they left.

        Neither needs an intent: both look at what is there, and may be done any number of times.
        """
        record = self._journal.record(step.address, step.generation)
        present = self._seen.get((step.type, step.id))
        if record is None and present is None:
            return step.id  # an earlier run of this plan removed it
        if step.properties and self._is_unneeded(step, self._resolved(step, strict=False)):
            return step.id
        if record is None and present is not None:  # without a record nobody would sweep
            record = self._record_of(step, None, present, Status.READY)
            self._journal.enter(Recorded(record))
        teardown, operation = self._around.teardown, self._work(step, {}, say)
        if step.verb is Verb.DRAIN:
            teardown.drain(self._target(step, {}), operation)
            return step.id
        teardown.sweep(self._target(step, {}), operation)
        self._journal.enter(Removed(step.address, step.generation))
        return step.id

    def _claim(self, step: Step, say: Say) -> str:
        """Adopt or rename: the object gets our tags, the record its address."""
        target = self._target(step, self._resolved(step, strict=False))
        provider = self._around.connect(self._connection(step))
        present = self._seen.get((step.type, step.id))
        if present is None or (self._tagged(step) and present.owner != target.owner):
            self._intend(step, None)
            present = self._patience.repeat(lambda: provider.tag(target, self._work(step, {}, say)), harmless=True)
        entries: list[Entry] = []
        if step.verb is Verb.MOVE and step.origin is not None:
            entries.append(Renamed(step.origin, step.address))
            record = self._journal.record(step.origin, step.generation)
        else:
            record = self._journal.record(step.address, step.generation)
        inputs = record.inputs if record is not None else None
        status = record.status if record is not None else Status.READY
        if inputs is None:
            difference = self._against(step, target.properties, None, present)
            inputs = target.properties if not difference.fields else None
        entries.append(Recorded(self._record_of(step, inputs, present, status)))
        self._seen[(step.type, present.id)] = present
        self._journal.enter(*entries)
        return present.id

    def _is_unneeded(self, step: Step, properties: Properties) -> bool:
        """Whether a planned replacement turns out to be none, now that everything is known."""
        if step.sure or step.origin is not None:
            return False
        if step.address in self._unneeded:
            return True
        old = self._journal.record(step.address)
        if old is None or old.type != step.type or old.inputs is None or refs(properties):
            return False
        if step.verb is Verb.CREATE and old.generation >= step.generation:
            return False
        prior = self._prior(old)
        if prior.failed or prior.id != (step.id or prior.id):
            return False
        if step.named:
            properties = {**properties, step.named: prior.properties.get(step.named)}
        difference = self._against(step, properties, old.inputs, prior)
        if difference.order is not None:
            return False
        if difference.fields:
            raise self._stale(step, "it need not be replaced any more, but would be changed")
        self._unneeded.add(step.address)
        return True

    def _tagged(self, step: Step) -> bool:
        kind = self._around.types[step.type]
        return kind.taggable and kind.owned_by is OwnedBy.TAGS

    def _against(
        self,
        step: Step,
        properties: Properties,
        last: Properties | None,
        present: Present,
        recorded: Properties | None = None,
    ) -> Difference:
        return compare(self._around.types[step.type], properties, last, present.properties, recorded)

    def _prior(self, record: Record) -> Present:
        seen = self._seen.get((record.type, record.id))
        return seen if seen is not None else Present(record.id, record.outputs)

    def _resolved(self, step: Step, *, strict: bool = True) -> Properties:
        """The step's properties with every reference filled in; secrets stay references."""
        resolved: Properties = resolve(step.properties, self._lookup)
        if strict:
            for ref in refs(resolved):
                raise PlanError(
                    f"{step.address} needs {ref.address}.{path_text(ref.path)}, which is not there",
                    code=Code.NO_SUCH_OUTPUT,
                    hint="the output may be misspelt; `mlinfra state show` lists those of an object",
                )
        return resolved

    def _lookup(self, expression: Expression) -> Value:
        if isinstance(expression, Ref) and self._awaited[expression.address] > 0:
            return expression  # not any more as it stands in the record
        return referred(expression, self._journal.outputs)

    def _connection(self, step: Step) -> Connection:
        return step.connection.resolved(self._lookup)

    def _target(self, step: Step, properties: Properties) -> Target:
        ownership = self._around.ownership
        record = self._journal.record(step.address, step.generation)
        if record is None and step.origin is not None:
            record = self._journal.record(step.origin, step.generation)
        return Target(
            address=step.address,
            type=step.type,
            owner=Owner.under(ownership, step.address, step.generation, protect=step.protect),
            properties=properties,
            id=step.id,
            token=client_token(lineage=ownership.lineage, address=step.address, generation=step.generation),
            outputs=record.outputs if record is not None else {},
        )

    def _intend(self, step: Step, inputs: Properties | None) -> None:
        self._journal.enter(
            Intended(
                Intent(
                    address=step.address,
                    generation=step.generation,
                    verb=step.verb.value,
                    type=step.type,
                    connection=self._connection(step),
                    id=step.id,
                    inputs=inputs,
                    dependencies=step.dependencies,
                    protect=step.protect,
                    seal=self._around.seal,
                )
            )
        )

    def _work(self, step: Step, properties: Properties, say: Say) -> Work:
        """What a provider carries out the step through. The id of what it makes is durable before anything else is
        done with it."""

        def note(id: str) -> None:
            if step.verb is Verb.CREATE:
                record = self._record_of(step, properties, Present(id, properties), Status.CREATING)
                self._journal.enter(Recorded(record, open=True))

        return Work(self._journal, self._around.stop, note, say)

    def _record(self, step: Step, properties: Properties, present: Present) -> str:
        self._seen[(step.type, present.id)] = present
        self._journal.enter(Recorded(self._record_of(step, properties, present, Status.READY)))
        return present.id

    def _record_of(self, step: Step, inputs: Properties | None, present: Present, status: Status) -> Record:
        return Record(
            address=step.address,
            type=step.type,
            id=present.id,
            generation=step.generation,
            connection=self._connection(step),
            inputs=inputs,
            outputs=present.properties,
            dependencies=step.dependencies,
            protect=step.protect,
            status=status,
            seal=self._around.seal,
        )

    def _stale(self, step: Step, why: str) -> StalePlan:
        return StalePlan(f"{step.address}: {why}", code=Code.STALE, hint="plan again and review what has changed")
