"""Together: what properties of one object say of each other, where AWS's models know each by itself alone.

Declarations give these as `against` (`mlinfra/providers/aws/offline.py`). What is not known yet is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from mlinfra.core.value import Path, Properties

Against: TypeAlias = Callable[[Properties], Iterator[tuple[Path, str]]]


def only_with(mode: str, meant: Mapping[str, str], default: str = "") -> Against:
    """Each property is for objects with one value of `mode`: `{"partitionCount": "partition"}`."""

    def against(properties: Properties) -> Iterator[tuple[Path, str]]:
        chosen = properties.get(mode, default)
        for name, wanted in meant.items():
            if isinstance(chosen, str) and chosen != wanted and properties.get(name) is not None:
                yield (name,), f"is for those with {mode}: {wanted}, and this one has {chosen or 'none'}"

    return against


def needed_with(mode: str, value: str, name: str) -> Against:
    """Objects with this value of `mode` must say `name`."""

    def against(properties: Properties) -> Iterator[tuple[Path, str]]:
        if properties.get(mode) == value and properties.get(name) is None:
            yield (mode,), f"is {value}, which needs {name} beside it"

    return against


def no_more_than(name: str, bound: str) -> Against:
    """The number `name` is at most the number `bound`."""

    def against(properties: Properties) -> Iterator[tuple[Path, str]]:
        number, most = properties.get(name), properties.get(bound)
        if isinstance(number, int) and isinstance(most, int) and number > most:
            yield (name,), f"is {number}, and may be {most}, the number of {bound}, at most"

    return against


def all_of(*rules: Against) -> Against:
    """What any of them has against it."""

    def against(properties: Properties) -> Iterator[tuple[Path, str]]:
        for rule in rules:
            yield from rule(properties)

    return against
