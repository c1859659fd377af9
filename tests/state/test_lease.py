"""The lock: one holder, dead ones replaced, stale ones refused, live ones never robbed."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import msgspec
import pytest

from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import LockHeld, StateConflict, StateError
from mlinfra.core.ledger import Began, Intended, Noted
from mlinfra.state.codes import Code
from mlinfra.state.lease import Claimant, beating
from mlinfra.state.local import LocalBackend
from mlinfra.state.process import SystemWitness
from tests.state.actors import Machine, Pulse, SetClock, claimant, first, intent
from tests.state.disk import Disk

DIRECTORY = Path("state/demo")


class Scene:
    """One stack's directory, and the runs that want it."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.clock = SetClock()
        self.machine = Machine()

    def backend(self, who: str = "ana", machine: Machine | None = None, pulse: Pulse | None = None) -> LocalBackend:
        return LocalBackend(DIRECTORY, "demo", self.clock, claimant(who, machine or self.machine, pulse), self.disk)


def test_a_second_run_is_refused_and_told_who_since_when_what_for_and_what_to_do() -> None:
    scene = Scene()
    with scene.backend("ana@laptop").lock("apply"):
        scene.clock.sleep(7)
        with pytest.raises(LockHeld) as caught, scene.backend("bob@ci").lock("destroy"):
            pass
    assert str(caught.value) == (
        "demo is locked by ana@laptop for apply since 2026-01-01 00:16:40 UTC (token 1, renewed 7 s ago)"
    )
    assert caught.value.code == Code.LOCK_HELD
    assert caught.value.exit_code == 4
    assert "mlinfra state unlock" in caught.value.hint


def test_a_released_lock_is_free_at_once_and_the_token_goes_up() -> None:
    scene = Scene()
    backend = scene.backend()
    tokens = []
    for _ in range(3):
        with backend.lock("apply") as lease:
            tokens.append(lease.holder.token)
            assert backend.holder() == lease.holder
        assert backend.holder() is None
    assert tokens == [1, 2, 3]


def test_the_token_goes_up_over_the_removal_of_the_stack() -> None:
    scene = Scene()
    with scene.backend().lock("apply") as lease:
        lease.compact(first())
        lease.remove()
    with scene.backend().lock("apply") as lease:
        assert lease.holder.token == 2


def test_the_lock_is_released_when_the_run_fails() -> None:
    scene = Scene()
    with pytest.raises(ZeroDivisionError), scene.backend().lock("apply"):
        raise ZeroDivisionError
    assert scene.backend().holder() is None


def test_a_holder_on_another_machine_that_stopped_renewing_is_replaced_after_its_term_and_not_before() -> None:
    scene = Scene()
    with scene.backend("ana", Machine("far", "boot-9")).lock("apply"):
        scene.clock.sleep(29.9)
        with pytest.raises(LockHeld), scene.backend("bob").lock("apply"):
            pass
        scene.clock.sleep(0.1)
        with scene.backend("bob").lock("apply") as lease:
            assert lease.holder.who == "bob"


def test_a_holder_that_renews_is_never_replaced_however_long_it_takes() -> None:
    scene, pulse = Scene(), Pulse()
    with scene.backend("ana", Machine("far", "boot-9"), pulse).lock("apply"):
        for _ in range(20):
            scene.clock.sleep(20)
            pulse.beat()
            with pytest.raises(LockHeld), scene.backend("bob").lock("apply"):
                pass


def test_a_change_of_the_time_of_day_robs_nobody_on_the_same_machine() -> None:
    class Wound(SetClock):
        offset = 0.0

        def monotonic(self) -> float:
            return self.seconds - self.offset

    scene = Scene()
    scene.clock = clock = Wound()
    with scene.backend("ana").lock("apply"):
        clock.seconds += 3600
        clock.offset = 3600
        with pytest.raises(LockHeld), scene.backend("bob").lock("apply"):
            pass


def test_a_holder_on_this_machine_whose_process_is_gone_is_replaced_at_once() -> None:
    scene = Scene()
    dead = claimant("ana", scene.machine)
    lock = LocalBackend(DIRECTORY, "demo", scene.clock, dead, scene.disk).lock("apply")
    lock.__enter__()
    scene.machine.running.clear()
    assert scene.backend("bob").holder() is None
    with scene.backend("bob").lock("apply") as lease:
        assert lease.holder.token == 2


