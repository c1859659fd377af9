"""One bad stack, and what its author must be told."""

from __future__ import annotations

from mlinfra.config import StacksReader


class Case:
    def __init__(
        self, name: str, body: str, *told: str, head: bool = True, sets: tuple[str, ...] = (),
        reader: StacksReader | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.body = body
        self.told = told
        self.head = head
        self.sets = sets
        self.reader = reader
