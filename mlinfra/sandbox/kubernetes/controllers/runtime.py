"""The loop that runs controllers: changes of the store become keys, keys become calls of reconcile functions.

One queue for each cluster, one worker: reconcile functions never run beside each other. `settle` and `advance` serve
tests and rehearsals with a `SimulatedClock`; `start` and `stop` serve users, in a thread that sleeps until something
changes or is due. It must not know what any controller does.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from mlinfra.sandbox.kubernetes.controllers.clock import SimulatedClock
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.errors import ApiError
from mlinfra.sandbox.kubernetes.watch import Event

_FIRST_RETRY, _LAST_RETRY = 1.0, 60.0
_LIVELOCK = 400_000
_PATIENCE = 5
_UNFORESEEN = (LookupError, TypeError, ValueError, ArithmeticError)


class Controller(msgspec.Struct, frozen=True):
    """A reconcile function and the changes it cares for.

    triggers: versionless resource (`deployments.apps`) -> which keys a change of such an object concerns.
    nudged: the key to look at when the account may have changed, or None.
    """

    name: str
    reconcile: Callable[[Cluster, Key], Again | None]
    triggers: Mapping[str, Callable[[Cluster, Event], Iterable[Key]]]
    nudged: Key | None = None


class Unsettled(Exception):
    """Controllers kept undoing each other's work."""


class _Item(msgspec.Struct, frozen=True):
    controller: int
    key: Key


class Runtime:
    """Runs the controllers of one cluster."""

    def __init__(self, cluster: Cluster, controllers: Iterable[Controller]) -> None:
        self.cluster = cluster
        self._controllers = tuple(controllers)
        self._queue: dict[_Item, None] = {}
        self._due: dict[_Item, tuple[datetime, bool]] = {}
        self._heap: list[tuple[datetime, int, _Item]] = []
        self._failures: Counter[_Item] = Counter()
        self._refusals: dict[_Item, str] = {}
        self._sequence = 0
        self._wake = threading.Event()
        self._lock = threading.RLock()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._watch = cluster.store.watch(None)
        cluster.store.react(lambda _: self._wake.set())
        self._begin()

    def nudge(self) -> None:
        """Say that the account behind the cluster may have changed. May be called from any thread."""
        with self._lock:
            for number, controller in enumerate(self._controllers):
                if controller.nudged is not None:
                    self._queue[_Item(number, controller.nudged)] = None
        self._wake.set()

    def failing(self) -> list[str]:
        """What controllers cannot do at present, and why: one sentence each."""
        refusals = list(self._refusals.items())
        return [f"{self._controllers[item.controller].name} {'/'.join(item.key)}: {why}" for item, why in refusals]

    # Deterministic, for tests and rehearsals

    def settle(self, limit: timedelta = timedelta(hours=1)) -> None:
        """Run until nothing more happens, letting time pass only for what is under way.

        Raises Unsettled when that does not come to an end.
        """
        end = self.cluster.clock() + limit
        self._work()
        while (moment := self._next(quiet=False)) is not None and moment <= end:
            self._let_pass(moment)
            self._work()

    def advance(self, by: timedelta) -> None:
        """Let time pass, and do all that falls due on the way."""
        end = self.cluster.clock() + by
        self._work()
        while (moment := self._next(quiet=True)) is not None and moment <= end:
            self._let_pass(moment)
            self._work()
        self._let_pass(end)

    def _let_pass(self, moment: datetime) -> None:
        clock = self.cluster.clock
        if not isinstance(clock, SimulatedClock):
            raise TypeError("only a simulated clock can be moved")
        clock.advance(max(moment - clock(), timedelta()))

    # In the background, for users

    def start(self) -> None:
        """Run in a thread until `stop`."""
        self._thread = threading.Thread(target=self._serve, name=f"controllers-{self.cluster.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after what it is doing now."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self._watch.stop()

    def _serve(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._work()
            moment = self._next(quiet=True)
            pause = None if moment is None else max(0.01, (moment - self.cluster.clock()).total_seconds())
            self._wake.wait(pause)

    # Inside

    def _begin(self) -> None:
        self.nudge()
        for kind in self.cluster.store.registry:
            for obj in self.cluster.store.peek(kind):
                self._dispatch(Event("ADDED", kind, obj, None, 0))

    def _work(self) -> None:
        for _ in range(_LIVELOCK):
            if self._stopping:
                return
            self._take_changes()
            self._take_due()
            item = self._pop()
            if item is None:
                return
            self._reconcile(item)
        busy = Counter(self._controllers[item.controller].name for item in self._queue).most_common(3)
        raise Unsettled(f"controllers do not come to rest; busiest: {busy}")

    def _take_changes(self) -> None:
        while (event := self._watch.next(timeout=0)) is not None:
            self._dispatch(event)

    def _dispatch(self, event: Event) -> None:
        for number, controller in enumerate(self._controllers):
            trigger = controller.triggers.get(event.kind.resource)
            if trigger is not None:
                found = [_Item(number, key) for key in trigger(self.cluster, event)]
                # What keeps failing waits for its time: its own writes would else call it again at once, for ever.
                items = [item for item in found if self._failures[item] < _PATIENCE or item not in self._due]
                with self._lock:
                    self._queue.update(dict.fromkeys(items))

    def _take_due(self) -> None:
        now = self.cluster.clock()
        while self._heap and self._heap[0][0] <= now:
            moment, _, item = heapq.heappop(self._heap)
            if self._due.get(item, (None, False))[0] == moment:
                del self._due[item]
                with self._lock:
                    self._queue[item] = None

    def _pop(self) -> _Item | None:
        with self._lock:
            item = next(iter(self._queue), None)
            if item is not None:
                del self._queue[item]
            return item

    def _reconcile(self, item: _Item) -> None:
        try:
            again = self._controllers[item.controller].reconcile(self.cluster, item.key)
        except (ApiError, CloudError, *_UNFORESEEN) as error:
            # Somebody else wrote first, the server refuses for now, or the object holds what no controller foresaw,
            # which must not stop the others: look again, later and later.
            self._failures[item] += 1
            known = isinstance(error, (ApiError, CloudError))
            self._refusals[item] = str(error) if known else f"{type(error).__name__}: {error}"
            delay = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(self._failures[item] - 1, 10))
            again = Again(delay, quiet=self._failures[item] > 3)
        else:
            self._failures.pop(item, None)
            self._refusals.pop(item, None)
        self._due.pop(item, None)
        if again is not None:
            self._schedule(item, again)

    def _schedule(self, item: _Item, again: Again) -> None:
        moment = self.cluster.clock() + timedelta(seconds=again.seconds)
        self._sequence += 1
        self._due[item] = (moment, again.quiet)
        heapq.heappush(self._heap, (moment, self._sequence, item))

    def _next(self, *, quiet: bool) -> datetime | None:
        """When the next thing is due; with `quiet`, what nobody waits for counts too."""
        while self._heap and self._due.get(self._heap[0][2], (None, False))[0] != self._heap[0][0]:
            heapq.heappop(self._heap)
        if quiet:
            return self._heap[0][0] if self._heap else None
        return min((moment for moment, silent in self._due.values() if not silent), default=None)
