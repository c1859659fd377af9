"""The catalogue: what a stack file may hold, gathered from modules and providers.

For the loader, for editors, and for `mlinfra modules` and `mlinfra schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mlinfra.config.published import publish_schema
from mlinfra.core.language import Language
from mlinfra.library.library import Library
from mlinfra.library.reference import contract_lines
from mlinfra.library.sections import language as language_of
from mlinfra.session.reading.kinds import Kinds, Schemas


class ModuleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One module, for people: `inputs` is its JSON Schema, `outputs` a description each, `path` its folder.

    contract: what it brings onto a cluster, as data; `contract_lines` the same in words, each with a label.
    """

    name: str
    section: str
    many: bool
    summary: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, str]
    built: bool
    path: str
    contract: Mapping[str, Any] | None = None
    contract_lines: tuple[tuple[str, str], ...] = ()


def library(project: Path | None = None) -> Library:
    """Our modules, and those of the project."""
    return Library.of_project(project or Path())


def language(found: Library | None = None) -> Language:
    """The language of stack files."""
    kinds = Kinds()
    return language_of(found or library(), Schemas(kinds), kinds.in_every_cluster)


def schema() -> dict[str, Any]:
    """The JSON Schema of stack files, for editors."""
    return publish_schema(language())


def modules() -> tuple[ModuleInfo, ...]:
    """Every module in use, by name."""
    return tuple(
        ModuleInfo(
            name=module.name,
            section=module.section,
            many=module.many,
            summary=module.summary,
            inputs=module.schema,
            outputs=module.output_descriptions,
            built=module.built,
            path=str(module.folder),
            contract=None if module.contract is None else msgspec.to_builtins(module.contract),
            contract_lines=tuple(contract_lines(module)),
        )
        for _, module in sorted(library().modules.items())
    )
