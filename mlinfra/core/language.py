"""The language: what a stack file may hold, as far as others than the loader say so.

The session gathers it from modules and providers and hands it to `mlinfra.config`, which knows neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

# Belongs to the language itself, which validates it: a module may make something of one of its parts.
LIFECYCLE = "lifecycle"

# What no stack file makes: it is there because something else in the stack wants it. It has addresses like all else.
COMPONENTS = "components"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One section of the stack file.

    module: the module behind it (`node-group`), kebab-case.
    many: whether it holds named entries, each of this schema.
    schema: of one entry, as JSON Schema (2020-12), `$defs` within.
    outputs: what `${...}` may name, with a description each.
    built: whether the module can be planned yet.
    """

    module: str
    many: bool = False
    schema: Mapping[str, Any] = {}
    outputs: Mapping[str, str] = {}
    built: bool = True


class Language(msgspec.Struct, frozen=True):
    """Sections by name, and the JSON Schema of the inputs of each resource type by token.

    others: tokens that `types` answers and does not list, for those who look for what was meant.
    """

    sections: Mapping[str, Section]
    types: Mapping[str, Mapping[str, Any]] = {}
    others: Callable[[], Iterable[str]] = tuple
