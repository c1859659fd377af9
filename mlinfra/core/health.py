"""Health: how what a stack made is now, in findings that people read.

`mlinfra.health` judges, the session asks, renderers show. Nothing here looks at anything.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is."""

    BROKEN = "broken"  # something does not do what it is there for
    WARNING = "warning"  # it does, and may not for long, or not in full
    NOTE = "note"  # worth knowing; the stack is healthy all the same


_WORST_FIRST = tuple(Severity)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, in words.

    subject: what has it, as people name it: `Pod serving/ranker-x`, `node ip-10-0-1-2`.
    words: what is wrong with it. remedy: what to do, or what it would take.
    owner: whom it stands for where there may be many alike (`Deployment serving/ranker`).
    because: the subjects that would explain it, were one of them found to be ill.
    layer: how far down it is; what is lower carries what is higher. 0 is the state, 1 the cluster, 2 machines.
    address: where the stack causes it, if that is known.
    """

    severity: Severity
    subject: str
    words: str
    remedy: str = ""
    owner: str = ""
    because: frozenset[str] = frozenset()
    layer: int = 5
    address: str = ""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A root cause. subjects: all that have it. explains: what does not work because of it."""

    severity: Severity
    title: str
    words: str
    remedy: str = ""
    subjects: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    address: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a stack is: root causes, the worst first; and what could not be read, with the reason.

    counts: what was looked at, as `nodes: 5 of 5 ready`, by name.
    """

    stack: str
    applied: bool = True
    troubles: tuple[Trouble, ...] = ()
    unread: tuple[str, ...] = ()
    counts: tuple[tuple[str, int, int], ...] = ()

    @property
    def verdict(self) -> str:
        """unreadable, broken, warning, not made or healthy."""
        if self.unread:
            return "unreadable"
        found = {trouble.severity for trouble in self.troubles} - {Severity.NOTE}
        return next((one.value for one in _WORST_FIRST if one in found), "healthy" if self.applied else "not made")
