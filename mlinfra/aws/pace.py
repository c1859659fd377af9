"""Pace: how fast one service is called by all threads together.

`calls` keeps one for each service. As fast as anyone asks, until the service throttles; then the calls go out one by
one, further apart with every refusal and closer together with every answer.
"""

from __future__ import annotations

import threading

from mlinfra.core.clock import Clock

_FIRST, _LONGEST = 0.05, 2.0  # seconds between calls
_DOWN = 0.9  # what an answer makes of it; below a tenth of the first, nothing is left


class Pace:
    """The distance between calls, shared by threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._distance = 0.0
        self._next = 0.0

    def wait(self) -> None:
        """Wait for our turn."""
        with self._lock:
            if not self._distance:
                return
            now = self._clock.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._distance
        if turn > now:
            self._clock.sleep(turn - now)

    def refused(self) -> None:
        """The service throttled a call."""
        with self._lock:
            self._distance = min(_LONGEST, max(_FIRST, self._distance * 2))

    def answered(self) -> None:
        """The service answered one."""
        with self._lock:
            self._distance = self._distance * _DOWN if self._distance > _FIRST / 10 else 0.0
