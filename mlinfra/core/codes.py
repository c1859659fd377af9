"""Codes: the form of the listings in which each package keeps the codes of what it can say.

docs/codes.md is generated from all of them.
"""

from __future__ import annotations

from enum import StrEnum


class Coded(StrEnum):
    """A listing of codes. Each member is its code (`MLI1005`), with what it means in one line."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Coded:
        """A member that equals its code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
