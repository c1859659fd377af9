"""Machine names: instance types as a stack writes them, held against those that the package knows.

A name that cannot be one is a mistake, and need not wait for EC2 to say so. One that can be, and is not known here, may
be newer than this version: it is said that nothing about it was checked. Called by `scrutiny`; pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlinfra.aws.machines import is_known, known_types
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.stack import Stack
from mlinfra.core.value import Path
from mlinfra.documents.near import near
from mlinfra.session.codes import Code

# EC2 user guide, "Naming conventions" (November 2026): family, generation and options; then the size.
_NAME = re.compile(
    r"[a-z]{1,4}[0-9]{0,2}[a-z0-9]*(-[a-z0-9]+)?\.(nano|micro|small|medium|large|[0-9]*xlarge|metal(-[0-9]+xl)?)"
)
_LETTERS = re.compile("[a-z]+")
_FEW = 6  # names in a hint
_FORM = "types are called like m6i.large: family, dot, size"
_ALONE, _SEVERAL = "instanceType", "instanceTypes"


def machines_of_groups(stack: Stack) -> Iterator[Diagnostic]:
    """Of node groups: an error for each name that cannot be one, a warning for each that is not known."""
    return _findings(stack, _of_groups(stack))


def machines_of_resources(stack: Stack) -> Iterator[Diagnostic]:
    """The same of what stands under `resources`, about which no region is asked."""
    return _findings(stack, _of_resources(stack))


def _findings(stack: Stack, names: Iterable[tuple[Path, str]]) -> Iterator[Diagnostic]:
    for path, name in names:
        if is_known(name):
            continue
        found = near(name, known_types())
        source = stack.positions.at(path)
        if not _NAME.fullmatch(name):
            yield Diagnostic(
                code=Code.NO_MACHINE,
                summary=f"no instance type is called {name}",
                source=source,
                hint=f"did you mean {found}?" if found else _relatives(name),
            )
        else:
            yield Diagnostic(
                severity=Severity.WARNING,
                code=Code.UNKNOWN_MACHINE,
                summary=f"{name} is an instance type that this version does not know: nothing about it was checked",
                source=source,
                hint=f"did you mean {found}? If it is a new one, all is well" if found else "a plan asks the region",
            )


def _relatives(name: str) -> str:
    """The sizes of its family, or where there is none of that name the newest families of its first letters."""
    family, letters = name.partition(".")[0], _LETTERS.match(name)
    if sizes := sorted(one for one in known_types() if one.startswith(f"{family}.")):
        more = f" and {len(sizes) - _FEW} more" if len(sizes) > _FEW else ""
        return f"there is {', '.join(sizes[:_FEW])}{more}"
    alike = {one.partition(".")[0] for one in known_types() if letters and re.match(rf"{letters[0]}[0-9]", one)}
    newest = sorted(alike, key=_generation)[-_FEW:]
    return (f"there are the families {', '.join(newest)}; " if newest else "") + _FORM


def _generation(family: str) -> tuple[int, str]:
    return int("".join(re.findall("[0-9]+", family)[:1])), family


def _of_groups(stack: Stack) -> Iterator[tuple[Path, str]]:
    groups = stack.sections.get("nodeGroups")
    for name, group in groups.items() if isinstance(groups, Mapping) else ():
        written = group.get("instances") if isinstance(group, Mapping) else None
        yield from _texts(("nodeGroups", name, "instances"), written)


def _of_resources(stack: Stack) -> Iterator[tuple[Path, str]]:
    for name, one in stack.resources.items():
        if one.type.startswith("aws:"):
            yield from _below(("resources", name, "properties"), one.properties)


def _below(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == _ALONE:
                yield from _texts((*path, key), [item], alone=True)
            elif key == _SEVERAL:
                yield from _texts((*path, key), item)
            elif isinstance(key, str):
                yield from _below((*path, key), item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _below((*path, index), item)


def _texts(path: Path, value: Any, *, alone: bool = False) -> Iterator[tuple[Path, str]]:
    for index, item in enumerate(value) if isinstance(value, list | tuple) else ():
        if isinstance(item, str):
            yield (path if alone else (*path, index)), item
