"""A module as the rest of the library sees it, and the contract that its `module.py` keeps.

Made by `folders` from what a file defines; run by `assembly`. Nothing here loads or runs anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from mlinfra.core.facts import Facts, Wants
from mlinfra.library.place import Place
from mlinfra.library.schema import outputs_of, schema_of
from mlinfra.library.scope import Scope

Build = Callable[[Scope, Any, Facts], msgspec.Struct]
Finish = Callable[[Scope, Any, Facts, Any], None]


class Nothing(msgspec.Struct, frozen=True):
    """The outputs of a module that has none."""


class Module(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One module.

    name: kebab-case, from its folder.
    summary: the first sentence of its docstring.
    build: makes the resources of one entry and answers its outputs; `None` while it cannot be planned yet.
    finish: called when all modules were built: for what must wait for others, such as add-ons that need nodes.
    wants: the facts that an entry needs.
    needs: the kinds of outputs that it asks others for; they are built first.
    moved: former local names and the present ones, within each entry.
    """

    name: str
    folder: Path
    summary: str
    place: Place
    inputs: type[msgspec.Struct]
    outputs: type[msgspec.Struct] = Nothing
    needs: tuple[type[msgspec.Struct], ...] = ()
    build: Build | None = None
    finish: Finish | None = None
    wants: Callable[[Any], Wants] | None = None
    moved: tuple[tuple[str, str], ...] = ()

    @property
    def section(self) -> str:
        """The section that it implements, or a part of."""
        return self.place.section

    @property
    def many(self) -> bool:
        """Whether the section holds named entries of this module."""
        return self.place.many

    @property
    def built(self) -> bool:
        """Whether it can be planned."""
        return self.build is not None

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one entry."""
        return schema_of(self.inputs)

    @cached_property
    def output_descriptions(self) -> dict[str, str]:
        """The outputs that `${...}` may name."""
        return outputs_of(self.outputs)


def module_of(name: str, folder: Path, defined: ModuleType) -> Module:
    """The module that `module.py` defines. Raises `TypeError`, one sentence a line, where it breaks the contract."""
    if breaches := list(_breaches(defined)):
        raise TypeError("\n".join(breaches))
    return Module(
        name=name,
        folder=folder,
        summary=inspect.cleandoc(defined.__doc__ or "").partition("\n")[0],
        place=defined.SECTION,
        inputs=defined.Inputs,
        outputs=getattr(defined, "Outputs", Nothing),
        needs=tuple(getattr(defined, "NEEDS", ())),
        build=getattr(defined, "build", None),
        finish=getattr(defined, "finish", None),
        wants=getattr(defined, "wants", None),
        moved=tuple(getattr(defined, "MOVED", ())),
    )


def _breaches(defined: ModuleType) -> Iterator[str]:
    if not isinstance(getattr(defined, "SECTION", None), Place):
        yield 'it defines no SECTION; expected SECTION = Place("...")'
    if not _is_struct(inputs := getattr(defined, "Inputs", None)):
        yield "it defines no Inputs; expected class Inputs(Block, frozen=True, kw_only=True)"
    elif complaint := _complaint(inputs):
        yield f"its Inputs cannot be read from a stack file: {complaint}"
    if hasattr(defined, "build") and not _is_struct(getattr(defined, "Outputs", None)):
        yield "it defines build and no Outputs; expected a msgspec.Struct, or one of mlinfra.library.outputs"
    if not all(_is_struct(need) for need in getattr(defined, "NEEDS", ())):
        yield "NEEDS holds something that is no kind of outputs; expected those of mlinfra.library.outputs"
    for name, count in (("build", 3), ("finish", 4), ("wants", 1)):
        function = getattr(defined, name, None)
        if function is not None and not _takes(function, count):
            yield f"{name} does not take {count} arguments"


def _complaint(inputs: Any) -> str:
    """What msgspec says against the types of the fields, which it looks at when they are first needed."""
    try:
        msgspec.json.Decoder(inputs)
    except (TypeError, NameError) as error:
        return str(error)
    return ""


def _is_struct(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, msgspec.Struct)


def _takes(function: Any, count: int) -> bool:
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    return True
