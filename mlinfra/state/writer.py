"""Writing a state: what a run holds while it has the lock.

`Backend.lock` gives it out as the `Lease` of the core. Each write is fenced by the lock, so that one whose lock was
taken over is refused. A write that fails leaves the old state or the new one, and the next finds out which.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec

from mlinfra import __version__
from mlinfra.core.backend import Holder
from mlinfra.core.errors import StateConflict, StateCorrupt, StateError
from mlinfra.core.ledger import Entry
from mlinfra.core.state import State
from mlinfra.state.codes import Code
from mlinfra.state.copies import BASE, DAMAGED, Copies
from mlinfra.state.format import Base, Line, identity_of, seal
from mlinfra.state.lease import HeldLock, Mark
from mlinfra.state.reader import Found, Reader, journal_name
from mlinfra.state.store import Store

_ATTEMPTS = 5


class Writer:
    """The writing end, for as long as the lock is ours. Its methods may be called from any thread, one at a time."""

    def __init__(self, stack: str, store: Store, held: HeldLock, reader: Reader, copies: Copies) -> None:
        self._stack = stack
        self._store = store
        self._held = held
        self._reader = reader
        self._copies = copies
        self._mutex = threading.Lock()
        self._place: Found | None = None

    @property
    def holder(self) -> Holder:
        """Ourselves."""
        return self._held.tenure.holder()

    def fence(self) -> None:
        """Raise `StateConflict` where the lock is another's by now."""
        self._held.fence()

    def settle(self) -> None:
        """Make the state ours to write, once the lock is taken.

        A base of an earlier format is rewritten, so that base and journal have one format. In a store that cannot
        keep others out the base is rewritten in any case, also one that only says that there is no state: journals
        bear its identity, so whatever an earlier holder still sends goes to a journal that nobody reads, or fails on
        the base's version. The state stays the same. One that cannot be read is left alone: whoever reads it is told.
        """
        with self._mutex:
            for _ in range(_ATTEMPTS):
                try:
                    found = self._found()
                except StateCorrupt:
                    return
                if found.state is None:
                    self._forget_mark()
                if self._store.guards and found.current:
                    return
                if self._publish(found.state, found.version):
                    return
            raise self._changed()

    def append(self, entries: Sequence[Entry]) -> None:
        """Make `entries` durable in one write, whose cost does not depend on the state."""
        if not entries:
            return
        with self._mutex:
            for _ in range(_ATTEMPTS):
                found = self._found()
                if found.state is None:
                    raise StateError(
                        f"{self._stack} has no state in {self._store.location} to append to",
                        code=Code.NO_STATE,
                        hint="this is a defect of mlinfra: a first state is to be written before any entry",
                    )
                line = seal(Line(base=found.identity, number=found.lines + 1, entries=tuple(entries)))
                with self._store.fenced(self._held.confirm):
                    end = self._store.append(found.journal, found.end, line)
                if end is not None:
                    self._place = msgspec.structs.replace(found, lines=found.lines + 1, end=end)
                    return
                # Only we write to this journal: an earlier line of ours arrived although its answer was lost.
                self._place = None
            raise self._changed()

    def compact(self, state: State) -> State:
        """Write `state` at the next serial in the place of base and journal. Answers what was written."""
        with self._mutex:
            found = self._found()
            self._check(state, found)
            written = msgspec.structs.replace(state, serial=found.mark.serial + 1)
            self._prune(written.serial)
            self._replace(written, found.version)
            return written

    def restore(self, state: State) -> State:
        """Write `state` whatever stands there now, readable or not, of this lineage or another.

        What stood there is kept as `damaged.json`; the serial is higher than all that are known.
        """
        with self._mutex:
            self._check_own(state)
            kept = self._store.get(BASE)
            serial = max([state.serial, self._held.tenure.mark.serial, *self._copies.serials()]) + 1
            self._held.confirm()
            if kept is not None:
                self._set_aside(kept.data)
            self._forget_mark()
            written = msgspec.structs.replace(state, serial=serial)
            self._replace(written, kept.version if kept else None)
            return written

    def remove(self) -> None:
        """Remove the state, its journal and its copies.

        First the lock remembers that the lineage has ended, and stays. Then the base says that the state is gone, which
        is one write and fenced like any other; then the rest goes.
        """
        with self._mutex:
            found = self._found()
            names = self._copies.everything()
            self._held.confirm()  # hence none of these names is a later run's
            if found.state is not None:
                self._held.end(found.state.lineage)
                if not self._publish(None, found.version):
                    raise self._changed()
            self._forget_mark()
            self._store.delete(names)
            if self._store.guards:
                with self._store.fenced(self._held.confirm):
                    self._store.delete([BASE])
            self._place = None

    def has_ended(self, lineage: str) -> bool:
        """Whether a state of this lineage was removed here."""
        return lineage in self._held.tenure.ended

    def _found(self) -> Found:
        """Where we are. What was read is used only if the lock was ours afterwards: a version that a later holder
        wrote would let us overwrite it.
        """
        if self._place is None:
            found = self._reader.find()
            self._held.confirm()
            self._place = found
        return self._place

    def _prune(self, serial: int) -> None:
        """Remove what is too old once `serial` is written, all of it listed while the lock was ours."""
        if names := self._copies.too_old(serial):
            self._held.confirm()
            self._store.delete(names)

    def _replace(self, state: State, version: str | None) -> None:
        """Publish a new serial, keep a copy of it, and have the lock remember it, in this order."""
        data = self._sealed(state)
        if not self._put(data, state, version):
            raise self._changed()
        with self._store.fenced(self._held.confirm):
            self._copies.write(state.serial, data)
        self._held.renew(Mark(state.lineage, state.serial))

    def _publish(self, state: State | None, version: str | None) -> bool:
        return self._put(self._sealed(state), state, version)

    def _sealed(self, state: State | None) -> bytes:
        tenure = self._held.tenure
        begun = state is not None
        return seal(Base(mlinfra=__version__, token=tenure.token, nonce=tenure.nonce, state=state, begun=begun))

    def _put(self, data: bytes, state: State | None, version: str | None) -> bool:
        """Replace the base that has `version`; `False` where it has another by now.

        Its journal is begun first, with a line that says nothing: where the base stands and no line does, one was lost.
        """
        self._place = None
        identity = identity_of(data)
        with self._store.fenced(self._held.confirm):
            end = self._begin(journal_name(state, identity), identity)
            new = self._store.put(BASE, data, version)
        if new is not None and end is not None:  # where the line stood already, its place is read before the next
            self._place = msgspec.structs.replace(Found.fresh(new, data, state), lines=int(end > 0), end=end)
        return new is not None

    def _begin(self, journal: str, identity: str) -> int | None:
        return self._store.append(journal, 0, seal(Line(base=identity, number=1, entries=()))) if journal else 0

    def _set_aside(self, data: bytes) -> None:
        earlier = self._store.get(DAMAGED)
        if self._store.put(DAMAGED, data, earlier.version if earlier else None) is None:
            raise self._changed()

    def _forget_mark(self) -> None:
        if self._held.tenure.mark != Mark():
            self._held.renew(Mark())

    def _check(self, state: State, found: Found) -> None:
        self._check_own(state)
        if found.state is None:
            return
        if state.lineage != found.mark.lineage:
            raise StateConflict(
                f"the state to be written is of lineage {state.lineage}, the one in {self._store.location} of "
                f"{found.mark.lineage}",
                code=Code.OTHER_LINEAGE,
                hint="plan again: the plan was made from another stack's state, or from one that was removed since",
            )
        if state.serial != found.mark.serial:
            raise self._changed(f": it was made from serial {state.serial}, and {found.mark.serial} stands there")

    def _check_own(self, state: State) -> None:
        if state.stack != self._stack:
            raise StateConflict(
                f"the state of stack {state.stack!r} is not to be written where {self._stack!r} is kept",
                code=Code.OTHER_STACK,
                hint="give each stack its own place for its state",
            )
        if broken := state.verify():
            raise StateError(
                f"the state to be written is unsound: {'; '.join(broken)}. What was there is kept",
                code=Code.UNSOUND,
                hint="this is a defect of mlinfra: please report it with this message",
            )

    def _changed(self, how: str = "") -> StateConflict:
        return StateConflict(
            f"the state of {self._stack} in {self._store.location} changed under us{how}",
            code=Code.CHANGED,
            hint="nothing was overwritten: run the same command again",
        )
