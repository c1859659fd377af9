"""Streams of changes: what a watch delivers, the bounded history it can start from, and its end.

Made by `Store.watch`; read by controllers (as an iterator, or with `next(timeout)`) and by the server. It must not
filter by selector: the server does, with `Event.previous`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object

HISTORY = 2_000
"""How many changes of one resource can be replayed; a watch from before them is answered 410 Expired."""


class Event(msgspec.Struct, frozen=True):
    """One change: `type` is ADDED, MODIFIED, DELETED or BOOKMARK.

    `object` is the object after it (for DELETED the last state, carrying the deletion's resourceVersion); `previous`
    the object before it, None for ADDED. Both are shared: do not alter them. `revision` is its resourceVersion.
    """

    type: str
    kind: Kind
    object: Object
    previous: Object | None
    revision: int


class Watch:
    """A queue of events from one moment on. Iterating blocks until the next event and ends after `stop()`."""

    def __init__(self, backlog: Iterable[Event], close: Callable[[Watch], None], revision: int) -> None:
        self._events = deque(backlog)
        self._arrived = threading.Condition()
        self._stopped = False
        self._close = close
        self.revision = revision
        """All changes up to this resourceVersion have been taken from the queue: what a bookmark may say."""

    def deliver(self, event: Event) -> None:
        """Append an event; called by the store, in order."""
        with self._arrived:
            self._events.append(event)
            self._arrived.notify()

    def next(self, timeout: float | None = None) -> Event | None:
        """Take the next event, waiting up to `timeout` seconds; None when there is none, or at the end."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._events or self._stopped, timeout)
            if not self._events or self._stopped:
                return None
            event = self._events.popleft()
            self.revision = max(self.revision, event.revision)
            return event

    @property
    def pending(self) -> bool:
        """Whether there are events that nobody has taken yet."""
        return bool(self._events)

    def stop(self) -> None:
        """End the stream and wake whoever waits. May be called twice."""
        with self._arrived:
            self._stopped = True
            self._arrived.notify_all()
        self._close(self)

    @property
    def stopped(self) -> bool:
        """Whether the stream has ended."""
        return self._stopped

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next()) is not None:
            yield event

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class History:
    """The last changes of one resource."""

    def __init__(self, since: int, length: int = HISTORY) -> None:
        self._events: deque[Event] = deque(maxlen=length)
        self._forgotten = since

    def append(self, event: Event) -> None:
        """Remember a change, and forget the oldest if there are too many."""
        if len(self._events) == self._events.maxlen:
            self._forgotten = self._events[0].revision
        self._events.append(event)

    def after(self, revision: int) -> list[Event] | None:
        """Give the changes after a resourceVersion; None when some of them are forgotten."""
        if revision < self._forgotten:
            return None
        return [event for event in self._events if event.revision > revision]
