"""An operation that nobody follows: for looking, which says nothing and is never stopped."""

from __future__ import annotations


class Quiet:
    """Implements `core.provider.Operation`."""

    def made(self, id: str) -> None:
        """Nobody records what a look finds."""

    def say(self, progress: str) -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nobody stops a look."""

    def fence(self) -> None:
        """A look changes nothing."""
