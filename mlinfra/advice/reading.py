"""Reading properties of which any part may still be an expression: what is not known reads as if it were not there."""

from __future__ import annotations

from typing import Any

from mlinfra.core.value import Value


def part(holder: Value, *names: str) -> dict[str, Any]:
    """The mapping at the end of `names`; empty where there is none."""
    for name in names:
        found = holder.get(name) if isinstance(holder, dict) else None
        holder = found if isinstance(found, dict) else {}
    return holder if isinstance(holder, dict) else {}


def items(holder: Value, name: str) -> list[Any]:
    """The list at `name`; empty where there is none."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return list(found) if isinstance(found, list | tuple) else []


def text(holder: Value, name: str, default: str = "") -> str:
    """The text at `name`."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, str) else default


def number(holder: Value, name: str, default: int = 0) -> int:
    """The whole number at `name`."""
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else default
