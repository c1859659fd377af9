"""Creation: one object is made once, whatever happens on the way.

Called by execution, with the intent already durable. An unclear answer is looked up; a clear refusal is final; what
certainly did nothing is repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

from mlinfra.core.clock import Clock
from mlinfra.core.errors import Ambiguous, Throttled
from mlinfra.core.observed import Present, Unreadable
from mlinfra.core.provider import Operation, Provider, Target
from mlinfra.engine.stop import Stop

_ATTEMPTS = 8
_FIRST_WAIT = 0.5  # seconds; doubled each time, with full jitter, as AWS advises for throttled callers
_LONGEST_WAIT = 20.0


class Attempt(Operation, Protocol):
    """The operation of one create attempt, which knows whether something was made."""

    @property
    def has_made(self) -> bool:
        """Whether `made` was called."""
        ...


class Patience:
    """How often a call that did nothing is repeated, and how long is waited in between."""

    def __init__(self, clock: Clock, stop: Stop, dice: random.Random) -> None:
        self._clock, self._stop, self._dice = clock, stop, dice

    def repeat(self, call: Callable[[], Present], *, harmless: bool = False) -> Present:
        """`call`, repeated while it is throttled, and where it is harmless also while its answers are unclear.

        The last refusal is raised.
        """
        passing = (Throttled, Ambiguous) if harmless else (Throttled,)
        for attempt in range(_ATTEMPTS - 1):
            try:
                return call()
            except passing:
                self.wait(attempt)
        return call()

    def wait(self, attempt: int) -> None:
        """Wait as long as suits the number of attempts before."""
        self._stop.check()
        self._clock.sleep(self._dice.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)))


def create(
    provider: Provider,
    target: Target,
    operation: Attempt,
    patience: Patience,
    *,
    begun: bool,
    tagged: bool,
    finish: Callable[[Present], Present],
) -> Present:
    """Make `target`. `begun`: an earlier attempt of the same generation may have made it already.

    `tagged`: its tags alone say whose it is; without them, an object in its place is what our own call made.

    `finish` brings what was found half-made to the target. Raises `Ambiguous` where it stays unclear.
    """

    def make() -> Present:
        try:
            return provider.create(target, operation)
        except Throttled as error:
            if not operation.has_made:
                raise
            raise Ambiguous(
                str(error), hint=error.hint
            ) from error  # what follows the making failed: not to be made again

    found: Present | None = None
    unclear = begun
    for attempt in range(_ATTEMPTS):
        try:
            if unclear:  # also looking may fail for a while, as where the network is cut while it becomes ready
                found = _look(provider, target, tagged=tagged) or found
                unclear = False
            if found is None:
                return patience.repeat(make)
            operation.made(found.id)
            return patience.repeat(partial(finish, found))
        except Ambiguous:
            if attempt == _ATTEMPTS - 1:
                raise
            unclear = True
            patience.wait(attempt)
    raise AssertionError("unreachable")


def _look(provider: Provider, target: Target, *, tagged: bool) -> Present | None:
    """What an earlier call made, if it did. Raises `Ambiguous` where that cannot be seen."""
    found = provider.find(target)
    if isinstance(found, Unreadable):
        raise Ambiguous(
            f"{target.address}: it is not known whether it was made: {found.reason}",
            hint="run the same command again once it can be read",
        )
    if not isinstance(found, Present):
        return None
    ours = found.owner == target.owner or (found.owner is None and not tagged)
    return found if ours else None
