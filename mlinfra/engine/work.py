"""Work: what a provider is handed with each call, and by which it speaks for one step.

`execution` makes one for each step. It decides nothing: what was made goes to the journal, what is said to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlinfra.core.plan import Step
from mlinfra.core.value import Properties

if TYPE_CHECKING:
    from mlinfra.engine.execution import Execution, Say


class Work:
    """The `Operation` that a provider gets: speaks for one step."""

    def __init__(self, execution: Execution, step: Step, properties: Properties, say: Say) -> None:
        self._execution, self._step, self._properties, self._say = execution, step, properties, say
        self.has_made = False

    def made(self, id: str) -> None:
        """The object exists by this id."""
        self.has_made = True
        self._execution.note_made(self._step, id, self._properties)

    def say(self, progress: str) -> None:
        """Pass on what is being waited for."""
        self._say(progress)

    def check(self) -> None:
        """Raises where the run is being stopped at once."""
        self._execution.check()

    def fence(self) -> None:
        """Raises where the run may change nothing any more."""
        self._execution.fence()
