"""Waiting: until an object is ready, or gone, by looking at intervals of the given clock.

`lifecycle` uses it. A failed object ends the wait with the cause that AWS gives, as the error that it is.
"""

from __future__ import annotations

import re

from mlinfra.core.clock import waited_text
from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    CapacityUnavailable,
    InvalidRequest,
    ProviderError,
    QuotaExceeded,
)
from mlinfra.core.provider import Remark
from mlinfra.providers.aws.aws_type import Item, Leaving, Waiting
from mlinfra.providers.aws.listing import is_gone
from mlinfra.providers.aws.template import dig
from mlinfra.providers.aws.work import Work

_UNSEEN = 60.0  # seconds for which a new object may still be missing from describe calls
_GONE_EVERY, _GONE_LIMIT = 5.0, 1800.0

# How causes that AWS only tells in words or health codes show what they are.
_CAUSES: tuple[tuple[type[ProviderError], str], ...] = (
    (
        CapacityUnavailable,
        r"(?i)sufficient.{0,40}capacity|InsufficientFreeAddresses|no spot capacity|UnfulfillableCapacity",
    ),
    (QuotaExceeded, r"(?i)limit ?exceeded|quota|VcpuLimit|MaxSpotInstanceCount|InstanceLimit"),
    (AccessDenied, r"(?i)access ?denied|not authorized|unauthorized"),
)


def cause(message: str) -> ProviderError:
    """The error that a failure told in words amounts to."""
    for kind, pattern in _CAUSES:
        if re.search(pattern, message):
            return kind(message)
    return InvalidRequest(message)


def wait_ready(work: Work, *, tolerant: bool = False) -> Item:
    """The object once it is ready, or once it shows at all where there is no state to wait for.

    tolerant: an ill object will do; what comes next may mend it.
    """
    waiting = work.kind.waiting
    began = work.clock.monotonic()
    while True:
        item = work.describe()
        waited = work.clock.monotonic() - began
        if item is None or is_gone(work.kind, item):
            if waited > _UNSEEN or item is not None:
                raise Ambiguous(f"{work.target.address}: {work.id} was made, but does not show")
            work.pause(1.0, "waiting for it to show")
        elif (
            waiting is None or (tolerant and dig(item, waiting.state) in waiting.ill) or _is_ready(work, waiting, item)
        ):
            _remark(work, item)
            return item
        elif waited > waiting.limit:
            why = f": {said}" if waiting.why is not None and (said := waiting.why(item)) else ""
            state = dig(item, waiting.state)
            raise ProviderError(
                f"{work.target.address}: {work.id} is still {state} after "
                f"{waited_text(work.clock, waiting.limit)}{why}",
                hint="run the same command again to go on waiting",
            )
        else:
            work.pause(waiting.every, f"{dig(item, waiting.state)}")


def _remark(work: Work, item: Item) -> None:
    """Say what is worth saying of one that was made."""
    waiting = work.kind.waiting
    told = waiting.remark(work, item) if waiting is not None and waiting.remark and work.prior is None else ""
    if told:
        work.operation.say(Remark(told))


def _is_ready(work: Work, waiting: Waiting, item: Item) -> bool:
    state = dig(item, waiting.state)
    if state in (*waiting.failed, *waiting.ill):
        why = waiting.why(item) if waiting.why is not None else ""
        raise cause(f"{work.target.address}: {work.id} is {state}" + (f": {why}" if why else ""))
    return state in waiting.ready


def wait_gone(work: Work) -> None:
    """Wait until the object does not show any more, where it may show at all."""
    leaves, waiting = work.kind.leaves, work.kind.waiting
    every = waiting.every if waiting is not None else _GONE_EVERY
    if leaves is Leaving.AT_ONCE:
        return
    began = work.clock.monotonic()
    if leaves is Leaving.SLOWLY:
        work.pause(every, "waiting until it is gone")
    while (item := work.describe()) is not None and not is_gone(work.kind, item):
        state = dig(item, waiting.state) if waiting is not None else "there"
        if waiting is not None and state in waiting.ill and "DELETE" in str(state).upper():
            raise cause(
                f"{work.target.address}: {work.id} is {state}" + (f": {waiting.why(item)}" if waiting.why else "")
            )
        if work.clock.monotonic() - began > _GONE_LIMIT:
            raise ProviderError(
                f"{work.target.address}: {work.id} is still {state} "
                f"{waited_text(work.clock, _GONE_LIMIT)} after its deletion",
                hint="run the same command again to go on waiting",
            )
        work.pause(every, f"waiting until it is gone ({state})")
