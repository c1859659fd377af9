"""A run that writes a state in every way there is, so that it can be cut short anywhere and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.core.backend import Lease, StateBackend
from mlinfra.core.ledger import Entry, Intended, Ledger, Noted, Recorded
from mlinfra.core.state import State
from tests.state.actors import first, intent, record


class Run:
    """A run that writes, step by step, and knows what must be readable before and after each."""

    def __init__(self, backend: StateBackend) -> None:
        self.backend = backend
        self.before: State | None = None
        self.after: State | None = None

    def run(self) -> None:
        with self.backend.lock("apply") as lease:
            for step in self._steps(lease):
                step()
                self.before = self.after

    def _steps(self, lease: Lease) -> Iterator[Callable[[], object]]:
        self.after = first()
        yield self._compaction(lease)
        yield self._addition(lease, [Intended(intent("network.vpc"))])
        yield self._addition(lease, [Recorded(record("network.vpc")), Noted(outputs={"vpc": "network.vpc/1"})])
        yield self._compaction(lease)
        yield self._addition(lease, [Intended(intent("cluster.role"))])
        for _ in range(3):
            yield self._compaction(lease)
        yield self._addition(lease, [Recorded(record("cluster.role"))])
        yield self._restoration(lease)
        self.after = None
        yield lease.remove
        self.after = first(lineage="lineage-2")
        yield self._compaction(lease)

    def _compaction(self, lease: Lease) -> Callable[[], object]:
        assert self.after is not None
        state = self.after
        self.after = numbered(state, state.serial + 1)
        return lambda: lease.compact(state)

    def _restoration(self, lease: Lease) -> Callable[[], object]:
        assert self.after is not None
        state = numbered(self.after, 0)
        self.after = numbered(state, self.after.serial + 1)
        return lambda: lease.restore(state)

    def _addition(self, lease: Lease, entries: list[Entry]) -> Callable[[], object]:
        assert self.after is not None
        self.after = Ledger(self.after).fold(entries).state()
        return lambda: lease.append(entries)


def numbered(state: State, serial: int) -> State:
    return Ledger(state).state(serial)


def check_next_run(backend: StateBackend, run: Run) -> None:
    """What the next run finds is what was there before or after the step that was cut short; and it can go on."""
    found = backend.read()
    assert found in (run.before, run.after)
    with backend.lock("apply") as lease:
        assert backend.read() == found
        state = lease.compact(found or first(lineage="lineage-3"))
        lease.append([Noted(outputs={"again": True})])
    assert backend.read() == Ledger(state).fold([Noted(outputs={"again": True})]).state()