@pytest.mark.parametrize("asleep", [False, True], ids=["paused", "with the machine asleep"])
def test_a_paused_holder_that_was_replaced_is_told_so_before_its_next_call(asleep: bool) -> None:
    scene = Scene()
    with scene.backend("ana").lock("apply") as stale:
        stale.compact(first())
        stale.append([Intended(intent("network.vpc"))])
        scene.backend("bob").unlock(stale.holder.token)
        with scene.backend("bob").lock("apply"):
            stale.fence()  # a moment ago it was ours
            scene.clock.sleep(1.5)
            scene.clock.asleep += 1.5 if asleep else 0.0
            with pytest.raises(StateConflict) as caught:
                stale.fence()
    assert caught.value.code == Code.LEASE_LOST
    assert caught.value.exit_code == 6


def test_whether_a_lock_is_ours_is_looked_up_once_a_second_at_most() -> None:
    scene = Scene()
    with scene.backend("ana").lock("apply") as lease:
        lease.compact(first())
        before = scene.disk.fault.steps
        for _ in range(12):
            lease.fence()
            scene.clock.sleep(0.25)
        assert scene.disk.fault.steps - before == 2


def test_a_paused_holder_that_was_replaced_has_every_write_refused_and_changes_nothing() -> None:
    scene = Scene()
    with scene.backend("ana").lock("apply") as stale:
        state = stale.compact(first())
        stale.append([Began("of ana")])
        scene.clock.sleep(31)
        bob = scene.backend("bob")
        with bob.lock("apply") as lease:
            lease.append([Began("of bob")])
            expected = bob.read()
            for write in (
                lambda: stale.append([Intended(intent("network.vpc"))]),
                lambda: stale.compact(state),
                lambda: stale.restore(state),
                lambda: stale.remove(),
            ):
                with pytest.raises(StateConflict) as caught:
                    write()
                assert caught.value.code == Code.LEASE_LOST
                assert bob.read() == expected
            lease.append([Noted(outputs={"still": "bob"})])
    assert expected is not None
    assert expected.applied == ("of ana", "of bob")
    final = scene.backend().read()
    assert final is not None
    assert final.outputs == {"still": "bob"}


def test_a_stale_holder_is_refused_also_when_the_new_one_has_come_and_gone() -> None:
    scene = Scene()
    with scene.backend("ana").lock("apply") as stale:
        stale.compact(first())
        scene.clock.sleep(31)
        with scene.backend("bob").lock("apply"):
            pass
        with pytest.raises(StateConflict):
            stale.append([Began("late")])
    assert scene.backend().holder() is None


def test_a_stale_holder_does_not_release_the_lock_of_the_new_one() -> None:
    scene = Scene()
    stale = scene.backend("ana").lock("apply")
    stale.__enter__()
    scene.clock.sleep(31)
    with scene.backend("bob").lock("apply") as lease:
        stale.__exit__(None, None, None)
        assert scene.backend().holder() == lease.holder


def test_a_heartbeat_that_finds_the_lock_taken_gives_up() -> None:
    scene, pulse = Scene(), Pulse()
    with scene.backend("ana", pulse=pulse).lock("apply"):
        scene.clock.sleep(31)
        with scene.backend("bob").lock("apply"):
            with pytest.raises(StateConflict):
                pulse.beat()
            assert str(scene.backend().holder()).count("bob") == 1


def test_a_broken_lock_is_free_and_its_holder_refused() -> None:
    scene = Scene()
    with scene.backend("ana").lock("apply") as lease:
        lease.compact(first())
        scene.backend("bob").unlock(lease.holder.token)
        assert scene.backend().holder() is None
        with pytest.raises(StateConflict) as caught:
            lease.append([Began("late")])
        assert "it was broken" in str(caught.value)


@pytest.mark.parametrize("token", [0, 1, 3])
def test_only_the_lock_that_was_named_is_broken(token: int) -> None:
    scene = Scene()
    with scene.backend().lock("apply"):
        pass
    with scene.backend("ana").lock("apply") as lease:
        with pytest.raises(StateConflict) as caught:
            scene.backend("bob").unlock(token)
        assert caught.value.code == Code.LOCK_CHANGED
        assert "it bears token 2" in str(caught.value)
        assert scene.backend().holder() == lease.holder


def test_a_lock_that_nobody_holds_cannot_be_broken() -> None:
    scene = Scene()
    with pytest.raises(StateConflict):
        scene.backend().unlock(1)
    with scene.backend().lock("apply"):
        pass
    with pytest.raises(StateConflict) as caught:
        scene.backend().unlock(1)
    assert "nobody holds it" in str(caught.value)


