"""Bad weather over a small world: any call, reading or changing, and any write of the state may go wrong in a run.

A process that is dead does nothing any more: whatever it still tries in here has no effect.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from mlinfra.core.errors import (
    AccessDenied,
    Ambiguous,
    CapacityUnavailable,
    MlinfraError,
    ProviderError,
    StateError,
    Throttled,
)
from mlinfra.engine.stop import Halted, Stop

from .world import World

Errors = tuple[type[ProviderError], ...]

# What callers get to see of each kind, as providers tell it, for a call that had no effect: it was refused, or nobody
# knows. A lost or garbled answer, a reset and a time-out are the same to them, whether it had one or not.
REFUSED: dict[str, Errors] = {
    "throttle": (Throttled,),
    "error": (Throttled, Ambiguous),
    "reset": (Ambiguous,),
    "timeout": (Ambiguous,),
    "lost": (),
    "garbled": (Ambiguous,),
    "denied": (AccessDenied,),
    "capacity": (CapacityUnavailable,),
    "disk": (),
}
# For one that had its effect, and for one that was the first of several.
DONE: dict[str, Errors] = {
    **dict.fromkeys(("error", "reset", "timeout", "lost", "garbled"), (Ambiguous,)),
}
HALF_DONE: dict[str, Errors] = {**DONE, "throttle": (Throttled,), "denied": (AccessDenied,)}
UNREAD = ("throttle", "error", "timeout", "denied")
ENDS = ("", "once", "twice", "death")


class Climate(msgspec.Struct, frozen=True):
    """What goes wrong in a run: `kinds`, each call by `rate` of a hundred; and `end`, at the `at`-th moment.

    A moment is one before or after a call or a write. Denials last for `spell` calls.
    """

    kinds: tuple[str, ...] = ()
    rate: int = 0
    seed: int = 0
    end: str = ""
    at: int = 0
    spell: int = 1


class Weather:
    """One run's."""

    def __init__(self, climate: Climate) -> None:
        self.stop = Stop()
        self.dead = False
        self._climate, self._dice = climate, random.Random(climate.seed)
        self._moment = self._denied = 0

    def before(self, operation: str, kind: str) -> None:
        """A call that changes something is about to have its effect."""
        self._pass()
        self._strike(REFUSED, f"{operation} {kind}: refused")

    def after(self, operation: str, kind: str) -> None:
        """It had it."""
        self._pass()
        self._strike(DONE if operation == "create" else HALF_DONE, f"{operation} {kind}: no answer")

    def unread(self, operation: str, kind: str) -> str:
        """Why something cannot be read."""
        self._pass()
        return self._kind(UNREAD)

    def before_write(self, operation: str) -> None:
        """The state is about to be written."""
        self._pass()
        if self._kind(("disk",)):
            raise StateError(f"{operation}: no space left", code="MLI4001")

    def after_write(self, operation: str) -> None:
        """It was."""
        self._pass()

    def _pass(self) -> None:
        """One moment, which may be the last."""
        if self.dead:
            raise Halted
        self._moment += 1
        if self._moment != self._climate.at:
            return
        if self._climate.end == "once":
            self.stop.once()
        elif self._climate.end in ("twice", "death"):
            self.stop.twice()
            self.dead = self._climate.end == "death"
            raise Halted

    def _strike(self, errors: dict[str, Errors], words: str) -> None:
        kind = self._kind(tuple(kind for kind, known in errors.items() if known))
        if kind:
            raise self._dice.choice(errors[kind])(words)

    def _kind(self, possible: tuple[str, ...]) -> str:
        if self._denied > 0 and "denied" in possible:
            self._denied -= 1
            return "denied"
        chosen = [kind for kind in self._climate.kinds if kind in possible]
        if not chosen or self._dice.random() * 100 >= self._climate.rate:
            return ""
        kind = self._dice.choice(chosen)
        self._denied = self._climate.spell if kind == "denied" else 0
        return kind


@contextmanager
def weather(world: World, climate: Climate) -> Iterator[Weather]:
    """Let it be so while inside; what the run ends with, other than a defect, is its own affair."""
    over = Weather(climate)
    cloud, disk = world.cloud, world.disk
    cloud.before, cloud.after, cloud.unread = over.before, over.after, over.unread
    disk.before, disk.after = over.before_write, over.after_write
    try:
        yield over
    except MlinfraError:
        pass
    finally:
        cloud.before = cloud.after = _nothing
        cloud.unread = _readable
        disk.before = disk.after = _written


def _nothing(operation: str, kind: str) -> None:
    """A call as it should be."""


def _readable(operation: str, kind: str) -> str:
    return ""


def _written(operation: str) -> None:
    """A write as it should be."""
