"""Progress: a few words on what a session is doing, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(words: str) -> None:
    """Say nothing."""
