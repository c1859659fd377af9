"""Reading a state: base and journal, taken at one moment, checked, and folded.

`Backend` reads through it, and so does `Writer` before its first write. What comes out has passed every check;
whatever cannot be trusted is a coded error that names the last good copy. Nothing is repaired in silence.
"""

from __future__ import annotations

from typing import NoReturn

import msgspec

from mlinfra.core.errors import StateConflict, StateCorrupt
from mlinfra.core.ledger import Ledger
from mlinfra.core.state import State
from mlinfra.state.codes import Code
from mlinfra.state.copies import BASE, Copies
from mlinfra.state.format import Damaged, Format, identity_of, read_base, read_journal
from mlinfra.state.lease import LeaseLock, Mark
from mlinfra.state.store import Journal, Kept, Store

_ATTEMPTS = 5


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a store, and where writing goes on.

    version: of the base; `None` where there is none.
    identity: of the base; `journal`, `lines` and `end` place the next line after it.
    current: whether it was written in the current format.
    lost: whether its journal, which was begun, is not there any more.
    state: the base with its journal folded in; `None` where there is no state, or no more.
    """

    version: str | None = None
    identity: str = ""
    journal: str = ""
    lines: int = 0
    end: int = 0
    current: bool = True
    lost: bool = False
    state: State | None = None

    @classmethod
    def fresh(cls, version: str, data: bytes, state: State | None) -> Found:
        """A base that was just written as `data`, before the first line of its journal."""
        identity = identity_of(data)
        return cls(version=version, identity=identity, journal=journal_name(state, identity), state=state)

    @property
    def mark(self) -> Mark:
        """What the lock remembers of it."""
        return Mark(self.state.lineage, self.state.serial) if self.state else Mark()


def journal_name(state: State | None, identity: str) -> str:
    """What the journal of the base with this identity is called; empty where there is no state."""
    return f"journal.{state.serial}.{identity}" if state else ""


class Reader:
    """Reads the state of `stack` in `store`."""

    def __init__(self, store: Store, stack: str, lock: LeaseLock, copies: Copies, known: Format) -> None:
        self._store = store
        self._stack = stack
        self._lock = lock
        self._copies = copies
        self._known = known
        self._where = f"{store.location}/{BASE}"

    def find(self) -> Found:
        """What stands in the store, read at one moment and checked."""
        mark = self._lock.mark()
        for _ in range(_ATTEMPTS):
            found = self._attempt()
            if found is not None:
                self._check(found, mark)
                return found
        raise StateConflict(
            f"the state of {self._stack} in {self._store.location} keeps changing while it is read",
            code=Code.CHANGED,
            hint="another run is writing it: try again when that is done",
        )

    def _attempt(self) -> Found | None:
        """What stands there; `None` where it changed meanwhile."""
        kept = self._base()
        if kept is None:
            copy = self._copies.last_good()
            if copy and self._store.get(BASE) is None:
                raise self._copies.corrupt(Code.VANISHED, f"{self._where} is gone")
            return None if copy else Found()
        try:
            base, written = read_base(kept.data, self._where, self._known)
        except Damaged as error:
            raise self._copies.corrupt(Code.DAMAGED, f"{self._where} is damaged: {error}") from error
        found = Found.fresh(kept.version, kept.data, base.state)
        journal = self._store.journal(found.journal) if base.state is not None else Journal()
        again = self._store.get(BASE)
        if again is None or again.version != kept.version:
            return None
        if base.state is None:
            return found
        found = self._with_journal(found, base.state, journal, written)
        return msgspec.structs.replace(found, lost=base.begun and not found.lines)

    def _base(self) -> Kept | None:
        try:
            return self._store.get(BASE)
        except StateCorrupt as error:  # something else stands in its place
            raise self._copies.corrupt(Code.UNAVAILABLE, str(error)) from error

    def _with_journal(self, found: Found, state: State, journal: Journal, written: int) -> Found:
        try:
            entries = read_journal(journal, found.identity, written, self._known)
        except Damaged as error:
            raise self._copies.corrupt(
                Code.JOURNAL_DAMAGED,
                f"{self._store.location}/{found.journal} is damaged at {error}",
                before_journal=True,
            ) from error
        return msgspec.structs.replace(
            found,
            lines=len(journal.lines),
            end=journal.end,
            current=written == self._known.version,
            state=Ledger(state).fold(entries).state() if entries else state,
        )

    def _check(self, found: Found, mark: Mark) -> None:
        """Refuse what is whole and yet not to be built upon."""
        state = found.state
        if state is None:
            return
        if state.stack != self._stack:
            self._refuse(Code.OTHER_STACK, f"is the state of stack {state.stack!r}, not of {self._stack!r}")
        if mark.lineage and state.lineage != mark.lineage:
            self._refuse(Code.OTHER_LINEAGE, f"is of lineage {state.lineage}, while {mark.lineage} was here")
        if state.serial < mark.serial:
            self._refuse(Code.OLDER_SERIAL, f"has serial {state.serial}, while serial {mark.serial} was here")
        if found.lost:
            raise self._copies.corrupt(
                Code.JOURNAL_LOST,
                f"the journal that was begun with {self._where} is gone, or nothing whole is left of it: "
                f"{self._store.location}/{found.journal}",
                before_journal=True,
            )
        if broken := state.verify():
            self._refuse(Code.UNSOUND, f"with its journal is unsound: {'; '.join(broken)}")

    def _refuse(self, code: Code, what: str) -> NoReturn:
        raise self._copies.corrupt(code, f"{self._where} {what}")
