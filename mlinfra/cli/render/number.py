"""Numbers of things, in the grammar of English."""

from __future__ import annotations


def number_of(number: int, noun: str, plural: str = "") -> str:
    """`1 object`, `2,000 objects`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
