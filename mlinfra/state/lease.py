"""The lock of a stack: a lease with a heartbeat and a fencing token, over any store.

Backends take it. A lease holds for its term unless renewed; a holder that died is replaced after that, or at once
where its process is seen to be gone. Each taking raises the token, for ever. Nothing here trusts a clock for safety:
whether a write counts is decided by whose lease stands in the store, and clocks only say when a dead one may be
replaced. A lease also remembers the lineage and serial last written, so that an old or foreign state is known, and the
lineages that ended, so that what was planned for one of these is known, too.
"""

from __future__ import annotations

import getpass
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from mlinfra.core.backend import Holder
from mlinfra.core.clock import Clock
from mlinfra.core.errors import LeaseLost, LockHeld, StateConflict, StateCorrupt, StateError
from mlinfra.state.codes import Code
from mlinfra.state.format import Damaged, seal, unsealed
from mlinfra.state.process import Process, SystemWitness, Witness
from mlinfra.state.store import Kept, Store

LOCK = "lock.json"
TERM = 30.0
BEATS_PER_TERM = 3
SURE = 1.0  # seconds for which a lock that was seen to be ours counts as ours without another look
_ATTEMPTS = 5
_ENDED = 64  # lineages; a plan file of an earlier life than these is older than anybody keeps one

# Calls the renewal every so many seconds for the time of the context.
Heartbeat: TypeAlias = Callable[[Callable[[], None], float], AbstractContextManager[None]]


class Mark(msgspec.Struct, frozen=True):
    """The state last written under a lock, as far as was remembered; empty where there was none."""

    lineage: str = ""
    serial: int = 0


class Tenure(msgspec.Struct, frozen=True, kw_only=True):
    """The lock as written.

    nonce: tells this taking from every other, also after the lock's file was removed by hand.
    renewed, ticks: the holder's time of day and monotonic clock at the last renewal; `term` in seconds.
    released: nobody holds it; it stays for its token, its mark and what ended.
    ended: the lineages of states that were removed, the last ones, the newest last.
    """

    token: int
    nonce: str
    who: str
    purpose: str
    since: datetime
    renewed: datetime
    ticks: float
    term: float
    process: Process
    mark: Mark = Mark()
    released: bool = False
    ended: tuple[str, ...] = ()

    def holder(self) -> Holder:
        """Whom it names."""
        expires = self.renewed + timedelta(seconds=self.term)
        return Holder(token=self.token, who=self.who, purpose=self.purpose, since=self.since, expires=expires)


@contextmanager
def beating(renew: Callable[[], None], every: float) -> Iterator[None]:
    """Renew on a thread of its own, which ends with the process."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(every):
            try:
                renew()
            except StateConflict:
                return  # taken over: the next write finds it, and is refused
            except StateError:
                continue  # the store was not to be reached: the next beat may be luckier, and each write checks anyway

    thread = threading.Thread(target=beat, name="mlinfra-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


class Claimant(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes locks: a name for people, and how to renew, and what is known of processes."""

    who: str
    witness: Witness = msgspec.field(default_factory=SystemWitness)
    heartbeat: Heartbeat = beating
    term: float = TERM

    @classmethod
    def here(cls) -> Claimant:
        """This process, under its user's name."""
        witness = SystemWitness()
        process = witness.ourselves()
        return cls(who=f"{_user()}@{process.host} (process {process.pid})", witness=witness)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container may run under a number that has no name


