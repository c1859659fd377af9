"""Written: where the user's file says a text, so that what is wrong with it is told at that line.

What modules make has the place of the section that caused it, which may be forty lines long. The adviser calls it, for
what is wrong already: it looks through the whole stack. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path

_RAW = "resources"


def place_of(text: str, stack: Stack, below: Address) -> Source | None:
    """Where `text` stands as a value, as near to `below` as there is one; `None` where it was put together."""
    parts = str(below).split(".")
    paths = sorted(_paths(_content(stack), text), key=lambda path: -_shared(path, parts))
    return stack.positions.at(paths[0]) if paths else None


def _shared(path: Path, parts: Sequence[str]) -> int:
    """How many of the first parts are the same."""
    return next(
        (count for count, (one, other) in enumerate(zip(path, parts, strict=False)) if one != other), len(parts)
    )


def _content(stack: Stack) -> dict[str, Any]:
    raw = {name: {"properties": one.properties} for name, one in stack.resources.items()}
    return {**stack.sections, _RAW: raw}


def _paths(content: Any, text: str, at: Path = ()) -> Iterator[Path]:
    if content == text:
        yield at
    below = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, item in below:
        yield from _paths(item, text, (*at, key))