def test_a_run_that_holds_the_guard_without_an_end_is_reported_and_not_waited_for_for_ever() -> None:
    scene = Scene()
    with scene.disk.locked(DIRECTORY / "guard"), pytest.raises(LockHeld) as caught, scene.backend().lock("apply"):
        pass
    assert "without an end" in str(caught.value)


def test_the_heartbeat_renews_again_and_again_also_after_a_failure_until_the_end() -> None:
    enough = threading.Event()
    beats = []

    def renew() -> None:
        beats.append(threading.current_thread())
        if len(beats) == 1:
            raise StateError("the network is down", code="MLI4000")
        if len(beats) == 3:
            enough.set()

    with beating(renew, 0.001):
        assert enough.wait(30)
    assert beats[0].daemon
    assert not beats[0].is_alive()


def test_the_heartbeat_ends_when_the_lock_is_lost() -> None:
    threads: list[threading.Thread] = []

    def renew() -> None:
        threads.append(threading.current_thread())
        raise StateConflict("taken over", code="MLI4002")

    with beating(renew, 0.001):
        while not threads:
            threading.Event().wait(0.001)
        threads[0].join(30)
        assert not threads[0].is_alive()
    assert len(threads) == 1


def contend(directory: Path, name: int, rounds: int, log: Path) -> tuple[int, int]:
    """Try to take the lock again and again; while holding it, write the log in a way that a second holder would mix."""
    won = refused = 0
    who = Claimant(who=f"run {name}", witness=SystemWitness())
    while won < rounds:
        try:
            with LocalBackend(directory, "demo", SystemClock(), who).lock("apply") as lease:
                won += 1
                if log.read_text().count("{") != log.read_text().count("}"):
                    raise AssertionError("two holders")
                with log.open("a") as file:
                    file.write("{")
                    file.flush()
                    lease.append([Began(f"{name}/{won}")])
                    file.write("}")
        except LockHeld:
            refused += 1
    return won, refused


@pytest.mark.parametrize("count", [2, 8])
def test_of_many_threads_one_at_a_time_holds_the_lock_and_no_write_is_lost(tmp_path: Path, count: int) -> None:
    log = tmp_path / "log"
    log.write_text("")
    with LocalBackend(tmp_path / "demo", "demo", SystemClock(), Claimant.here()).lock("init") as lease:
        lease.compact(first())
    results: list[tuple[int, int]] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(contend(tmp_path / "demo", n, 3, log))) for n in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(tmp_path, results, log, count)


def test_of_many_processes_one_at_a_time_holds_the_lock_and_no_write_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    with LocalBackend(tmp_path / "demo", "demo", SystemClock(), Claimant.here()).lock("init") as lease:
        lease.compact(first())
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        results = pool.starmap(contend, [(tmp_path / "demo", n, 3, log) for n in range(8)])
    check(tmp_path, results, log, 8)


def check(tmp_path: Path, results: list[tuple[int, int]], log: Path, count: int) -> None:
    assert [won for won, _ in results] == [3] * count
    assert log.read_text() == "{}" * 3 * count
    state = LocalBackend(tmp_path / "demo", "demo", SystemClock(), Claimant.here()).read()
    assert state is not None
    assert sorted(state.applied) == sorted(f"{n}/{won}" for n in range(count) for won in (1, 2, 3))


def die_holding(directory: Path) -> None:
    LocalBackend(directory, "demo", SystemClock(), Claimant.here()).lock("apply").__enter__()
    # The process ends here with the lock held, as one that was killed.


def test_the_lock_of_a_real_process_that_ended_is_free_at_once(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=die_holding, args=(tmp_path / "demo",))
    process.start()
    process.join()
    assert (tmp_path / "demo/lock.json").exists()
    with LocalBackend(tmp_path / "demo", "demo", SystemClock(), Claimant.here()).lock("apply") as lease:
        assert lease.holder.token == 2


def test_a_lineage_that_ended_is_remembered_over_later_lives_and_no_other_is() -> None:
    scene = Scene()
    with scene.backend().lock("apply") as lease:
        lease.compact(first())
        assert not lease.has_ended(first().lineage)
        lease.remove()
    second = msgspec.structs.replace(first(), lineage="another")
    for _ in range(2):
        with scene.backend().lock("apply") as lease:
            assert lease.has_ended(first().lineage)
            assert not lease.has_ended("another")
            lease.compact(scene.backend().read() or second)
