"""Raw resources: the entries of `resources`, any type by its token, beside what modules make.

Called by `assembly` once all modules were built.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from mlinfra.core.address import Address
from mlinfra.core.resource import Resource
from mlinfra.core.stack import RawResource
from mlinfra.core.value import Path
from mlinfra.library.codes import Code
from mlinfra.library.problem import Problem, RefusedError
from mlinfra.library.references import References
from mlinfra.library.scope import Gathering

RESOURCES = "resources"


class RawResources:
    """Makes resources of the entries.

    modules: the entries of other sections, built or not; what depends on one depends on all that it made.
    """

    def __init__(self, gathering: Gathering, modules: Collection[Address], references: References) -> None:
        self._stack = gathering.stack
        self._connection = gathering.connection
        self._modules = modules
        self._references = references
        raw = (Address(f"{RESOURCES}.{name}") for name in self._stack.resources)
        self._known = sorted({*gathering.resources, *raw})

    def resource(self, name: str, raw: RawResource) -> Resource:
        """One entry. Raises `RefusedError` where it cannot be made."""
        path = (RESOURCES, name)
        source = self._stack.positions.at(path)
        if raw.connection or not raw.type.startswith("aws:"):
            summary = f"{'.'.join(path)} is of type {raw.type}, for which there is no connection yet"
            problem = Problem(Code.NO_CONNECTION, summary, hint="today types of aws: can be made")
            raise RefusedError((problem.diagnostic(source),))
        address = Address(".".join(path))
        depends_on = dict.fromkeys(self._named((*path, "dependsOn"), raw.depends_on))
        return Resource(
            address=address,
            type=raw.type,
            properties=self._references.replace(raw.properties, (*path, "properties")),
            connection=self._connection,
            depends_on=tuple(one for one in depends_on if one != address),
            source=source,
        )

    def _named(self, path: Path, names: Iterable[str]) -> Iterator[Address]:
        """The resources at or below each name."""
        for index, name in enumerate(names):
            found = self._within(name)
            if not found and not any(entry.is_within(name) for entry in self._modules):
                near = get_close_matches(name, self._known, n=3)
                hint = f"there is {', '.join(near)}" if near else "name a section, an entry, or an address"
                problem = Problem(
                    Code.DEPENDS_ON_NOTHING, f"dependsOn names {name}, which the stack does not have", hint=hint
                )
                raise RefusedError((problem.diagnostic(self._stack.positions.at((*path, index))),))
            yield from found

    def _within(self, name: str) -> list[Address]:
        """What is at `name` or below it. In the order of text, all that begins with "name." stands together."""
        here = bisect_left(self._known, name)
        found = [self._known[here]] if here < len(self._known) and self._known[here] == name else []
        below = slice(bisect_left(self._known, f"{name}."), bisect_left(self._known, f"{name}/"))
        return [*found, *self._known[below]]
