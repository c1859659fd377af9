"""The language as far as modules speak it: each section's schema and outputs.

The session hands it to `mlinfra.config`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlinfra.core.language import Language, Section
from mlinfra.core.lazy import Lazy
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.place import NO_SECTIONS


def language(
    library: Library, types: Mapping[str, Mapping[str, Any]], others: Callable[[], Iterable[str]] = tuple
) -> Language:
    """The sections of all modules; `types` are JSON Schemas of resource types by token, `others` more tokens."""
    names = dict.fromkeys(name for name in library.sections if name not in NO_SECTIONS)
    return Language(Lazy(names, lambda name: _section(name, library.sections[name])), types, others)


def _section(name: str, modules: tuple[Module, ...]) -> Section:
    first = modules[0]
    if not first.place.entry:
        return Section(
            module=first.name,
            many=first.many,
            schema=first.schema,
            outputs=first.output_descriptions,
            built=first.built,
        )
    return _section_of_parts(name, modules)


def _section_of_parts(name: str, modules: tuple[Module, ...]) -> Section:
    """A section whose entries are modules: to the loader it is one object, and each entry one output of it."""
    schema = {
        "type": "object",
        "properties": {module.place.entry: {"description": module.summary, **module.schema} for module in modules},
        "additionalProperties": False,
    }
    outputs = {module.place.entry: ", ".join(module.output_descriptions) for module in modules}
    return Section(module=name, schema=schema, outputs=outputs, built=any(module.built for module in modules))
