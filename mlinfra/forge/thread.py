"""The one comment of ours on a pull request: found by its mark, brought up to date, or made.

The session calls `keep`; `github` and `gitlab` are threads.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.errors import InvalidRequest, Throttled
from mlinfra.forge.codes import Code

_MARK = re.compile(r"<!-- mlinfra:[a-z0-9:-]+ -->")
_PAUSES = (1.0, 4.0, 15.0)  # seconds before the second, third and fourth attempt


class Comment(msgspec.Struct, frozen=True):
    """One comment that the owner of the token wrote."""

    id: str
    body: str


class Thread(Protocol):
    """The comments of one pull request."""

    def own(self) -> list[Comment]:
        """Those that the token's owner wrote, oldest first. Others' are never looked at: anyone can copy a mark."""
        ...

    def create(self, body: str) -> None:
        """Write a new one."""
        ...

    def update(self, comment: Comment, body: str) -> None:
        """Put another text into one."""
        ...

    def delete(self, comment: Comment) -> None:
        """Take one away."""
        ...


class Kept(StrEnum):
    """What was done."""

    CREATED = "posted"
    UPDATED = "updated"
    LEFT = "as it was"


def mark_of(body: str) -> str:
    """The mark at the beginning of a text. Raises `InvalidRequest` where there is none."""
    found = _MARK.match(body)
    if found is None:
        hint = "post what `mlinfra plan -o markdown`, `diff` or `drift` printed"
        raise InvalidRequest("the text does not begin with a mark of mlinfra's", code=Code.NO_MARK, hint=hint)
    return found[0]


def keep(thread: Thread, body: str, clock: Clock) -> Kept:
    """Let there be one comment with the mark of `body`, and let it say that.

    Looks before every attempt, so that a lost answer never makes a second comment. Raises `ProviderError`.
    """
    mark = mark_of(body)
    for pause in _PAUSES:
        try:
            return _kept(thread, mark, body)
        except Throttled:
            clock.sleep(pause)
    return _kept(thread, mark, body)


def _kept(thread: Thread, mark: str, body: str) -> Kept:
    # Forges give a body back with other ends of lines, and without those at its end.
    marked = [comment for comment in thread.own() if comment.body.startswith(mark)]
    if not marked:
        thread.create(body)
        return Kept.CREATED
    first, *more = marked
    for comment in more:  # two runs at once made two
        thread.delete(comment)
    if _plain(first.body) == _plain(body):
        return Kept.LEFT
    thread.update(first, body)
    return Kept.UPDATED


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
