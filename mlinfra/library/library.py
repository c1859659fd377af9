"""The library of modules: which there are, which section each implements, and in which order they are built.

The session finds it once; `sections` and `assembly` read it. Modules are loaded when first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.library.codes import Code
from mlinfra.library.folders import Folder, bundled_modules, folders_in, load
from mlinfra.library.module import Module


class _OfModule(Protocol):
    """What a module is behind."""

    @property
    def module(self) -> Module: ...


E = TypeVar("E", bound=_OfModule)


class Library:
    """Modules by name. Every property raises `ConfigError`, with all that is wrong, where a module is broken."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        self._folders = tuple(folders)

    @classmethod
    def find(cls, roots: Iterable[Path]) -> Library:
        """The modules in `roots`. A later root's module stands in for an earlier one of the same name or section."""
        return cls(folders_in(roots))

    @classmethod
    def of_project(cls, project: Path) -> Library:
        """Our own modules, and those of the project's `modules` folder."""
        return cls.find((bundled_modules(), project / "modules"))

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The modules in use, by name."""
        return {module.name: module for module in self._chosen.values()}

    @cached_property
    def notes(self) -> tuple[Diagnostic, ...]:
        """What a user should know of the modules found: which of theirs stand in for ours."""
        chosen = {module.folder for module in self._chosen.values()}
        notes = []
        for folder, module in self._loaded:
            if folder.path not in chosen:
                instead = self._rival(module, self._chosen.values())
                summary = f"{module.place} is made by the module {instead.name} of this project, not by ours"
                notes.append(
                    Diagnostic(
                        severity=Severity.NOTE, code=Code.MODULE_REPLACED, summary=summary, detail=str(instead.folder)
                    )
                )
        return tuple(notes)

    def module_for(self, section: str, entry: str = "") -> Module | None:
        """The module of a section; or, where entries are modules of their own, of one entry."""
        return self._by_place.get((section, "")) or self._by_place.get((section, entry))

    @cached_property
    def sections(self) -> Mapping[str, tuple[Module, ...]]:
        """The modules by section: one each, or one for each entry that there can be."""
        sections: dict[str, tuple[Module, ...]] = {}
        for module in self.modules.values():
            sections[module.section] = (*sections.get(module.section, ()), module)
        return sections

    @cached_property
    def order(self) -> tuple[Module, ...]:
        """All modules, each after those that make what it needs; otherwise by name."""
        modules = sorted(self.modules.values(), key=lambda module: module.name)
        needs = {
            module.name: [maker.name for need in module.needs for maker in self.makers(need)] for module in modules
        }
        try:
            names = tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle = " needs ".join(reversed(error.args[1]))
            summary = "modules need each other in a circle, so that none can be built first"
            hint = "take one of them out of the other's NEEDS, and use finish() for what must wait"
            raise ConfigError(
                [Diagnostic(code=Code.MODULES_IN_A_CIRCLE, summary=summary, detail=circle, hint=hint)]
            ) from error
        return tuple(self.modules[name] for name in names)

    def in_order(self, entries: Iterable[E]) -> list[E]:
        """The entries in the order in which their modules are built."""
        rank = {module.name: number for number, module in enumerate(self.order)}
        return sorted(entries, key=lambda entry: rank[entry.module.name])

    def makers(self, kind: type[msgspec.Struct]) -> tuple[Module, ...]:
        """The modules whose outputs are of that kind."""
        return tuple(module for module in self.modules.values() if issubclass(module.outputs, kind))

    def sections_for(self, kind: type[msgspec.Struct]) -> tuple[str, ...]:
        """The sections to add where outputs of that kind are missing."""
        return tuple(dict.fromkeys(module.section for module in self.makers(kind)))

    def folder_of(self, module: Module) -> Folder:
        """Where a module came from."""
        return next(folder for folder, loaded in self._loaded if loaded is module)

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], Module]:
        return {(module.section, module.place.entry): module for module in self.modules.values()}

    @cached_property
    def _loaded(self) -> tuple[tuple[Folder, Module], ...]:
        loaded: list[tuple[Folder, Module]] = []
        wrong: list[Diagnostic] = []
        for folder in self._folders:
            try:
                loaded.append((folder, load(folder)))
            except ConfigError as error:
                wrong.extend(error.diagnostics)
        if wrong:
            raise ConfigError(wrong)
        return tuple(loaded)

    @cached_property
    def _chosen(self) -> Mapping[Path, Module]:
        """One module for each name and place. Within one root nothing may be claimed twice."""
        chosen: dict[Path, Module] = {}
        wrong: list[Diagnostic] = []
        for folder, module in self._loaded:
            rivals = [one for one in chosen.values() if _clash(one, module)]
            for rival in rivals:
                if rival.folder.parent == folder.path.parent:
                    wrong.append(_clash_diagnostic(folder, module, rival))
                else:
                    del chosen[rival.folder]
            chosen[folder.path] = module
        if wrong:
            raise ConfigError(wrong)
        return chosen

    def _rival(self, module: Module, among: Iterable[Module]) -> Module:
        return next(one for one in among if _clash(one, module))


def _clash(left: Module, right: Module) -> bool:
    """Whether both cannot be in use: one name, one place, or one takes a section whole of which the other is a part."""
    if left.name == right.name:
        return True
    same_section = left.section == right.section
    return same_section and (left.place.entry == right.place.entry or not left.place.entry or not right.place.entry)


def _clash_diagnostic(folder: Folder, module: Module, rival: Module) -> Diagnostic:
    what = f"are both called {module.name}" if module.name == rival.name else f"both claim the section {module.place}"
    return Diagnostic(
        code=Code.MODULES_CLASH,
        summary=f"the modules {rival.folder.name} and {module.folder.name} {what}",
        source=folder.source,
        hint="rename or remove one of the two folders",
    )
