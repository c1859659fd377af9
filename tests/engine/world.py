"""A world in which a stack lives through several runs: one cloud, one state, and a process that may die."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from mlinfra.core import codec
from mlinfra.core.address import Address
from mlinfra.core.backend import Holder
from mlinfra.core.errors import Conflict, StateConflict
from mlinfra.core.ledger import Entry, Ledger
from mlinfra.core.observed import Present
from mlinfra.core.plan import Part, Plan
from mlinfra.core.provider import Operation, Target
from mlinfra.core.report import Event, Report
from mlinfra.core.resource import Connection, Graph, Lifecycle, Move, Ownership, Resource
from mlinfra.core.state import State
from mlinfra.core.value import Properties, Value
from mlinfra.engine.application import Means, carry_out, refuse_errors, verify
from mlinfra.engine.journal import Journal
from mlinfra.engine.planner import Request, make_plan
from mlinfra.engine.recovery import recover
from mlinfra.engine.refresh import refresh
from mlinfra.engine.stop import Stop
from mlinfra.engine.survey import Survey, remembered, survey

from .cloud import HERE, TYPES, ToyCloud

OWNERSHIP = Ownership("stack", "lineage-1")


class StillClock:
    """Time passes when someone sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Disk:
    """A lease whose writes outlive the process: a state, and the entries since. Everything passes the wire form."""

    def __init__(self) -> None:
        self.base = codec.encode(State(stack="stack", lineage="lineage-1"))
        self.lines: list[bytes] = []
        self.robbed_after = -1  # entries; the lease is somebody else's then
        self.entered: list[Entry] = []
        self.fate: Callable[[], None] = lambda: None  # before and after each write; raises to end it there

    @property
    def holder(self) -> Holder:
        return Holder(token=1, who="test", purpose="test", since=datetime.now(UTC), expires=datetime.now(UTC))

    def fence(self) -> None:
        if len(self.entered) == self.robbed_after:
            raise StateConflict("somebody took over", code="MLI4002")

    def append(self, entries: Sequence[Entry]) -> None:
        self.fence()
        self.fate()
        self.entered += entries
        self.lines += [codec.encode(entry) for entry in entries]
        self.fate()

    def compact(self, state: State) -> State:
        self.fence()
        self.fate()
        written = msgspec.structs.replace(state, serial=state.serial + 1, applied=())
        self.base, self.lines = codec.encode(written), []
        self.fate()
        return written

    def restore(self, state: State) -> State:
        return self.compact(state)

    def remove(self) -> None:
        self.__init__()  # type: ignore[misc]

    def has_ended(self, lineage: str) -> bool:
        """None has: the worlds of these tests live once."""
        return False

    def read(self) -> State:
        entries: list[Entry] = [codec.decode(line, Entry) for line in self.lines]  # type: ignore[arg-type]
        return Ledger(codec.decode(self.base, State)).fold(entries).state()


