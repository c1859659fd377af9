"""The sandbox's clock, on which a test decides what happens while a call is being answered.

A fault of kind `latency` sleeps by the sandbox's clock: the call that it strikes stands still until the test lets go.
"""

from __future__ import annotations

import threading
from datetime import datetime

from mlinfra.core.clock import SystemClock

PATIENCE = 900.0  # seconds until something is taken to hang: a machine that does much else is slow, and no failure


class Gate:
    """A clock whose sleepers wait at a gate."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._arrived = threading.Event()
        self._opened = threading.Event()

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """A call stands at the gate."""
        self._arrived.set()
        assert self._opened.wait(PATIENCE), "nobody opened the gate"

    def close(self) -> None:
        """From now on calls that are struck stand still."""
        self._arrived.clear()
        self._opened.clear()

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Wait until a call stands at the gate; whether one came."""
        return self._arrived.wait(seconds)

    @property
    def reached(self) -> bool:
        """Whether a call stands there."""
        return self._arrived.is_set()

    def open(self) -> None:
        """Let all pass."""
        self._opened.set()
