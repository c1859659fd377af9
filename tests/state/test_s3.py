"""States in S3, against a bucket that fails on demand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlinfra.core.backend import Lease
from mlinfra.core.errors import LockHeld, StateConflict, StateCorrupt, StateError
from mlinfra.core.ledger import Began, Intended, Ledger, Noted, Recorded
from mlinfra.core.state import State
from mlinfra.state.codes import Code
from mlinfra.state.s3.store import S3Backend
from tests.state.actors import Machine, Pulse, SetClock, claimant, first, intent, record
from tests.state.buckets import Bucket, refuse
from tests.state.disk import Died
from tests.state.scenario import Run, check_next_run

URL = "s3://states/team/demo"
WRITES: dict[str, Callable[[Lease, State], object]] = {
    "append": lambda lease, state: lease.append([Intended(intent("network.vpc"))]),
    "compact": lambda lease, state: lease.compact(state),
    "restore": lambda lease, state: lease.restore(state),
    "remove": lambda lease, state: lease.remove(),
}


def backend_on(
    bucket: Bucket, machine: Machine | None = None, who: str = "ana", pulse: Pulse | None = None
) -> S3Backend:
    return S3Backend(URL, "demo", bucket, SetClock(), claimant(who, machine, pulse))


def count_calls() -> int:
    bucket = Bucket()
    Run(backend_on(bucket)).run()
    return bucket.calls


CALLS = count_calls()


def test_a_run_makes_enough_calls_for_these_tests_to_mean_something() -> None:
    assert CALLS > 30


@pytest.mark.parametrize("fate", ["dies before", "dies after"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_run_killed_at_any_mutating_call_leaves_the_old_state_or_the_new(at: int, fate: str) -> None:
    bucket, machine = Bucket(), Machine()
    bucket.fates[at] = fate
    run = Run(backend_on(bucket, machine))
    with pytest.raises(Died):
        run.run()
    bucket.dead = False
    machine.running.clear()
    check_next_run(backend_on(bucket, machine), run)


@pytest.mark.parametrize("fate", ["answer lost", "unavailable", "conflict"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_lost_answer_or_a_passing_refusal_of_any_call_changes_nothing(at: int, fate: str) -> None:
    bucket = Bucket()
    bucket.fates[at] = fate
    run = Run(backend_on(bucket))
    run.run()
    assert backend_on(bucket).read() == run.after
    assert backend_on(bucket).holder() is None


@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_server_that_does_not_come_back_is_a_coded_error_and_leaves_the_old_state_or_the_new(at: int) -> None:
    bucket, machine = Bucket(), Machine()
    bucket.fates |= {number: "answer lost" if number == at else "unavailable" for number in range(at, at + 40)}
    run = Run(backend_on(bucket, machine))
    try:
        run.run()
    except StateError as error:
        assert error.code == Code.UNAVAILABLE  # noqa: PT017
    bucket.fates.clear()
    machine.running.clear()
    check_next_run(backend_on(bucket, machine), run)


def test_every_write_bears_a_condition() -> None:
    class Strict(Bucket):
        def put_object(self, **parameters: object) -> dict[str, object]:
            assert ("IfMatch" in parameters) != ("IfNoneMatch" in parameters)
            return super().put_object(**parameters)

    Run(backend_on(Strict())).run()


def test_an_append_costs_one_write_and_one_look_at_the_lock() -> None:
    bucket = Bucket()
    with backend_on(bucket).lock("apply") as lease:
        lease.compact(first())
        bucket.log.clear()
        lease.append([Began("seal")])
        assert [call.split("/")[0:3:2] for call in bucket.log] == [
            ["put team", bucket.log[0].split("/")[2]],
            ["get team", "lock.json"],
        ]


def test_an_append_whose_answer_never_came_may_be_followed_by_another() -> None:
    bucket = Bucket()
    backend = backend_on(bucket)
    with backend.lock("apply") as lease:
        state = lease.compact(first())
        start = bucket.calls
        bucket.fates = {start + 1: "answer lost"} | {start + n: "unavailable" for n in range(2, 7)}
        with pytest.raises(StateError):
            lease.append([Intended(intent("network.vpc"))])
        lease.append([Recorded(record("network.vpc"))])
        lease.append([Noted(outputs={"a": 1})])
    expected = Ledger(state).fold([Intended(intent("network.vpc")), Recorded(record("network.vpc"))])
    assert backend.read() == expected.fold([Noted(outputs={"a": 1})]).state()


def test_a_server_that_ignores_conditions_is_refused_before_anything_is_written() -> None:
    bucket = Bucket(conditional=False)
    with pytest.raises(StateError) as caught, backend_on(bucket).lock("apply"):
        pass
    assert caught.value.code == Code.UNCONDITIONAL
    assert set(bucket.objects) == {"team/demo/probe.json"}


def test_a_server_that_honours_only_one_of_the_conditions_is_refused() -> None:
    class Half(Bucket):
        def put_object(self, **parameters: object) -> dict[str, object]:
            parameters.pop("IfMatch", None)
            return super().put_object(**parameters)

    with pytest.raises(StateError) as caught, backend_on(Half()).lock("apply"):
        pass
    assert caught.value.code == Code.UNCONDITIONAL


def test_reading_writes_nothing() -> None:
    bucket = Bucket()
    assert backend_on(bucket).read() is None
    assert backend_on(bucket).holder() is None
    assert bucket.calls == 0


def test_a_holder_elsewhere_is_replaced_by_the_servers_clock_whatever_ours_says() -> None:
    bucket = Bucket()
    with backend_on(bucket, Machine("far", "boot-2")).lock("apply"):
        skewed = SetClock()
        skewed.seconds = 10_000_000
        other = S3Backend(URL, "demo", bucket, skewed, claimant("bob"))
        with pytest.raises(LockHeld), other.lock("apply"):
            pass
        bucket.clock.sleep(30)
        with pytest.raises(LockHeld), other.lock("apply"):
            pass
        bucket.clock.sleep(1)
        with other.lock("apply") as lease:
            assert lease.holder.token == 2


def test_a_paused_holder_that_was_replaced_has_every_write_refused_and_changes_nothing() -> None:
    bucket = Bucket()
    with backend_on(bucket, Machine("far", "boot-2")).lock("apply") as stale:
        state = stale.compact(first())
        stale.append([Began("of ana")])
        bucket.clock.sleep(31)
        bob = backend_on(bucket, who="bob")
        with bob.lock("apply") as lease:
            for write in WRITES.values():
                with pytest.raises(StateConflict):
                    write(stale, state)
            lease.append([Began("of bob")])
            with pytest.raises(StateConflict):
                stale.append([Intended(intent("network.vpc"))])
            lease.append([Noted(outputs={"still": "bob"})])
    final = backend_on(bucket).read()
    assert final is not None
    assert final.applied == ("of ana", "of bob")
    assert final.pending == ()
    assert final.outputs == {"still": "bob"}


@pytest.mark.parametrize("write", sorted(WRITES))
def test_a_holder_paused_in_the_middle_of_a_write_is_refused_and_nobody_is_misled(write: str) -> None:
    """The request leaves before the pause and arrives after the other run has taken over, read, and begun to write."""
    bucket = Bucket()
    with backend_on(bucket, Machine("far", "boot-2")).lock("apply") as stale:
        state = stale.compact(first())
        bob = backend_on(bucket, who="bob").lock("apply")
        leases = []

        def pause(operation: str, key: str) -> None:
            if operation == "put":
                bucket.before = lambda operation, key: None
                bucket.clock.sleep(31)
                leases.append(bob.__enter__())
                leases[0].append([Began("of bob")])

        bucket.before = pause
        with pytest.raises(StateConflict):
            WRITES[write](stale, state)
        leases[0].append([Noted(outputs={"still": "bob"})])
        bob.__exit__(None, None, None)
    final = backend_on(bucket).read()
    assert final is not None
    assert final.applied == ("of bob",)
    assert final.outputs == {"still": "bob"}
    assert final.pending == ()


@pytest.mark.parametrize("write", ["compact", "remove", "restore"])
def test_a_holder_paused_before_its_first_write_cannot_take_the_place_of_the_new_ones(write: str) -> None:
    bucket = Bucket()
    with backend_on(bucket, Machine("far", "boot-2")).lock("apply") as stale:
        bucket.clock.sleep(31)
        with backend_on(bucket, who="bob").lock("apply") as lease:
            lease.compact(first(lineage="of bob"))
            lease.append([Began("of bob")])
            with pytest.raises(StateConflict):
                WRITES[write](stale, first(lineage="of ana"))
            lease.append([Noted(outputs={"still": "bob"})])
    state = backend_on(bucket).read()
    assert state is not None
    assert (state.lineage, state.applied, state.outputs) == ("of bob", ("of bob",), {"still": "bob"})
    assert "team/demo/state.1.json" in bucket.objects


def test_taking_the_lock_changes_neither_the_state_nor_its_serial() -> None:
    bucket = Bucket()
    with backend_on(bucket).lock("apply") as lease:
        lease.compact(first())
        lease.append([Recorded(record("network.vpc"))])
    before = backend_on(bucket).read()
    with backend_on(bucket).lock("apply"):
        assert backend_on(bucket).read() == before
    assert backend_on(bucket).read() == before


def test_a_renewal_whose_answer_came_too_late_is_known_as_ours() -> None:
    bucket, pulse = Bucket(), Pulse()
    with backend_on(bucket, pulse=pulse).lock("apply") as lease:
        bucket.fates = {bucket.calls + 1: "answer lost"} | {bucket.calls + n: "unavailable" for n in range(2, 7)}
        with pytest.raises(StateError) as caught:
            pulse.beat()
        assert caught.value.code == Code.UNAVAILABLE
        pulse.beat()
        lease.compact(first())


def test_damaged_objects_are_refused_naming_the_last_good_copy() -> None:
    bucket = Bucket()
    with backend_on(bucket).lock("apply") as lease:
        lease.compact(first())
        lease.append([Began("seal")])
    for key in ("team/demo/state.json", next(key for key in bucket.objects if "/journal." in key)):
        data, version, written = bucket.objects[key]
        for length in range(0, len(data), 7):
            bucket.objects[key] = (data[:length], f'"{length}"', written)
            with pytest.raises(StateCorrupt) as caught:
                backend_on(bucket).read()
            assert "state.1.json" in str(caught.value) or "state.json itself is whole" in str(caught.value)
        bucket.objects[key] = (data, version, written)
    assert backend_on(bucket).read() is not None


def test_a_journal_whose_objects_were_all_removed_is_refused_and_one_that_nothing_was_recorded_in_is_read() -> None:
    bucket = Bucket()
    with backend_on(bucket).lock("apply") as lease:
        state = lease.compact(first())
    assert backend_on(bucket).read() == state
    with backend_on(bucket).lock("apply") as lease:
        lease.append([Began("seal")])
    for key in [key for key in bucket.objects if "/journal." in key]:
        del bucket.objects[key]
    with pytest.raises(StateCorrupt) as caught:
        backend_on(bucket).read()
    assert caught.value.code == Code.JOURNAL_LOST


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("NoSuchBucket", 404, Code.NO_BUCKET),
        ("AccessDenied", 403, Code.BUCKET_DENIED),
        ("ExpiredToken", 400, "MLI5020"),
        ("InternalError", 500, Code.UNAVAILABLE),
        ("PermanentRedirect", 301, Code.UNAVAILABLE),
    ],
)
def test_what_the_server_refuses_is_a_coded_error_that_names_the_place(reason: str, status: int, code: Code) -> None:
    bucket = Bucket()
    bucket.before = lambda operation, key: refuse(reason, status, operation)
    with pytest.raises(StateError) as caught:
        backend_on(bucket).read()
    assert caught.value.code == code
    assert URL in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("url", ["s3://states", "s3://states/", "s3:///demo", "s3://B/x", "s3://states//x"])
def test_a_url_without_a_bucket_or_a_prefix_is_refused(url: str) -> None:
    with pytest.raises(StateError) as caught:
        S3Backend(url, "demo", Bucket(), SetClock(), claimant())
    assert caught.value.code == Code.BAD_LOCATION
