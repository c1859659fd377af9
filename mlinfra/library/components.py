"""Components: what sections and runtimes share on a cluster, each there once however many want it.

Nobody writes a component into a stack file. A module names those that it may want in `USES`, and says in `wishes` which
of them one entry wants, with which settings. Called by `assembly`; pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.facts import Facts
from mlinfra.core.language import COMPONENTS
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.library.codes import Code
from mlinfra.library.entries import Entry
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.problem import Problem
from mlinfra.library.rivalry import rivalries
from mlinfra.library.running import run
from mlinfra.library.wish import Wish

# What two wishes may say together: lists are joined. Everything else must be the same.
_JOINED = (list, tuple)


class _Wanted:
    """One component, as far as it is known who wants it and how.

    by: who does, in the order of asking. settings: their wishes, brought together.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.by: dict[Address, Entry] = {}
        self.settings: dict[str, Any] = {}
        self._from: dict[str, Entry] = {}

    def add(self, entry: Entry, settings: dict[str, Any]) -> Iterator[tuple[Entry, Problem]]:
        """Take up one more wish; what contradicts an earlier one is a problem of the later."""
        self.by.setdefault(entry.address, entry)
        for name, value in settings.items():
            known = self.settings.get(name, value)
            if isinstance(known, _JOINED) and isinstance(value, _JOINED):
                self.settings[name] = list(dict.fromkeys((*known, *value)))
            elif known == value:
                self.settings[name] = value
            else:
                first = self._from[name].address
                summary = f"{first} and {entry.address} want {self.module.name} with different settings"
                detail = f"{name}: {known} and {value}"
                hint = "it is installed once: make both the same"
                yield entry, Problem(Code.COMPONENT_DISPUTED, summary, detail=detail, hint=hint)
            self._from.setdefault(name, entry)


def with_components(
    entries: Sequence[Entry], stack: Stack, library: Library, facts: Facts
) -> tuple[list[Entry], list[Diagnostic]]:
    """The entries and the components that they want, in the order of building; and where two do not go together.

    A component may want others.
    """
    wanted: dict[str, _Wanted] = {}
    asked: dict[Address, Any] = {}
    waiting = list(entries)
    problems: list[tuple[Entry, Problem]] = []
    while waiting:
        for entry in waiting:
            asked[entry.address] = entry.inputs
            for wish in _wishes(entry, library, facts):
                one = wanted.setdefault(wish.component, _Wanted(_component(entry, wish, library)))
                problems += one.add(entry, wish.settings)
        made = [_entry(one, library) for one in wanted.values()]
        # Those that are new, and those that are wanted otherwise than when they were asked.
        waiting = [entry for entry in made if asked.get(entry.address, ...) != entry.inputs]
    whole = library.in_order([*entries, *(_entry(one, library) for one in wanted.values())])
    problems += rivalries(whole)
    return whole, [problem.diagnostic(_source(entry, stack)) for entry, problem in problems]


def notes(entries: Iterable[Entry], made: Iterable[Address], stack: Stack) -> tuple[Diagnostic, ...]:
    """At whose wish each component is there; not of those that found nothing to do."""
    there = {address.parts[:2] for address in made}
    return tuple(
        Diagnostic(
            severity=Severity.NOTE,
            code=Code.COMPONENT_WANTED,
            summary=f"{entry.module.name} comes along: wanted by {', '.join(map(str, entry.wanted_by))}",
            address=entry.address,
            source=_source(entry, stack),
        )
        for entry in entries
        if entry.wanted_by and entry.address.parts in there
    )


def _wishes(entry: Entry, library: Library, facts: Facts) -> list[Wish]:
    module = entry.module
    if module.wishes is None:
        return [Wish(name) for name in module.uses]
    return list(run(library, module, module.wishes, entry.inputs, facts))


def _component(entry: Entry, wish: Wish, library: Library) -> Module:
    found = library.module_for(COMPONENTS, wish.component)
    if wish.component in entry.module.uses and found is not None:
        return found
    lacking = "there is no such component" if found is None else "its USES does not name it"
    summary = f"the module {entry.module.name} wishes for {wish.component}, and {lacking}"
    source = library.folder_of(entry.module).source
    hint = "docs/modules.md describes components"
    raise ConfigError([Diagnostic(code=Code.BREACH_OF_CONTRACT, summary=summary, source=source, hint=hint)])


def _entry(wanted: _Wanted, library: Library) -> Entry:
    """The entry that stands for it, written where the first is that wants it."""
    module, first = wanted.module, next(iter(wanted.by.values()))
    inputs = run(library, first.module, msgspec.convert, wanted.settings, module.inputs)
    path = (COMPONENTS, module.place.entry)
    return Entry(module, path, inputs, wanted_by=tuple(wanted.by), written=first.written or first.path)


def _source(entry: Entry, stack: Stack) -> Source | None:
    return stack.positions.at(entry.written or entry.path)
