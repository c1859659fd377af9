"""What was seen of an object: there, certainly not there, or not to be seen.

Absent needs a complete listing: what could not be read is unreadable, and nothing is planned upon it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from mlinfra.core.ownership import Owner
from mlinfra.core.value import Path, Properties


class Present(msgspec.Struct, frozen=True, gc=False):
    """It exists. `properties` holds inputs and outputs alike, under the type's names; `tags` without ours.

    `version` is the provider's own mark of this reading, where it has one. `failed` is what the cloud says is wrong
    with it, where it will not mend by itself: such an object is replaced. `authors`: who else wrote what, by normal
    path, where the object itself remembers. `plight`: what an earlier call left undone and what an update does about
    it, said with whatever is planned for it.
    """

    id: str
    properties: Properties
    owner: Owner | None = None
    version: str = ""
    failed: str = ""
    authors: Mapping[Path, str] = {}
    plight: str = ""


class Absent(msgspec.Struct, frozen=True, gc=False):
    """It does not exist: a complete listing was without it."""


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """Nobody knows: `reason` says why it could not be read."""

    reason: str


Observed: TypeAlias = Present | Absent | Unreadable


class Listing(msgspec.Struct, frozen=True):
    """All objects of one type behind one connection that can concern a stack.

    `incomplete` is empty for a complete listing, or says why it is not one. Of an incomplete one, `failed` says by id
    why a single object could not be read, and `gone` are ids that were asked for by themselves, and are not there.
    """

    objects: tuple[Present, ...]
    incomplete: str = ""
    failed: Mapping[str, str] = {}
    gone: frozenset[str] = frozenset()

    def missing(self, id: str) -> Absent | Unreadable:
        """What is known of an object that is not among them. What one could not be read for says nothing of others."""
        if id in self.failed:
            return Unreadable(self.failed[id])
        return Absent() if not self.incomplete or id in self.gone else Unreadable(self.incomplete)