class LeaseLock:
    """The lock of the stack whose files `store` keeps."""

    def __init__(self, store: Store, stack: str, clock: Clock, claimant: Claimant) -> None:
        self._store = store
        self._stack = stack
        self._clock = clock
        self._claimant = claimant

    def acquire(self, purpose: str) -> HeldLock:
        """Take it. Raises `LockHeld`."""
        for _ in range(_ATTEMPTS):
            kept, tenure = self._look()
            if tenure is not None and self._stands(tenure, kept):
                raise self._refusal(tenure, kept)
            taken = self._tenure(purpose, tenure)
            version = self._store.put(LOCK, seal(taken), kept.version if kept else None)
            if version is not None:
                return HeldLock(self, self._store, self._clock, taken, version)
        raise LockHeld(
            f"the lock of {self._stack} changes hands too fast to be taken",
            code=Code.LOCK_HELD,
            hint="other runs of this stack are under way: try again when they are done",
        )

    def holder(self) -> Holder | None:
        """Who holds it."""
        kept, tenure = self._look()
        return tenure.holder() if tenure is not None and self._stands(tenure, kept) else None

    def unlock(self, token: int) -> None:
        """Break the lock that bears `token`."""
        kept, tenure = self._look()
        if kept is None or tenure is None or tenure.released or tenure.token != token:
            standing = "nobody holds it" if tenure is None or tenure.released else f"it bears token {tenure.token}"
            raise self._changed(token, standing)
        if self._store.put(LOCK, seal(msgspec.structs.replace(tenure, released=True)), kept.version) is None:
            raise self._changed(token, "it was renewed or taken at this moment")

    def mark(self) -> Mark:
        """What was last written."""
        tenure = self._look()[1]
        return tenure.mark if tenure else Mark()

    def read(self, kept: Kept | None) -> Tenure | None:
        """What is written in the lock's file."""
        if kept is None:
            return None
        try:
            return unsealed(kept.data, Tenure)
        except Damaged as error:
            raise StateCorrupt(
                f"{self._store.location}/{LOCK} is damaged: {error}; the state itself is not concerned",
                code=Code.LOCK_DAMAGED,
                hint="make sure that no run of this stack is under way, then remove that file",
            ) from error

    def _look(self) -> tuple[Kept | None, Tenure | None]:
        kept = self._store.get(LOCK)
        return kept, self.read(kept)

    def _stands(self, tenure: Tenure, kept: Kept | None) -> bool:
        if tenure.released or self._claimant.witness.is_gone(tenure.process):
            return False
        return self._age(tenure, kept) < tenure.term

    def _age(self, tenure: Tenure, kept: Kept | None) -> float:
        """Seconds since the last renewal: by the store's clock, or the one clock of this machine since it was started.

        Only between machines with a store that has no clock does the time of day decide.
        """
        if kept is not None and kept.age is not None:
            return kept.age
        boot = self._claimant.witness.ourselves().boot
        if boot and boot == tenure.process.boot:
            return self._clock.monotonic() - tenure.ticks
        return (self._clock.now() - tenure.renewed).total_seconds()

    def _tenure(self, purpose: str, last: Tenure | None) -> Tenure:
        now = self._clock.now()
        return Tenure(
            token=last.token + 1 if last else 1,
            nonce=uuid.uuid4().hex,
            who=self._claimant.who,
            purpose=purpose,
            since=now,
            renewed=now,
            ticks=self._clock.monotonic(),
            term=self._claimant.term,
            process=self._claimant.witness.ourselves(),
            mark=last.mark if last else Mark(),
            ended=last.ended if last else (),
        )

    def _refusal(self, tenure: Tenure, kept: Kept | None) -> LockHeld:
        age = max(0.0, self._age(tenure, kept))
        return LockHeld(
            f"{self._stack} is locked by {tenure.who} for {tenure.purpose} since {tenure.since:%Y-%m-%d %H:%M:%S} UTC "
            f"(token {tenure.token}, renewed {age:.0f} s ago)",
            code=Code.LOCK_HELD,
            hint=f"wait until it is done. If it died, its lock ends {tenure.term:.0f} s after it was last renewed; to "
            f"break it sooner: mlinfra state unlock, with token {tenure.token}",
        )

    def _changed(self, token: int, standing: str) -> StateConflict:
        return StateConflict(
            f"the lock of {self._stack} with token {token} was not broken: {standing}",
            code=Code.LOCK_CHANGED,
            hint="look at who holds it now: mlinfra status",
        )

    def lost(self, tenure: Tenure, now: Tenure | None) -> LeaseLost:
        """That `tenure` is over."""
        how = f"{now.who} took it for {now.purpose}" if now and now.nonce != tenure.nonce else "it was broken"
        return LeaseLost(
            f"our lock of {self._stack} (token {tenure.token}) is lost: {how}. The write was refused",
            code=Code.LEASE_LOST,
            hint="run the same command again once the other run is done: it finds what this one made",
        )


class HeldLock:
    """A lock that we took. The heartbeat's thread and the writer's may use it at the same time."""

    def __init__(self, lock: LeaseLock, store: Store, clock: Clock, tenure: Tenure, version: str) -> None:
        self._lock = lock
        self._store = store
        self._clock = clock
        self._tenure = tenure
        self._version = version
        self._mutex = threading.Lock()
        self._seen = (tenure.ticks, tenure.renewed)  # when it was last ours for sure: from before that look

    @property
    def tenure(self) -> Tenure:
        """As last renewed."""
        return self._tenure

    def confirm(self) -> None:
        """Raise `StateConflict` unless it is still ours."""
        begun = self._times()
        self._ours(self._store.get(LOCK))
        self._seen = begun

    def fence(self) -> None:
        """The same, without a look where there was one a moment ago: whoever was paused since looks again.

        By both clocks: one stands still while the machine sleeps, the other may be set back.
        """
        (ticks, time), (last_ticks, last_time) = self._times(), self._seen
        if not (0 <= ticks - last_ticks < SURE and 0 <= (time - last_time).total_seconds() < SURE):
            self.confirm()

    def _times(self) -> tuple[float, datetime]:
        return self._clock.monotonic(), self._clock.now()

    def renew(self, mark: Mark | None = None) -> None:
        """Begin the term anew, and remember `mark` where one is given. Raises `StateConflict` if it is lost."""
        with self._mutex:
            tenure = msgspec.structs.replace(
                self._tenure,
                renewed=self._clock.now(),
                ticks=self._clock.monotonic(),
                mark=self._tenure.mark if mark is None else mark,
            )
            self._write(tenure)

    def end(self, lineage: str) -> None:
        """Remember that a lineage has ended. Raises `StateConflict` if the lock is lost."""
        with self._mutex:
            ended = (*(one for one in self._tenure.ended if one != lineage), lineage)[-_ENDED:]
            self._write(msgspec.structs.replace(self._tenure, ended=ended))

    def release(self) -> None:
        """Let go of it. One that was taken over is the other's, and stays."""
        with self._mutex:
            try:
                self._write(msgspec.structs.replace(self._tenure, released=True))
            except StateConflict:
                return  # every write that counted was confirmed: there is nothing to undo

    def _write(self, tenure: Tenure) -> None:
        for _ in range(_ATTEMPTS):
            version = self._store.put(LOCK, seal(tenure), self._version)
            if version is not None:
                self._tenure, self._version = tenure, version
                self._seen = (tenure.ticks, tenure.renewed)
                return
            # A renewal of ours whose answer was lost may have arrived later than we thought.
            self._version = self._ours(self._store.get(LOCK))
        raise self._lock.lost(self._tenure, None)

    def _ours(self, kept: Kept | None) -> str:
        now = self._lock.read(kept)
        if kept is None or now is None or now.released or now.nonce != self._tenure.nonce:
            raise self._lock.lost(self._tenure, now)
        return kept.version
