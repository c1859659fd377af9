"""Canonical forms that several declarations share: lists of blocks whose order means nothing.

A set of blocks is compared as a whole; a list that is brought into one order is compared block by block, so that what
AWS adds to them is no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def ordered_by(*names: str) -> Callable[[Any], Any]:
    """Brings a list of blocks into the order of these fields of theirs."""

    def order(blocks: Any) -> Any:
        return sorted(blocks, key=lambda block: [str(_field(block, name)) for name in names])

    return order


def _field(block: Any, name: str) -> Any:
    return block.get(name) if isinstance(block, dict) else block  # not known yet
