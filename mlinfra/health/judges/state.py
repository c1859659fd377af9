"""The state: whether the last run ended with errors or was interrupted, and who holds the lock."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.room import listed
from mlinfra.health.seen import Seen, clock_time, counted, short


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with it."""
    if not seen.applied:
        yield Finding(
            severity=Severity.NOTE,
            subject="the stack",
            words="nothing of it was made yet, as far as its state knows",
            remedy="mlinfra apply makes it; mlinfra state rebuild finds what a lost state knew",
            layer=0,
        )
    holder = seen.holder
    if holder is not None:
        yield Finding(
            severity=Severity.NOTE,
            subject="the lock",
            words=f"{holder.who} holds it for {holder.purpose}, since {holder.since:%Y-%m-%d %H:%M} UTC",
            remedy="what is said below may be about to change",
            layer=0,
        )
    elif seen.failures:
        yield _failed(seen)
    elif seen.pending:
        begun = listed(f"{one.verb} {one.address}" for one in seen.pending)
        yield Finding(
            severity=Severity.WARNING,
            subject="the last run",
            words=f"it was interrupted before {counted(len(seen.pending), 'call')} had an answer: {begun}",
            remedy="run apply again: it looks up what was made, and goes on from there",
            layer=0,
        )


def _failed(seen: Seen) -> Finding:
    """A run that came to its end, and said itself what it could not do."""
    first, *others = seen.failures
    also = f"; so did {listed(str(one.address) for one in others)}" if others else ""
    code = f"{first.code}: " if first.code else ""
    return Finding(
        severity=Severity.WARNING,
        subject="the last run",
        words=f"it failed{clock_time(seen.now, first.at)}: {first.address}: {code}{short(first.message)}{also}",
        remedy="mend that and run apply again: it goes on from where this one stopped",
        layer=0,
    )
