"""The base of what users write: the inputs of a module, and every level of them."""

from __future__ import annotations

import msgspec


class Block(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One level of a section: immutable, camelCase outside, unknown fields refused.

    Subclasses add `frozen=True, kw_only=True`, give every field a default (the safe choice for production) unless
    nobody can choose it for the user, and describe it with `msgspec.Meta(description=...)`.
    """
