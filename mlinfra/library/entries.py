"""Entries: what a stack file's sections hold, with the module behind each and its typed inputs.

Called by `assembly`. Those with a mistake are left out, and named beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.language import COMPONENTS, LIFECYCLE
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path, path_text
from mlinfra.library.codes import Code
from mlinfra.library.library import Library
from mlinfra.library.module import Module
from mlinfra.library.place import NO_SECTIONS
from mlinfra.library.problem import Problem, RefusedError


class Entry(msgspec.Struct, frozen=True):
    """One entry of the stack with the module behind it, and its inputs as that wants them.

    wanted_by: of a component, the entries that want it. written: where the first of those is written.
    """

    module: Module
    path: Path
    inputs: Any
    wanted_by: tuple[Address, ...] = ()
    written: Path = ()

    @property
    def address(self) -> Address:
        """The address below which its resources stand."""
        return Address(".".join(map(str, self.path)))


class Entries(msgspec.Struct, frozen=True):
    """The entries of a stack that can be used, in the order of building.

    wrong: what is wrong with all others. broken: the paths of those, a section or an entry of one.
    """

    usable: list[Entry]
    wrong: list[Diagnostic]
    broken: frozenset[Path]


def entries_of(stack: Stack, library: Library, broken: Collection[Path] = ()) -> Entries:
    """The entries of all sections. `broken`: paths about which enough was said already; they are not looked at."""
    entries: list[Entry] = []
    wrong: list[Diagnostic] = []
    failed = set(broken)
    for path, data in _written(stack, library):
        if failed & {path, path[:1]}:
            continue
        try:
            entries.append(_entry(stack, library, path, data))
        except RefusedError as refused:
            wrong.extend(refused.diagnostics)
            failed.add(path)
    return Entries(library.in_order(entries), wrong, frozenset(failed))


def _written(stack: Stack, library: Library) -> Iterator[tuple[Path, Any]]:
    """The path and data of each entry; of `lifecycle`, the parts that something is made of in a cloud account."""
    for part, data in stack.lifecycle.items():
        if data is not None and library.module_for(LIFECYCLE, part) and stack.target.platform != "kubernetes":
            yield (LIFECYCLE, part), data
    for section, data in stack.sections.items():
        modules = library.sections.get(section, ()) if section != COMPONENTS else ()
        if modules and (modules[0].many or modules[0].place.entry):
            for name, entry in (data or {}).items():
                yield (section, name), entry
        else:
            yield (section,), data


def _entry(stack: Stack, library: Library, path: Path, data: Any) -> Entry:
    module = library.module_for(*map(str, path)) if path[0] != COMPONENTS else None
    problem = _absent(library, path) if module is None else _refusal(stack, library, module, path)
    if module is None or problem is not None:
        assert problem is not None
        raise RefusedError((problem.diagnostic(stack.positions.at(path)),))
    try:
        return Entry(module, path, msgspec.convert({} if data is None else data, module.inputs))
    except msgspec.ValidationError as error:
        below, problem = _form(path, error)
        raise RefusedError((problem.diagnostic(stack.positions.at(below)),)) from error


def _absent(library: Library, path: Path) -> Problem:
    parts = library.sections.get(str(path[0]), ())
    known = [one.place.entry for one in parts] or [name for name in library.sections if name not in NO_SECTIONS]
    what = f"no module implements {'.'.join(map(str, path))}"
    return Problem(Code.UNKNOWN_SECTION, what, hint=f"there is {', '.join(known)}")


def _refusal(stack: Stack, library: Library, module: Module, path: Path) -> Problem | None:
    name = ".".join(map(str, path))
    if not module.built:
        today = ", ".join(
            sorted({str(one.place) for one in library.modules.values() if one.built and one.section != COMPONENTS})
        )
        summary = f"{name} cannot be planned yet: the module {module.name} only knows its inputs"
        return Problem(Code.NOT_PLANNED_YET, summary, hint=f"take it out; what can be planned today: {today}")
    if stack.target.platform == "kubernetes":
        summary = f"{name} cannot be made on platform kubernetes, which has no cloud account"
        return Problem(Code.WRONG_PLATFORM, summary, hint="take it out, or set target.platform to aws or sandbox")
    return None


def _form(path: Path, error: msgspec.ValidationError) -> tuple[Path, Problem]:
    """A value of the wrong form, and its path. msgspec ends its words with it: "... - at `$.taints[0].key`"."""
    words, _, where = str(error).partition(" - at `$")
    parts = where.rstrip("`").replace("[", ".").replace("]", "").split(".")
    whole = (*path, *(int(part) if part.isdigit() else part for part in parts if part))
    summary = f"{path_text(whole)}: {words[:1].lower()}{words[1:]}"
    return whole, Problem(Code.WRONG_FORM, summary, hint="`mlinfra schema` shows what is expected")
