"""Work: what a provider is handed with each call, and by which it speaks for one step.

`execution` makes one for each step. It decides nothing: what was made goes to the journal, what is said to people.
"""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.engine.journal import Journal
from mlinfra.engine.stop import Stop

Say = Callable[[str], None]


class Work:
    """The `Operation` that a provider gets: speaks for one step. `note` is told the id of what has been made."""

    def __init__(self, journal: Journal, stop: Stop, note: Callable[[str], None], say: Say) -> None:
        self._journal, self._stop, self._note, self._say = journal, stop, note, say
        self.has_made = False

    def made(self, id: str) -> None:
        """The object exists by this id."""
        self.has_made = True
        self._note(id)

    def say(self, progress: str) -> None:
        """Pass on what is being waited for."""
        self._say(progress)

    def check(self) -> None:
        """Raises where the run is being stopped at once."""
        self._stop.check()

    def fence(self) -> None:
        """Raises where the run may change nothing any more."""
        self._stop.check()
        self._journal.fence()
