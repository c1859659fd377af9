"""Ownership tags: how an object in the cloud says whose it is.

Providers write and read them through here, so that there is one spelling. An owner is complete or absent: an object
with some of the tags only is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.resource import Ownership

PREFIX = "mlinfra:"
STACK = PREFIX + "stack"
LINEAGE = PREFIX + "lineage"
ADDRESS = PREFIX + "address"
GENERATION = PREFIX + "generation"
EXPIRES = PREFIX + "expires"
PROTECT = PREFIX + "protect"


class Owner(msgspec.Struct, frozen=True, gc=False):
    """Which create attempt of which stack's address an object is. `expires` is empty where there is no TTL."""

    stack: str
    lineage: str
    address: Address
    generation: int = 1
    protect: bool = False
    expires: str = ""

    @classmethod
    def under(cls, ownership: Ownership, address: Address, generation: int, *, protect: bool) -> Owner:
        """The owner of one object of the stack that `ownership` names."""
        return cls(ownership.stack, ownership.lineage, address, generation, protect, ownership.expires)

    def is_of(self, ownership: Ownership) -> bool:
        """Whether it belongs to that stack and lineage."""
        return (self.stack, self.lineage) == (ownership.stack, ownership.lineage)

    def tags(self) -> dict[str, str]:
        """The tags that say so."""
        tags = {
            STACK: self.stack,
            LINEAGE: self.lineage,
            ADDRESS: str(self.address),
            GENERATION: str(self.generation),
        }
        return tags | ({EXPIRES: self.expires} if self.expires else {}) | ({PROTECT: "true"} if self.protect else {})


def owner_of(tags: Mapping[str, str]) -> Owner | None:
    """Whom these tags name. Tags that are incomplete or malformed name nobody."""
    try:
        return Owner(
            tags[STACK],
            tags[LINEAGE],
            Address(tags[ADDRESS]),
            int(tags[GENERATION]),
            tags.get(PROTECT) == "true",
            tags.get(EXPIRES, ""),
        )
    except (KeyError, ValueError):
        return None


def corrected(shown: Owner | None, wanted: Owner) -> str:
    """What ownership tags that are written anew say then, in words; empty where they say it already."""
    if shown is None or msgspec.structs.replace(shown, protect=wanted.protect, expires=wanted.expires) != wanted:
        return "its ownership tags are not as they should be"
    said = []
    if shown.protect != wanted.protect:
        said.append("is protected from now on" if wanted.protect else "is protected no more")
    if shown.expires != wanted.expires:
        said.append(f"expires at {wanted.expires}" if wanted.expires else "expires no more")
    return " and ".join(said)


def user_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that are not ours."""
    return {key: value for key, value in tags.items() if not key.startswith(PREFIX)}
