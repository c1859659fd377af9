"""What became of a walk: the events as they happen, and the report at its end.

The walk makes them; renderers show them. Frozen, and free of anything that only a terminal would need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.plan import Step


class Began(msgspec.Struct, frozen=True, tag="began"):
    """A step is being worked on. `total` and `number` place it in the walk."""

    step: Step
    number: int
    total: int


class Said(msgspec.Struct, frozen=True, tag="said"):
    """Progress of a step, in a few words. lasting: whether they are worth reading once the step is done."""

    step: Step
    words: str
    lasting: bool = False


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A step is done, after `seconds`. `id` is the object's."""

    step: Step
    seconds: float
    id: str = ""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """A step failed for a reason of its own. `stale`: it would not have been what was planned."""

    step: Step
    seconds: float
    code: str
    message: str
    hint: str = ""
    stale: bool = False


class Skipped(msgspec.Struct, frozen=True, tag="skipped"):
    """A step was not begun: what it needs failed, or the run was stopped."""

    step: Step
    because: Address | None = None


Event: TypeAlias = Began | Said | Ended | Failed | Skipped
Listener: TypeAlias = Callable[[Event], None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk did. Root causes are in `failed`; `skipped` are their echoes."""

    ended: tuple[Ended, ...] = ()
    failed: tuple[Failed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    stopped: bool = False

    @property
    def complete(self) -> bool:
        """Whether every step is done."""
        return not self.failed and not self.skipped and not self.stopped

    @property
    def stale(self) -> bool:
        """Whether a step was refused because it was not any more what had been planned."""
        return any(failure.stale for failure in self.failed)

    @property
    def summary(self) -> str:
        """One sentence. An address counts once, however many steps it takes, and by the worst that befell it."""
        failed = {event.step.address for event in self.failed}
        missed = {event.step.address for event in self.skipped} - failed
        done = {event.step.address for event in self.ended} - failed - missed
        parts = [f"{len(done)} done", f"{len(failed)} failed", f"{len(missed)} not reached"]
        return ("stopped: " if self.stopped else "") + ", ".join(parts)
