"""The scene: what checks may look at, a whole stack with its resources by type and by reference.

`evaluation` makes one and hands it to every check. Nothing can be changed through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.resource import Graph, Resource
from mlinfra.core.stack import Stack
from mlinfra.core.value import Concat, Json, Path, Ref, Value
from mlinfra.documents.composed import composed_document
from mlinfra.documents.verdict import Verdict


class Breach(msgspec.Struct, frozen=True):
    """What a check has against one resource. `verdict` is `FAIL`, or `UNKNOWN` where only an apply can tell.

    words: what is wrong in this case, where the rule's message leaves it open. path: of the property, where it is one.
    """

    resource: Resource
    words: str = ""
    verdict: Verdict = Verdict.FAIL
    path: Path = ()


class Scene:
    """One stack."""

    def __init__(self, stack: Stack, graph: Graph, brought: Sequence[Resource] = ()) -> None:
        self.stack = stack
        self.graph = graph
        self.brought = tuple(brought)
        self._brought = frozenset(map(id, brought))
        self._by_type: dict[str, list[Resource]] = {}
        for resource in graph:
            self._by_type.setdefault(resource.type, []).append(resource)

    @property
    def types(self) -> Mapping[str, list[Resource]]:
        """All resources by type."""
        return self._by_type

    def of(self, *tokens: str) -> Iterator[Resource]:
        """The resources of these types."""
        for token in tokens:
            yield from self._by_type.get(token, ())

    def is_brought(self, resource: Resource) -> bool:
        """Whether it is an object that a chart brings. It stands at the address of its release."""
        return id(resource) in self._brought

    def named(self, value: Value) -> Resource | None:
        """The resource whose output `value` is; `None` where it is none of this stack's."""
        return self.graph.resources.get(value.address) if isinstance(value, Ref) else None


# What a rule names in `check`: asked once for all the resources that the rule matches.
Check: TypeAlias = Callable[[Scene, list[Resource], Mapping[str, Any]], Iterator[Breach]]


def many(value: Value) -> list[Value]:
    """A value that may be one or a list of them, as IAM writes everything, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def read_document(document: Value) -> Value:
    """What a JSON document holds: an expression where that is not known yet, `None` where it is none."""
    if isinstance(document, str):
        try:
            return msgspec.json.decode(document)
        except (msgspec.MsgspecError, RecursionError):
            return None
    if isinstance(document, Json):
        return document.content
    if isinstance(document, Concat):
        found = composed_document(document)
        return document if found is None else found
    return document


def stands_for(address: Address) -> tuple[str, ...]:
    """The path in the stack file of an address in `resources`; empty for all others."""
    return address.parts if address.section == "resources" and len(address.parts) == 2 else ()
