"""Borrowing: what the changes of a plan are built upon and its stack does not make, by its literal id, name or ARN.

The adviser asks whether it is there. Pure: which properties name other objects is declared with each type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlinfra.advice.borrowed import Borrowed
from mlinfra.advice.tokens import NAMING
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.property import Property
from mlinfra.core.resource import Graph
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.value import Value

_MAKES = frozenset({Action.CREATE, Action.REPLACE})


def borrowings(plan: Plan, graph: Graph, types: Mapping[str, ResourceType]) -> Iterator[Borrowed]:
    """All that is named where something is made, or changed to name it."""
    for change in plan.pending():
        if change.action not in _MAKES and change.action is not Action.UPDATE:
            continue
        properties, declared = graph.resources[change.address].properties, types[change.type].inputs.fields
        for name in _touched(change, properties):
            value = properties[name]
            found = list(_named(declared[name], value)) if name in declared else []
            if name == NAMING.get(change.type) and isinstance(value, str) and not found:
                found = [("", value)]
            yield from (Borrowed(change.address, named, token) for token, named in found)


def _touched(change: Change, properties: Mapping[str, Value]) -> list[str]:
    """The properties of which something is new."""
    changed = {field.path[0] for field in change.fields}
    return [name for name in properties if change.action in _MAKES or name in changed]


def _named(declared: Property, value: Value) -> Iterator[tuple[str, str]]:
    """The type and the identity of everything that a value names in plain text: references are of the stack itself."""
    if isinstance(value, str):
        if declared.refers and value:
            yield declared.refers, value
    elif isinstance(value, dict):
        for key, item in value.items():
            below = declared.below(key) if isinstance(key, str) else None
            if below is not None:
                yield from _named(below, item)
    elif isinstance(value, list) and declared.items is not None:
        for item in value:
            yield from _named(declared.items, item)
