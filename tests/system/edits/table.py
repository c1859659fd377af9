"""The table of edits: what each service's file declares, and how it is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlinfra.core.property import Kind, Property

from ..things import Thing

Edit = Callable[[Thing], object]
Edits = Mapping[str, Mapping[str, Edit]]  # by token, by property path
Deletes = Mapping[str, Edit]  # by token
Exceptions = Mapping[str, Mapping[str, str]]  # by token, by property path: why it cannot be edited

Places = Mapping[str, Mapping[str, str]]  # by token, by path: on which object alone it can be done
Along = Mapping[str, Mapping[str, tuple[str, ...]]]  # by token, by path edited: what AWS changes along with it

IMMUTABLE = "immutable: no call of AWS changes it once the object is there"
IDENTITY = "identity: an object with another one is another object"


def leaves(declared: Property, path: str = "") -> Iterator[tuple[str, Property]]:
    """Every property below `declared` that has no declared parts of its own, by path: `taints[].value`."""
    if declared.kind is Kind.BLOCK and declared.fields and not declared.initial and not declared.write_only:
        for name, field in declared.fields.items():
            yield from leaves(field, f"{path}.{name}" if path else name)
    elif declared.items is not None and declared.items.kind is Kind.BLOCK and not declared.write_only:
        yield from leaves(declared.items, f"{path}[]")
    else:
        yield path, declared


def unread(declared: Property) -> str:
    """Why a property is never compared with what is observed; "" where it is."""
    if declared.initial:
        return "initial: set at creation, others own it afterwards"
    return "write-only: AWS never shows it" if declared.write_only else ""


def edit(service: str, operation: str, id: str = "", **params: Any) -> Edit:
    """One call. `id` names the parameter that takes the object's id; parameters that are functions get the thing."""

    def make(thing: Thing) -> object:
        given = {name: value(thing) if callable(value) else value for name, value in params.items()}
        if id:
            given[id] = thing.id
        return getattr(thing.client(service), operation)(**given)

    return make


def of(*path: Any) -> Callable[[Thing], Any]:
    """What stands at `path` of the thing's inputs."""

    def look(thing: Thing) -> Any:
        value: Any = thing.inputs
        for part in path:
            value = value[part]
        return value

    return look


def out(name: str) -> Callable[[Thing], Any]:
    """An output of the thing."""
    return lambda thing: thing.outputs[name]
