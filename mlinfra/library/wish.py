"""A wish: that a component be there, with these settings."""

from __future__ import annotations

from typing import Any

import msgspec


class Wish(msgspec.Struct, frozen=True):
    """`Wish("keda")`, or `Wish("prometheus", {"retention": "15d"})`: settings bear the names of its inputs outside."""

    component: str
    settings: dict[str, Any] = {}
