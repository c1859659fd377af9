"""Who takes part in these tests: a clock that is set, processes that can be killed, and histories of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from mlinfra.core.address import Address
from mlinfra.core.ledger import Began, Entry, Intended, Ledger, Noted, Recorded, Removed, Renamed, Settled
from mlinfra.core.resource import Connection
from mlinfra.core.state import Intent, Record, State, Status
from mlinfra.core.value import Concat, Properties, Ref, Secret
from mlinfra.state.lease import Claimant
from mlinfra.state.process import Process

HERE = Connection("aws", {"account": "123456789012", "region": "us-east-1"})


class SetClock:
    """A clock that goes when it is told to, or when someone sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.asleep = 0.0  # of these, the seconds that the machine slept for

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds - self.asleep

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Machine:
    """A machine with processes; each is a witness of its own."""

    def __init__(self, host: str = "laptop", boot: str = "boot-1") -> None:
        self.host = host
        self.boot = boot
        self.running: set[int] = set()
        self.started = 0

    def start(self) -> RunningProcess:
        self.started += 1
        pid = 100 + self.started
        self.running.add(pid)
        return RunningProcess(self, Process(host=self.host, boot=self.boot, namespace="pid:1", pid=pid, started="7"))


class RunningProcess:
    def __init__(self, machine: Machine, process: Process) -> None:
        self.machine = machine
        self.process = process

    def ourselves(self) -> Process:
        return self.process

    def is_gone(self, process: Process) -> bool:
        return (process.host, process.boot) == (self.machine.host, self.machine.boot) and (
            process.pid not in self.machine.running
        )

    def kill(self) -> None:
        self.machine.running.discard(self.process.pid)


class Pulse:
    """A heartbeat that beats when it is told to."""

    def __init__(self) -> None:
        self.renewals: list[Callable[[], None]] = []

    @contextmanager
    def __call__(self, renew: Callable[[], None], every: float) -> Iterator[None]:
        self.renewals.append(renew)
        try:
            yield
        finally:
            self.renewals.remove(renew)

    def beat(self) -> None:
        for renew in self.renewals:
            renew()


def claimant(who: str = "ana", machine: Machine | None = None, pulse: Pulse | None = None) -> Claimant:
    return Claimant(who=who, witness=(machine or Machine()).start(), heartbeat=pulse or Pulse())


def record(address: str, generation: int = 1, *, id: str = "", inputs: Properties | None = None) -> Record:
    return Record(
        address=Address(address),
        type="aws:ec2/vpc:Vpc",
        id=id or f"{address}/{generation}",
        generation=generation,
        connection=HERE,
        inputs=inputs if inputs is not None else {"cidrBlock": "10.0.0.0/16"},
        outputs={"arn": f"arn:{address}"},
    )


def intent(address: str, generation: int = 1, verb: str = "create", id: str = "") -> Intent:
    return Intent(
        address=Address(address), generation=generation, verb=verb, type="aws:ec2/vpc:Vpc", connection=HERE, id=id
    )


def first(stack: str = "demo", lineage: str = "lineage-1") -> State:
    return State(stack=stack, lineage=lineage)


ADDRESSES = [Address(text) for text in ("network.vpc", "network.subnet-1", "cluster.role", "nodeGroups.gpu.group")]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8))
EXPRESSIONS = st.sampled_from(
    [
        Ref(Address("network.vpc"), ("id",)),
        Concat(("a", Ref(Address("cluster.role"), ("arn",)))),
        Secret("sm", "db", "password"),
    ]
)
KEYS = st.one_of(st.text(max_size=6), st.just("$mlinfra"))
VALUES = st.recursive(
    st.one_of(SCALARS, EXPRESSIONS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
PROPERTIES = st.dictionaries(KEYS, VALUES, max_size=3)


@st.composite
def histories(draw: st.DrawFn, longest: int = 12) -> list[Entry]:
    """Entries such as a walk may write: each is possible after those before it."""
    ledger = Ledger(first())
    entries: list[Entry] = []
    for number in range(draw(st.integers(0, longest))):
        entry = draw(_next_entry(ledger.state(), number))
        ledger.enter(entry)
        entries.append(entry)
    return entries


@st.composite
def _next_entry(draw: st.DrawFn, state: State, number: int) -> Entry:
    kinds = ["intend", "record", "note", "begin"]
    kinds += ["remove", "rename"] if state.records else []
    kinds += ["settle"] if state.pending else []
    kind = draw(st.sampled_from(kinds))
    address = draw(st.sampled_from(ADDRESSES))
    current = state.records.get(address)
    generation = current.generation + draw(st.integers(0, 1)) if current else draw(st.integers(1, 3))
    if kind == "intend":
        return Intended(intent(address, generation, id=f"i-{number}"))
    if kind == "record":
        made = record(address, generation, id=f"i-{number}", inputs=draw(PROPERTIES))
        status = draw(st.sampled_from(Status))
        return Recorded(msgspec.structs.replace(made, status=status), open=draw(st.booleans()))
    if kind == "note":
        return Noted(facts=draw(st.none() | PROPERTIES), outputs=draw(st.none() | PROPERTIES))
    if kind == "begin":
        return Began(f"seal-{number}")
    if kind == "settle":
        settled = draw(st.sampled_from(state.pending))
        return Settled(settled.address, settled.generation)
    chosen = draw(st.sampled_from(sorted(state.records)))
    if kind == "remove":
        return Removed(chosen, state.records[chosen].generation)
    free = [address for address in ADDRESSES if all(r.address != address for r in state.every_record())]
    return Renamed(chosen, draw(st.sampled_from(free))) if free else Began("no-room")
