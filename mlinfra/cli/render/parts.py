"""Parts: what a change carries with it, a line for each kind of thing.

The objects of a release, and what a drain takes down. What is alike stands together: a release has a hundred objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mlinfra.cli.render.changes import DANGER, PARTICIPLE
from mlinfra.core.plan import Action, Part

_KEPT, _FROM, _CHART = "kept", "from", "Chart"


class Gathered(msgspec.Struct, frozen=True):
    """Parts of one kind to which the same happens; `names` without their kind, each with its note."""

    action: Action
    kind: str
    names: tuple[str, ...]

    @property
    def done(self) -> str:
        """What happens to them: `created`. What nothing happens to is kept; a chart is where the others are from."""
        if self.action is Action.NO_OP:
            return _FROM if self.kind == _CHART else _KEPT
        return PARTICIPLE[self.action]


def gathered(parts: Iterable[Part]) -> Iterator[Gathered]:
    """The parts by what happens, the most dangerous first, then by kind and name."""
    groups: dict[tuple[Action, str], list[str]] = {}
    for part in sorted(parts, key=lambda part: part.name):
        kind, _, name = part.name.partition(" ")
        groups.setdefault((part.action, kind), []).append((name or kind) + (f" ({part.note})" if part.note else ""))
    for action, kind in sorted(groups, key=lambda key: (DANGER.index(key[0]), key[1])):
        yield Gathered(action, kind, tuple(groups[(action, kind)]))


def changed(parts: Iterable[Part]) -> list[Part]:
    """The parts whose fields are told, by name."""
    return sorted((part for part in parts if part.fields), key=lambda part: part.name)
