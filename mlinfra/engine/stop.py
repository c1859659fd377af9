"""Stopping: once to finish what is in flight, twice to stop at once.

The command line asks, the walk and its operations obey.
"""

from __future__ import annotations

from mlinfra.core.errors import MlinfraError
from mlinfra.engine.codes import Code


class Halted(MlinfraError):
    """The run is being stopped at once; what was begun stands in the journal."""

    exit_code = 6

    def __init__(self) -> None:
        super().__init__(
            "stopped", code=Code.HALTED, hint="run the same command again: it goes on where this one stopped"
        )


class Stop:
    """A request that can be raised once and once more, from any thread or signal handler.

    It takes no lock: one handler may come in the middle of another, on the same thread, and would wait for itself.
    """

    def __init__(self) -> None:
        self._draining = self._halted = False

    def once(self) -> None:
        """Begin nothing new."""
        self._draining = True

    def twice(self) -> None:
        """Wait for nothing any more."""
        self._draining = self._halted = True

    def press(self) -> None:
        """The next of the two: what a signal handler calls."""
        if self._draining:
            self.twice()
        else:
            self.once()

    @property
    def draining(self) -> bool:
        """Whether anything new may begin no more."""
        return self._draining

    @property
    def halted(self) -> bool:
        """Whether nothing is waited for any more."""
        return self._halted

    def check(self) -> None:
        """Raise `Halted` if so."""
        if self.halted:
            raise Halted
