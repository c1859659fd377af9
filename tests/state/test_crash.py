"""A run may end, or its disk fail, at every step of every file operation: the old state or the new, never neither."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from mlinfra.core.errors import StateError
from mlinfra.core.ledger import Intended, Ledger, Noted, Recorded
from mlinfra.state.local import LocalBackend
from tests.state.actors import Machine, SetClock, claimant, first, intent, record
from tests.state.disk import Died, Disk, Fault
from tests.state.scenario import Run, check_next_run

DIRECTORY = Path("state/demo")
POWER_CUTS = int(os.environ.get("MLINFRA_TEST_POWER_CUTS", "3"))  # tried at each step


def backend_on(disk: Disk, machine: Machine) -> LocalBackend:
    return LocalBackend(DIRECTORY, "demo", SetClock(), claimant(machine=machine), disk)


def count_steps() -> int:
    disk = Disk()
    Run(backend_on(disk, Machine())).run()
    return disk.fault.steps


STEPS = count_steps()


def test_a_run_takes_enough_steps_for_these_tests_to_mean_something() -> None:
    assert STEPS > 200


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_run_killed_at_any_step_leaves_the_old_state_or_the_new(at: int) -> None:
    machine, disk = Machine(), Disk(Fault(at))
    run = Run(backend_on(disk, machine))
    with pytest.raises(Died):
        run.run()
    machine.running.clear()
    check_next_run(backend_on(disk.after_kill(), machine), run)


@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_power_cut_at_any_step_leaves_the_old_state_or_the_new(at: int) -> None:
    for seed in range(POWER_CUTS):
        machine, disk = Machine(), Disk(Fault(at))
        run = Run(backend_on(disk, machine))
        with pytest.raises(Died):
            run.run()
        machine.running.clear()
        check_next_run(backend_on(disk.after_power_cut(random.Random(f"{at}/{seed}")), machine), run)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["disk full", "input/output error"])
@pytest.mark.parametrize("at", range(1, STEPS + 1))
def test_a_disk_that_fails_at_any_step_leaves_the_old_state_or_the_new(at: int, error: int) -> None:
    machine, disk = Machine(), Disk(Fault(at, error))
    run = Run(backend_on(disk, machine))
    with pytest.raises(StateError) as caught:
        run.run()
    assert caught.value.code == "MLI4000"
    machine.running.clear()
    check_next_run(backend_on(disk.after_power_cut(random.Random(at)), machine), run)


@pytest.mark.parametrize("at", range(1, 12))
def test_an_append_that_failed_can_be_made_again_under_the_same_lock(at: int) -> None:
    disk, machine = Disk(), Machine()
    backend = backend_on(disk, machine)
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
    assert backend_on(after, machine).read() == expected


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
