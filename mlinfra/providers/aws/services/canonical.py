"""Canonical forms that several declarations share: times, and lists of blocks whose order means nothing.

A set of blocks is compared as a whole; a list that is brought into one order is compared block by block, so that what
AWS adds to them is no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mlinfra.core.value import Expression


def ordered_by(*names: str) -> Callable[[Any], Any]:
    """Brings a list of blocks into the order of these fields of theirs."""

    def order(blocks: Any) -> Any:
        return sorted(blocks, key=lambda block: [_spelling(block, name) for name in names])

    return order


def moment(value: Any) -> Any:
    """A time in the one spelling: AWS takes any offset, and keeps UTC."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value  # AWS's own refusal says best what is wrong
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _spelling(block: Any, name: str) -> str:
    value = block.get(name) if isinstance(block, dict) else block
    return repr(value) if isinstance(value, Expression) else str(value)  # what is not known yet has no text
