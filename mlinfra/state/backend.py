"""The backend: a state with its journal and its lock, over any store.

`LocalBackend` and `S3Backend` are this with their own stores; the session opens one and the engine works through it.
It only composes: the lock, the reader and the writer do the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mlinfra.core.backend import Holder, Lease
from mlinfra.core.clock import Clock
from mlinfra.core.errors import StateError
from mlinfra.core.state import State
from mlinfra.state.copies import Copies
from mlinfra.state.format import CURRENT, Format
from mlinfra.state.lease import BEATS_PER_TERM, Claimant, LeaseLock
from mlinfra.state.reader import Reader
from mlinfra.state.store import Store
from mlinfra.state.writer import Writer


class Backend:
    """One stack's state in a store. `known` is the format that is written, and the way to it from earlier ones."""

    def __init__(self, store: Store, stack: str, clock: Clock, claimant: Claimant, known: Format = CURRENT) -> None:
        self._store = store
        self._stack = stack
        self._claimant = claimant
        self._lock = LeaseLock(store, stack, clock, claimant)
        self._copies = Copies(store, known)
        self._reader = Reader(store, stack, self._lock, self._copies, known)

    @property
    def location(self) -> str:
        """Where the state is, for messages."""
        return self._store.location

    def read(self) -> State | None:
        """The state with its journal folded in. Raises `StateCorrupt` for whatever cannot be trusted."""
        return self._reader.find().state

    def holder(self) -> Holder | None:
        """Who holds the lock."""
        return self._lock.holder()

    def unlock(self, token: int) -> None:
        """Break the lock that bears `token`."""
        self._lock.unlock(token)

    @contextmanager
    def lock(self, purpose: str) -> Iterator[Lease]:
        """Take the lock, keep it alive, and let go of it at the end."""
        held = self._lock.acquire(purpose)
        try:
            with self._claimant.heartbeat(held.renew, self._claimant.term / BEATS_PER_TERM):
                writer = Writer(self._stack, self._store, held, self._reader, self._copies)
                writer.settle()
                yield writer
        except BaseException:
            with suppress(StateError):  # what went wrong already is what matters; the lease ends by itself
                held.release()
            raise
        held.release()
