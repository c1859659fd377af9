"""A run may end, or its disk fail, at every step of every file operation: the old state or the new, never neither."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlinfra.core.backend import Lease
from mlinfra.core.errors import StateError
from mlinfra.core.ledger import Entry, Intended, Ledger, Noted, Recorded
from mlinfra.core.state import State
from mlinfra.state.local import LocalBackend
from tests.state.actors import Machine, SetClock, claimant, first, intent, record
from tests.state.disk import Died, Disk, Fault

DIRECTORY = Path("state/demo")
POWER_CUTS = int(os.environ.get("MLINFRA_TEST_POWER_CUTS", "3"))  # tried at each step


class Run:
    """A run that writes, step by step, and knows what must be readable before and after each."""

    def __init__(self, disk: Disk, machine: Machine) -> None:
        self.backend = LocalBackend(DIRECTORY, "demo", SetClock(), claimant(machine=machine), disk)
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


def count_steps() -> int:
    disk = Disk()
    Run(disk, Machine()).run()
    return disk.fault.steps


STEPS = count_steps()


def check_next_run(disk: Disk, run: Run, machine: Machine) -> None:
    """What the next run finds is what was there before or after the step that was cut short; and it can go on."""
    backend = LocalBackend(DIRECTORY, "demo", SetClock(), claimant(machine=machine), disk)
    found = backend.read()
    assert found in (run.before, run.after)
    with backend.lock("apply") as lease:
        assert backend.read() == found
        state = lease.compact(found or first(lineage="lineage-3"))
        lease.append([Noted(outputs={"again": True})])
    assert backend.read() == Ledger(state).fold([Noted(outputs={"again": True})]).state()


def test_a_run_takes_enough_steps_for_these_tests_to_mean_something() -> None:
    assert STEPS > 200


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_run_killed_at_any_step_leaves_the_old_state_or_the_new(at: int) -> None:
    machine, disk = Machine(), Disk(Fault(at))
    run = Run(disk, machine)
    with pytest.raises(Died):
        run.run()
    machine.running.clear()
    check_next_run(disk.after_kill(), run, machine)


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_power_cut_at_any_step_leaves_the_old_state_or_the_new(at: int) -> None:
    for seed in range(POWER_CUTS):
        machine, disk = Machine(), Disk(Fault(at))
        run = Run(disk, machine)
        with pytest.raises(Died):
            run.run()
        machine.running.clear()
        check_next_run(disk.after_power_cut(random.Random(f"{at}/{seed}")), run, machine)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["disk full", "input/output error"])
@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_disk_that_fails_at_any_step_leaves_the_old_state_or_the_new(at: int, error: int) -> None:
    machine, disk = Machine(), Disk(Fault(at, error))
    run = Run(disk, machine)
    with pytest.raises(StateError) as caught:
        run.run()
    assert caught.value.code == "MLI4000"
    machine.running.clear()
    check_next_run(disk.after_power_cut(random.Random(at)), run, machine)


@pytest.mark.parametrize("at", range(1, 12))
def test_an_append_that_failed_can_be_made_again_under_the_same_lock(at: int) -> None:
    disk, machine = Disk(), Machine()
    backend = LocalBackend(DIRECTORY, "demo", SetClock(), claimant(machine=machine), disk)
    entries = [Recorded(record("network.vpc"))]
    with backend.lock("apply") as lease:
        state = lease.compact(first())
        lease.append([Intended(intent("network.vpc"))])
        disk.fault = Fault(at, errno.EIO)
        try:
            lease.append(entries)
        except StateError:
            lease.append(entries)
        disk.fault = Fault()
        lease.append([Noted(outputs={"a": 1})])
    expected = Ledger(state).fold([Intended(intent("network.vpc")), *entries, Noted(outputs={"a": 1})]).state()
    assert backend.read() == expected
    machine.running.clear()
    after = disk.after_power_cut(random.Random(at))
    assert LocalBackend(DIRECTORY, "demo", SetClock(), claimant(machine=machine), after).read() == expected


def test_the_cost_of_an_append_grows_with_its_entries_and_not_with_the_state() -> None:
    costs = []
    for size in (1, 1000):
        disk = Disk()
        backend = LocalBackend(DIRECTORY, "demo", SetClock(), claimant(), disk)
        with backend.lock("apply") as lease:
            lease.compact(Ledger(first()).fold(Recorded(record(f"network.vpc-{n}")) for n in range(size)).state())
            lease.append([Intended(intent("network.vpc"))])
            written, steps = disk.writes, disk.fault.steps
            lease.append([Recorded(record("network.vpc"))])
            costs.append((disk.writes - written, disk.fault.steps - steps))
    assert costs[0] == costs[1]
