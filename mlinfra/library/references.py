"""References: what `${section.name.output}` stands for once modules were built.

Called by `assembly` for raw resources and outputs. Looks at nothing but what the modules gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.value import Expression, Path, Ref, Value, at, path_text, resolve
from mlinfra.library.codes import Code
from mlinfra.library.problem import Problem

# Outputs of other stacks; those that are left could not be read, and stay symbolic.
_OTHER_STACKS = "stacks"


class References:
    """Puts values in the place of references.

    outputs: of each entry, by its address. raw: the addresses of the stack's own resources, whose references stay.
    failed: entries that could not be built, about which enough was said already.
    """

    def __init__(
        self, outputs: Mapping[Address, msgspec.Struct], raw: Iterable[Address], failed: Iterable[Address]
    ) -> None:
        self._outputs = outputs
        self._raw = frozenset(raw)
        self._failed = frozenset(failed)
        self.problems: list[Problem] = []

    def replace(self, value: Value, path: Path) -> Value:
        """`value` with each reference replaced; `path` is where it stands, for the problems."""
        if isinstance(value, Expression):
            return resolve(value, lambda found: self._lookup(found, path))
        if isinstance(value, dict):
            return {
                self.replace(key, path) if isinstance(key, Expression) else key: self.replace(item, (*path, key))
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(self.replace(item, (*path, index)) for index, item in enumerate(value))
        return value

    def _lookup(self, found: Expression, path: Path) -> Value:
        if not isinstance(found, Ref) or found.address in self._raw or found.address.section == _OTHER_STACKS:
            return found
        entry, rest = self._entry(found)
        if any(entry.is_within(one) for one in self._failed):
            return found
        if entry not in self._outputs:
            known = [*self._outputs, *self._raw]
            return self._unknown(found, path, f"the stack has no {found.address}", found.address, known)
        outputs = _named(self._outputs[entry])
        name = str(rest[0]) if rest else ""
        if name not in outputs:
            return self._unknown(found, path, f"{entry} has no output {name!r}", name, list(outputs))
        if outputs[name] is None:
            return self._unknown(found, path, f"{entry} has no {name} in this stack", "", ())
        return self._below(found, outputs[name], rest[1:], path)

    def _entry(self, found: Ref) -> tuple[Address, Path]:
        """The entry meant: the address itself, or the part of a section that the path begins with."""
        if found.address not in self._outputs and found.path and isinstance(found.path[0], str):
            part = f"{found.address}.{found.path[0]}"
            if part in self._outputs or part in self._failed:
                return Address(part), found.path[1:]
        return found.address, found.path

    def _below(self, found: Ref, value: Value, rest: Path, path: Path) -> Value:
        if isinstance(value, Ref):
            return Ref(value.address, (*value.path, *rest)) if rest else value
        try:
            return at(value, rest)
        except LookupError:
            return self._unknown(found, path, f"there is nothing at {path_text(rest)} of {found.address}", "", ())

    def _unknown(self, found: Ref, path: Path, summary: str, name: str, known: Iterable[str]) -> Ref:
        names = sorted(known)
        near = get_close_matches(name, names, n=3) or names
        hint = f"there is {', '.join(near)}" if near else ""
        self.problems.append(Problem(Code.REFERENCE_TO_NOTHING, summary, at=path, hint=hint))
        return found


def _named(outputs: msgspec.Struct) -> dict[str, Value]:
    names = zip(outputs.__struct_encode_fields__, outputs.__struct_fields__, strict=True)
    return {outside: getattr(outputs, inside) for outside, inside in names}
