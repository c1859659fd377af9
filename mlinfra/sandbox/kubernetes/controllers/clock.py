"""A clock that stands still until it is moved, for tests and rehearsals; and how times are read.

`SimulatedClock` serves as the store's clock and as the runtime's. Nothing here waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Gives the same moment until `advance` is called."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """The time it stands at."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


def read(text: str) -> datetime:
    """Read a metav1.Time or MicroTime."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def micro(moment: datetime) -> str:
    """Write a metav1.MicroTime, as leases and events have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_since(text: str, now: datetime) -> float:
    """How long ago a written time was."""
    return (now - read(text)).total_seconds()
