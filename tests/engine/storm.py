"""A storm over a toy cloud: at each call and each write of the state, dice say what goes wrong, if anything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    MlinfraError,
    ProviderError,
    QuotaExceeded,
    StateError,
    Throttled,
)
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Graph
from mlinfra.engine.stop import Halted, Stop

from .cloud import TYPES
from .world import World

# What a call is answered that had no effect, and what one is answered that had.
_REFUSED: tuple[Callable[[], ProviderError], ...] = (
    lambda: Throttled("slower, please"),
    lambda: Ambiguous("the connection broke"),
    lambda: AccessDenied("not for you"),
    lambda: QuotaExceeded("no room"),
    lambda: ProviderError("it failed"),
)


class Storm:
    """What goes wrong in the runs of one world: `rate` of its calls and writes, drawn from `seed`."""

    def __init__(self, world: World, seed: int, rate: float) -> None:
        self._world, self._dice, self._rate = world, random.Random(seed), rate
        self._stop = Stop()

    def run(self, desired: Graph, *, destroy: bool = False) -> None:
        """One run that may stop, fail, or die anywhere."""
        with self._raging(), suppress(MlinfraError):  # how it ends is of no account: what it leaves is
            self._world.apply(desired, destroy=destroy, stop=self._stop)

    def carry_out(self, plan: Plan, desired: Graph) -> bool:
        """A plan that was made before, carried out as `run` does it; whether it came to its end."""
        with self._raging():
            try:
                return self._world.carry_out(plan, desired, self._stop).complete
            except MlinfraError:
                return False

    @contextmanager
    def _raging(self) -> Iterator[None]:
        cloud, disk = self._world.cloud, self._world.disk
        self._stop = Stop()
        cloud.before, cloud.after, disk.fate = self._refuse, self._lose, self._spoil
        cloud.unread = self._keep_from_reading
        cloud.hidden = self._dice.choice(sorted(TYPES)) if self._strikes() else ""
        try:
            yield
        finally:
            cloud.before = cloud.after = lambda operation, kind: None
            cloud.unread = lambda operation, kind: ""
            disk.fate, cloud.hidden = lambda: None, ""
        assert self._world.has_none_twice()

    def _strikes(self) -> bool:
        return self._dice.random() < self._rate

    def _refuse(self, operation: str, kind: str) -> None:
        if self._strikes():
            self._die_or(self._dice.choice(_REFUSED)())

    def _lose(self, operation: str, kind: str) -> None:
        if self._strikes():
            follows = operation == "made"  # another call, which may be refused for itself
            self._die_or(self._dice.choice(_REFUSED)() if follows else Ambiguous("no answer"))

    def _keep_from_reading(self, operation: str, kind: str) -> str:
        return "no network" if self._strikes() else ""

    def _spoil(self) -> None:
        if self._strikes():
            self._die_or(StateError("no space left on the device", code="MLI4000"))

    def _die_or(self, error: MlinfraError) -> None:
        """A third of all that goes wrong is the end of the process; after it, nothing is done any more."""
        if self._stop.halted or self._dice.random() < 1 / 3:
            self._stop.twice()
            raise Halted
        if self._dice.random() < 1 / 10:
            self._stop.once()
        raise error
