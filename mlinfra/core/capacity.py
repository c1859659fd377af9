"""Capacity: whether an account and its region have room for what a stack wants.

`mlinfra.advice` makes it before anything is made, a plan carries it, renderers show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from mlinfra.core.address import Address


class Verdict(StrEnum):
    """Whether there is room. What could not be asked is never fine."""

    FITS = "fits"  # at its largest
    TIGHT = "tight"  # it can be made, and cannot grow as large as it may
    SHORT = "short"  # it cannot be made
    NOT_CHECKED = "not checked"


_WORST_FIRST = (Verdict.SHORT, Verdict.TIGHT, Verdict.NOT_CHECKED, Verdict.FITS)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one to act on; fits only where all do."""
    found = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.FITS)


class Check(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One question, such as `vCPU quota`, its verdict, and the numbers in a sentence. `hint` says what to do."""

    subject: str
    verdict: Verdict
    words: str
    hint: str = ""


class Room(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was checked for one resource: a group of nodes, or the first of its kind that has a quota."""

    address: Address
    what: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its checks."""
        return worst(check.verdict for check in self.checks)


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """The rooms of one region, in the order of their addresses."""

    region: str
    rooms: tuple[Room, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return worst(room.verdict for room in self.rooms)
