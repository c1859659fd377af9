"""The journal of a run: entries made durable first and known second, from whichever thread.

Execution and recovery write through it. It is the only holder of the ledger while a run lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.backend import Lease
from mlinfra.core.ledger import Entry, Ledger
from mlinfra.core.state import Record, State


class Journal:
    """A lease and a ledger that say the same at every moment."""

    def __init__(self, lease: Lease, state: State) -> None:
        self._lease = lease
        self._ledger = Ledger(state)
        self._lock = threading.Lock()

    def fence(self) -> None:
        """Raise `StateConflict` where nothing may be changed any more, since another run has the lock."""
        self._lease.fence()

    def enter(self, *entries: Entry) -> None:
        """Make `entries` durable, then take them in. Raises `StateError` where they could not be written."""
        with self._lock:
            self._lease.append(entries)
            self._ledger.fold(entries)

    def record(self, address: Address, generation: int | None = None) -> Record | None:
        """The record of an address as of now."""
        with self._lock:
            return self._ledger.record(address, generation)

    def outputs(self, address: Address) -> Mapping[str, Any] | None:
        """What is known of an address's outputs, its id included."""
        record = self.record(address)
        return None if record is None else {**record.outputs, "id": record.id}

    def state(self) -> State:
        """The state as of now."""
        with self._lock:
            return self._ledger.state()

    def compact(self) -> State:
        """Write the whole state at the next serial."""
        with self._lock:
            return self._lease.compact(self._ledger.state())
