"""What is to happen later in the simulated cloud: clusters become active, gateways disappear.

Every simulated service schedules here; whoever answers a call settles first, so that nothing needs a thread and tests
decide with their clock what has happened. Not safe for threads by itself: it is used under the account's lock.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import msgspec

from mlinfra.core.clock import Clock

Action = Callable[[], object]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long things take, in seconds. AWS takes minutes; the defaults let a person see that time passes."""

    cluster: float = 2.0
    node_group: float = 1.5
    add_on: float = 0.5
    update: float = 1.0
    deletion: float = 1.0
    network: float = 0.5
    database: float = 2.0
    file_system: float = 1.0
    certificate: float = 1.0

    @classmethod
    def instant(cls) -> Pace:
        """What is asked for is there at the next call: it is still seen once as being created."""
        return cls(
            cluster=0,
            node_group=0,
            add_on=0,
            update=0,
            deletion=0,
            network=0,
            database=0,
            file_system=0,
            certificate=0,
        )


class Timeline:
    """Actions in the order in which they are due."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Action]] = []
        self._number = itertools.count()

    def after(self, seconds: float, action: Action) -> None:
        """Have `action` done once `seconds` have passed; with none, at the next settling."""
        heapq.heappush(self._due, (self._clock.monotonic() + seconds, next(self._number), action))

    def settle(self) -> None:
        """Do what is due, and what that makes due."""
        while self._due and self._due[0][0] <= self._clock.monotonic():
            heapq.heappop(self._due)[2]()

    def clear(self) -> None:
        """Forget everything."""
        self._due.clear()
