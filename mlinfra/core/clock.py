"""Time as a port, so that tests need not wait and records can be reproduced."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from, and who waits."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock. `wake()` ends all present and future sleeps: an interrupted run does not linger."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def now(self) -> datetime:
        """The time of day in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, unless woken."""
        self._woken.wait(seconds)

    def wake(self) -> None:
        """End every sleep."""
        self._woken.set()


class FastClock:
    """A clock whose seconds pass `factor` times as fast, for clouds that are simulated and need less time."""

    def __init__(self, clock: Clock, factor: float) -> None:
        self._clock, self._factor = clock, factor

    def now(self) -> datetime:
        """The time of day, which is everybody's."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self._clock.monotonic() * self._factor

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds / self._factor)

    def real(self, seconds: float) -> float:
        """How many of everybody's seconds so many of this clock's are."""
        return seconds / self._factor


def waited_text(clock: Clock, seconds: float) -> str:
    """How long somebody waited, as they see it; where time passes faster, with what it stands for."""
    if isinstance(clock, FastClock):
        return f"{clock.real(seconds):.0f} s ({seconds:.0f} s of simulated time)"
    return f"{seconds:.0f} s"
