"""Ctrl-C during a walk: the first asks it to finish what is in flight, the second to stop at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mlinfra.cli.sessions import Stop


@contextmanager
def interruptible(stop: Stop, notice: Callable[[str], None]) -> Iterator[None]:
    """While inside, Ctrl-C and SIGTERM reach `stop`, and `notice` is told what happens now. Main thread only."""
    pressed = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        # A supervisor repeats SIGTERM out of impatience with the same meaning; a person's second Ctrl-C is a decision.
        pressed = max(pressed, 1) if number == signal.SIGTERM else pressed + 1
        if pressed == 1:
            stop.once()
            words = "stopping: what is in flight is finished first; Ctrl-C again stops at once"
        else:
            stop.twice()
            words = "stopping at once: the next run looks up what became of the rest"
        # In a thread of its own: the code that was interrupted may be in the middle of printing.
        threading.Thread(target=notice, args=(words,), daemon=True).start()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
