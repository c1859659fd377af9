"""Drafts: what is left of a stack with mistakes once those parts are taken out that have them.

The loader makes one, so that the session can have the rest looked at as well: all mistakes are said at once. A draft is
never planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from mlinfra.config.layout import INPUTS, STACKS
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.errors import ConfigError
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path

# What everything else may hang on: nothing can be said of the rest without it.
_VITAL = ("target", INPUTS, STACKS)


class Draft(msgspec.Struct, frozen=True):
    """The stack without its broken parts; `broken` are the paths of those, a top-level key or an entry below one."""

    stack: Stack
    broken: frozenset[Path]


class DraftError(ConfigError):
    """A stack with mistakes, of which a draft could be made."""

    def __init__(self, diagnostics: Iterable[Diagnostic], draft: Draft) -> None:
        super().__init__(diagnostics)
        self.draft = draft


def without(data: Mapping[str, Any], broken: Collection[Path]) -> dict[str, Any] | None:
    """The data of a stack's top-level keys without the broken parts; `None` where too little is left."""
    if any(path[0] in _VITAL for path in broken) or "target" not in data:
        return None
    left = {
        name: {entry: one for entry, one in value.items() if (name, entry) not in broken}
        if isinstance(value, dict)
        else value
        for name, value in data.items()
        if (name,) not in broken
    }
    return {"metadata": {"name": "unnamed"}, **left}