class World:
    """One stack in one cloud, run by run."""

    def __init__(self) -> None:
        self.cloud = ToyCloud()
        self.clusters: dict[str, ToyCloud] = {}
        self.teardown: list[tuple[str, str]] = []
        self.kept: tuple[str, ...] = ()
        self.left_behind = ""  # what a sweep comes upon and cannot remove
        self.disk = Disk()
        self.events: list[Event] = []
        self.workers = 1

    def plan(
        self,
        graph: Graph,
        *,
        destroy: bool = False,
        refreshed: bool = True,
        targets: tuple[str, ...] = (),
        adoptions: dict[Address, Present] | None = None,
        remove_foreign: bool = False,
    ) -> Plan:
        state = self.disk.read()
        seen = self.look(graph) if refreshed else remembered(state, OWNERSHIP)
        return make_plan(
            Request(
                graph=graph,
                state=state,
                survey=seen,
                types=TYPES,
                ownership=OWNERSHIP,
                region="here",
                destroy=destroy,
                targets=targets,
                adoptions=adoptions or {},
                remove_foreign=remove_foreign,
            )
        )

    def connect(self, connection: Connection) -> ToyCloud:
        """The cloud itself, or the inside of a cluster: an empty one where the cluster is not there any more."""
        if connection == HERE:
            return self.cloud
        alive = [f"{shown['arn']}@{shown['createdAt']}" for shown in self.clusters_there()]
        if connection.identity not in alive:
            return ToyCloud()
        inside = self.clusters.setdefault(connection.identity, ToyCloud(self.cloud.ids))
        inside.before, inside.after, inside.unread = self.cloud.before, self.cloud.after, self.cloud.unread
        inside.in_two = self.cloud.in_two
        return inside

    def clusters_there(self) -> list[Properties]:
        return [thing.present().properties for thing in self.cloud.of("toy:run/Cluster")]

    def outside(self, target: Target) -> tuple[Part, ...]:
        return ()

    def drain(self, target: Target, operation: Operation) -> None:
        """Controllers must be there still; where an earlier run got as far as the cluster, nothing is to be done."""
        if target.outputs["createdAt"] in self.cloud.things:
            self.teardown.append(("drain", target.id))

    def sweep(self, target: Target, operation: Operation) -> None:
        """The cluster is gone, and what says which one it was is not."""
        assert target.outputs["createdAt"] not in self.cloud.things
        if self.left_behind:
            raise Conflict(self.left_behind)
        self.teardown.append(("sweep", target.id))

    def look(self, graph: Graph) -> Survey:
        state = self.disk.read()
        listings = refresh(graph, state, self.connect, TYPES, OWNERSHIP, "here", everything=True, roots=[HERE])
        return survey(state, listings, OWNERSHIP)

    def carry_out(self, plan: Plan, graph: Graph, stop: Stop | None = None) -> Report:
        """Apply a plan that was made before."""
        journal = self.journal()
        refuse_errors(plan)
        recover(journal, self.connect, TYPES, OWNERSHIP)
        seen = self.look(graph)
        verify(plan, journal.state(), seen, TYPES)
        means = Means(
            connect=self.connect,
            types=TYPES,
            clock=StillClock(),
            stop=stop or Stop(),
            listener=self.events.append,
            workers=self.workers,
            teardown=self,
        )
        return carry_out(plan, journal, seen, means)

    def journal(self) -> Journal:
        return Journal(self.disk, self.disk.read())

    def apply(self, graph: Graph, *, destroy: bool = False, stop: Stop | None = None, **options: object) -> Report:
        """What `mlinfra apply STACK` does: recover, plan, carry out."""
        recover(self.journal(), self.connect, TYPES, OWNERSHIP)
        plan = self.plan(graph, destroy=destroy, **options)  # type: ignore[arg-type]
        return self.carry_out(plan, graph, stop)

    def has_none_twice(self) -> bool:
        """Whether there is one of each thing that is ours, however a run ended."""
        owners = [(thing.kind, thing.owner) for thing in self.cloud.things.values() if thing.owner is not None]
        return all(owners.count(owner) == 1 for owner in owners)

    def settled(self, graph: Graph) -> bool:
        """Whether a plan, with refresh and without, has nothing to do, and the state is sound."""
        state = self.disk.read()
        assert state.verify() == ()
        inside = [
            things for identity in self.clusters for things in self.connect(Connection("kubernetes", identity)).things
        ]
        assert sorted(r.id for r in state.every_record()) == sorted([*self.cloud.things, *inside])
        return not self.plan(graph).steps and not self.plan(graph, refreshed=False).steps


def resource(
    address: str,
    kind: str,
    properties: Properties,
    *,
    depends_on: Iterable[str] = (),
    protect: bool = False,
    connection: Connection = HERE,
) -> Resource:
    return Resource(
        Address(address),
        f"toy:{kind}",
        properties,
        connection,
        tuple(Address(a) for a in depends_on),
        Lifecycle(protect),
    )


def graph(
    *resources: Resource, outputs: dict[str, Value] | None = None, moves: Iterable[tuple[str, str]] = ()
) -> Graph:
    return Graph.of(resources, outputs, tuple(Move(a, b) for a, b in moves))
