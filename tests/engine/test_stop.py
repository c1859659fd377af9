"""Stopping, from wherever it is asked for."""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

from mlinfra.engine.stop import Stop


def test_a_second_ctrl_c_may_come_at_any_line_of_the_first() -> None:
    """Its handler runs on the same thread, in the middle of the other: whatever that holds is not let go meanwhile."""
    stop = Stop()

    def second(frame: FrameType, event: str, argument: object) -> Any:
        stop.twice()  # what is traced is not traced again meanwhile
        return second

    def first() -> None:
        sys.settrace(second)
        stop.once()
        sys.settrace(None)

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert stop.halted
