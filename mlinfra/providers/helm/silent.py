"""The operation of whoever only looks: nothing is made, and nobody listens."""

from __future__ import annotations


class Silent:
    """See `core.provider.Operation`."""

    def made(self, id: str) -> None:
        """Nothing is made."""

    def say(self, progress: str) -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nothing takes long."""

    def fence(self) -> None:
        """Nothing is changed."""
