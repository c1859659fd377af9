"""The last look: what may forbid a call is asked when its request is whole and signed, and none of it is sent.

`calls` says who is to be asked, `clients` has every client ask. Whoever is paused between that look and the first byte
sends what nobody would let him send any more: the less there is between the two, the better.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_asked = threading.local()  # by thread: a request is made and sent in one


@contextmanager
def asking(fence: Callable[[], None] | None) -> Iterator[None]:
    """While inside, `fence` is asked before each request of this thread, and forbids it by raising."""
    before = getattr(_asked, "fence", None)
    _asked.fence = fence
    try:
        yield
    finally:
        _asked.fence = before


def look(**_: Any) -> None:
    """What clients do before they send. Looking may itself take requests, before which nobody is asked."""
    fence: Callable[[], None] | None = getattr(_asked, "fence", None)
    if fence is not None:
        with asking(None):
            fence()
