"""A module as the rest of the library sees it, and the contract that its `module.py` keeps.

Made by `folders` from what a file defines; run by `assembly`. Nothing here loads or runs anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import msgspec

from mlinfra.core.facts import Facts, Wants
from mlinfra.core.language import COMPONENTS
from mlinfra.library.check import Check
from mlinfra.library.contract import Contract, breaches
from mlinfra.library.place import Place
from mlinfra.library.schema import outputs_of, schema_of
from mlinfra.library.scope import Scope
from mlinfra.library.wish import Wish

D = TypeVar("D")
Build = Callable[[Scope, Any, Facts], msgspec.Struct]
Finish = Callable[[Scope, Any, Facts, Any], None]
Wishes = Callable[[Any, Facts], Iterable[Wish]]

# The sections whose modules put something onto a cluster, and say by contract what.
_BY_CONTRACT = ("runtimes", COMPONENTS)


class Nothing(msgspec.Struct, frozen=True):
    """The outputs of a module that has none."""


class Module(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One module.

    What describes it, its schema and outputs, is worked out when asked for: a stack uses few of the many modules.

    name: kebab-case, from its folder.
    summary: the first sentence of its docstring.
    build: makes the resources of one entry and answers its outputs; `None` while it cannot be planned yet.
    finish: called when all modules were built: for what must wait for others, such as add-ons that need nodes.
    wants: the facts that an entry needs.
    needs: the kinds of outputs that it asks others for; they are built first.
    moved: former local names and the present ones, within each entry.
    uses: the components that it may want. wishes: which of those one entry wants; without it, all.
    contract: what it brings onto a cluster. checks: what its fields may have against each other.
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
    uses: tuple[str, ...] = ()
    wishes: Wishes | None = None
    contract: Contract | None = None
    checks: tuple[Check, ...] = ()

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of one entry. Raises `TypeError` where the fields have types that cannot be used."""
        return _usable(schema_of, self.inputs)

    @cached_property
    def output_descriptions(self) -> Mapping[str, str]:
        """The outputs that `${...}` may name. Raises `TypeError` where the fields have types that cannot be used."""
        return _usable(outputs_of, self.outputs)

    def described(self) -> Module:
        """The same, with both worked out. Raises `TypeError` as they do."""
        _ = self.schema, self.output_descriptions
        return self

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
        uses=tuple(getattr(defined, "USES", ())),
        wishes=getattr(defined, "wishes", None),
        contract=getattr(defined, "CONTRACT", None),
        checks=tuple(getattr(defined, "CHECKS", ())),
    )


def _usable(describe: Callable[[type[msgspec.Struct]], D], fields: type[msgspec.Struct]) -> D:
    """What the types of the fields say; msgspec looks at them here for the first time."""
    try:
        return describe(fields)
    except (TypeError, NameError) as error:
        raise TypeError(f"the fields of its Inputs or Outputs have types that cannot be used: {error}") from error


def _breaches(defined: ModuleType) -> Iterator[str]:
    if not isinstance(getattr(defined, "SECTION", None), Place):
        yield 'it defines no SECTION; expected SECTION = Place("...")'
    if not _is_struct(getattr(defined, "Inputs", None)):
        yield "it defines no Inputs; expected class Inputs(Block, frozen=True, kw_only=True)"
    if hasattr(defined, "build") and not _is_struct(getattr(defined, "Outputs", None)):
        yield "it defines build and no Outputs; expected a msgspec.Struct, or one of mlinfra.library.outputs"
    if not all(_is_struct(need) for need in getattr(defined, "NEEDS", ())):
        yield "NEEDS holds something that is no kind of outputs; expected those of mlinfra.library.outputs"
    if not all(isinstance(check, Check) for check in getattr(defined, "CHECKS", ())):
        yield 'CHECKS holds something that is no Check; expected Check(function, ("min", "max"))'
    for name, count in (("build", 3), ("finish", 4), ("wants", 1), ("wishes", 2)):
        function = getattr(defined, name, None)
        if function is not None and not _takes(function, count):
            yield f"{name} does not take {count} arguments"
    yield from _breaches_of_contract(defined)


def _breaches_of_contract(defined: ModuleType) -> Iterator[str]:
    contract, place = getattr(defined, "CONTRACT", None), getattr(defined, "SECTION", None)
    if contract is not None and not isinstance(contract, Contract):
        yield "its CONTRACT is no Contract"
    elif contract is not None:
        yield from breaches(contract)
    elif isinstance(place, Place) and place.section in _BY_CONTRACT and hasattr(defined, "build"):
        yield "it puts something onto clusters and has no CONTRACT; expected CONTRACT = Contract(...)"


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
