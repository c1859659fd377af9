"""The ledger: entries, one for each thing that happened, and their folding into a state.

The walk writes entries, backends append them durably and fold them again when they read. A journal belongs to the
state that it was begun on, and is folded over that one alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.state import Failure, Intent, Record, State
from mlinfra.core.value import Value


class Intended(msgspec.Struct, frozen=True, tag="intended"):
    """A mutating call is about to be made."""

    intent: Intent


class Recorded(msgspec.Struct, frozen=True, tag="recorded"):
    """An object is there, as `record` says; its intent is settled.

    A record of a newer generation deposes the current one. `deposed`: the record itself is of an older generation.
    `open`: more calls of the same operation follow, the intent stands.
    """

    record: Record
    deposed: bool = False
    open: bool = False


class Removed(msgspec.Struct, frozen=True, tag="removed"):
    """An object is gone, or given up; its intent is settled."""

    address: Address
    generation: int


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    """An intent came to nothing: the call certainly had no effect."""

    address: Address
    generation: int


class Renamed(msgspec.Struct, frozen=True, tag="renamed"):
    """A record goes by another address now."""

    origin: Address
    target: Address


class Noted(msgspec.Struct, frozen=True, tag="noted"):
    """Facts or outputs of the stack; `None` leaves what was there."""

    facts: Mapping[str, Any] | None = None
    outputs: Mapping[str, Value] | None = None


class Began(msgspec.Struct, frozen=True, tag="began"):
    """A plan with this seal began to be applied."""

    seal: str


class Completed(msgspec.Struct, frozen=True, tag="completed"):
    """All that the plan with this seal had to do is done."""

    seal: str


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """A run came to its end without having done all, for these reasons."""

    failures: tuple[Failure, ...]


Entry: TypeAlias = Intended | Recorded | Removed | Settled | Renamed | Noted | Began | Completed | Stopped


# How many seals are remembered: a plan file that was killed or failed is run again soon, if at all.
_SEALS = 64


class Ledger:
    """A state in the making. Not thread-safe: the walk's coordinating thread alone holds it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._records = dict(state.records)
        self._deposed = {(r.address, r.generation): r for r in state.deposed}
        self._pending = {(i.address, i.generation): i for i in state.pending}
        self._applied = list(state.applied)
        self._completed = list(state.completed)
        self._failures = state.failures
        self._generations = dict(state.generations)
        self._facts, self._outputs = state.facts, state.outputs

    def record(self, address: Address, generation: int | None = None) -> Record | None:
        """The current record of an address, or that of one generation."""
        current = self._records.get(address)
        if generation is None or (current is not None and current.generation == generation):
            return current
        return self._deposed.get((address, generation))

    def fold(self, entries: Iterable[Entry]) -> Ledger:
        """Take in `entries` in their order."""
        for entry in entries:
            self.enter(entry)
        return self

    def enter(self, entry: Entry) -> None:
        """Take in one entry."""
        match entry:
            case Intended(intent):
                self._pending[(intent.address, intent.generation)] = intent
            case Recorded():
                self._enter_record(entry)
            case Removed(address, generation):
                self._enter_removal(address, generation)
            case Settled(address, generation):
                self._pending.pop((address, generation), None)
            case Renamed(origin, target):
                self._rename(origin, target)
            case Noted(facts, outputs):
                self._facts = self._facts if facts is None else facts
                self._outputs = self._outputs if outputs is None else outputs
            case Began(seal):
                self._applied = [*(s for s in self._applied if s != seal), seal][-_SEALS:]
                self._failures = ()
            case Completed(seal):
                self._applied = [s for s in self._applied if s != seal]
                self._completed = [*self._completed, seal][-_SEALS:]
            case Stopped(failures):
                self._failures = failures

    def _enter_record(self, entry: Recorded) -> None:
        record = entry.record
        key = (record.address, record.generation)
        if not entry.open:
            self._pending.pop(key, None)
        current = self._records.get(record.address)
        if entry.deposed or (current is not None and current.generation > record.generation):
            self._deposed[key] = record
            return
        if current is not None and current.generation < record.generation:
            self._deposed[(current.address, current.generation)] = current
        self._deposed.pop(key, None)
        self._records[record.address] = record

    def _enter_removal(self, address: Address, generation: int) -> None:
        self._pending.pop((address, generation), None)
        self._deposed.pop((address, generation), None)
        current = self._records.get(address)
        if current is not None and current.generation == generation:
            del self._records[address]
        self._generations[address] = max(generation, self._generations.get(address, 0))

    def _rename(self, origin: Address, target: Address) -> None:
        record = self._records.pop(origin, None)
        if record is None:
            return
        self._enter_record(Recorded(msgspec.structs.replace(record, address=target)))
        for key in [key for key in self._deposed if key[0] == origin]:
            old = self._deposed.pop(key)
            self._deposed[(target, old.generation)] = msgspec.structs.replace(old, address=target)
        self._pending.pop((target, record.generation), None)

    def state(self, serial: int | None = None) -> State:
        """The state as of now."""
        return msgspec.structs.replace(
            self._state,
            serial=self._state.serial if serial is None else serial,
            records=dict(sorted(self._records.items())),
            deposed=tuple(self._deposed[key] for key in sorted(self._deposed)),
            pending=tuple(self._pending[key] for key in sorted(self._pending)),
            generations=dict(sorted(self._generations.items())),
            facts=self._facts,
            outputs=self._outputs,
            applied=tuple(self._applied),
            completed=tuple(self._completed),
            failures=self._failures,
        )
