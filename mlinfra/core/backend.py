"""The port behind which states are kept.

`mlinfra.state` implements it; the engine and the session use it. Every method raises `StateError` or one of its
kinds and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from mlinfra.core.ledger import Entry
from mlinfra.core.state import State


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a lock, since when, for what, and until when it holds without being renewed. Times are in UTC."""

    token: int
    who: str
    purpose: str
    since: datetime
    expires: datetime


class Lease(Protocol):
    """A held lock. Writes through it are refused with `StateConflict` once another holder has taken over."""

    @property
    def holder(self) -> Holder:
        """Ourselves."""
        ...

    def fence(self) -> None:
        """Raise `StateConflict` where another holder has taken over. Called before each call that changes something.

        Costs next to nothing while that was made sure of a moment ago.
        """
        ...

    def append(self, entries: Sequence[Entry]) -> None:
        """Make `entries` durable, in one write. They are on disk, or stored, when this returns.

        There must be a state to append to: see `compact`.
        """
        ...

    def compact(self, state: State) -> State:
        """Replace state and journal by `state` at the next serial, atomically; answer what was written.

        Also how a first state comes into being. `state` bears the lineage and serial of the one that is there, or the
        write is refused with `StateConflict`.
        """
        ...

    def restore(self, state: State) -> State:
        """Write `state` in place of whatever is there, readable or not, of any lineage; answer what was written.

        For a state rebuilt or put back by hand. What was there is kept aside.
        """
        ...

    def remove(self) -> None:
        """Remove the state, its journal and its copies: the stack is gone, and its lineage has ended."""
        ...

    def has_ended(self, lineage: str) -> bool:
        """Whether a state of this lineage was removed here: nothing that was planned for it is to be done any more."""
        ...


class StateBackend(Protocol):
    """Where one stack's state is kept."""

    @property
    def location(self) -> str:
        """Where that is, for messages: a path or a URL."""
        ...

    def read(self) -> State | None:
        """The state with its journal folded in; `None` where there never was one."""
        ...

    def lock(self, purpose: str) -> AbstractContextManager[Lease]:
        """Take the lock for the time of the context. Raises `LockHeld`, naming the holder."""
        ...

    def holder(self) -> Holder | None:
        """Who holds the lock now."""
        ...

    def unlock(self, token: int) -> None:
        """Break the lock that bears `token`; another one's stays. Raises `StateConflict` if it has changed."""
        ...
