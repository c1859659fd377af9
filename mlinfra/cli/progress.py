"""Listeners of a walk: a live view on a terminal, timestamped lines elsewhere.

`apply` and its kin open one around the walk. Events may come from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, RenderableType
from rich.live import Live

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import Page
from mlinfra.cli.render.progress import Tally, event_page
from mlinfra.core.clock import Clock
from mlinfra.core.report import Event, Said


class Watch(Protocol):
    """What looks on while a walk goes."""

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        ...

    def notice(self, words: str) -> None:
        """Say that the run is being stopped."""
        ...


class Lines:
    """One line for each event, each with the time in UTC; what a step waits for is said once."""

    def __init__(self, console: Console, look: Look, clock: Clock) -> None:
        self._console, self._look, self._clock = console, look, clock
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}  # by step: its last words

    def __call__(self, event: Event) -> None:
        """Print the event."""
        if isinstance(event, Said):
            if self._said.get(event.step.key) == event.words:
                return
            self._said[event.step.key] = event.words
        if page := event_page(event, self._look, every=True):
            self._print(page)

    def notice(self, words: str) -> None:
        """Print `words`."""
        self._print(Page().line(words))

    def _print(self, page: Page) -> None:
        time = f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ} "
        with self._lock:
            self._console.print(page.prefixed(time))


class Board:
    """What is in flight, redrawn in place below the lines of what ended."""

    def __init__(self, console: Console, look: Look, clock: Clock) -> None:
        self._console, self._look, self._clock = console, look, clock
        self._tally = Tally(clock.monotonic())
        self._lock = threading.Lock()
        self.live = Live(console=console, get_renderable=self._draw, refresh_per_second=4, transient=True)

    def __call__(self, event: Event) -> None:
        """Take in the event, and print it where it is an ending."""
        with self._lock:
            self._tally.enter(event, self._clock.monotonic())
        if page := event_page(event, self._look, every=False):
            self._console.print(page)

    def notice(self, words: str) -> None:
        """Keep `words` below the board."""
        with self._lock:
            self._tally.notice = words

    def _draw(self) -> RenderableType:
        with self._lock:
            return self._tally.page(self._clock.monotonic(), self._look, self._console.height)


@contextmanager
def watching(console: Console, look: Look, clock: Clock, *, lively: bool) -> Iterator[Watch]:
    """A listener that suits the console, for the time of a walk."""
    if not lively:
        yield Lines(console, look, clock)
        return
    board = Board(console, look, clock)
    with board.live:
        yield board
