"""Comparing bills: what each thing that is paid for comes to more or less than before, and what is paid no more.

`cost` calls it. The same thing may be said in other words, since they hold how many there are. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.cost import Amount, CostLine
from mlinfra.core.resource import Move

_EXPECTED = re.compile(r" \((now [\d,]+|[\d,]+ at first)\)")
_COUNTS = re.compile(r"(?<![\w.-])[\d,]+(?![\w.-])")  # and not the digits of a name such as m6i.large


def compared(lines: Iterable[CostLine], before: Iterable[CostLine]) -> tuple[list[CostLine], list[CostLine]]:
    """The lines with their change, and those of before that none of them is; both the dearest first."""
    earlier: defaultdict[tuple[Address, str], list[CostLine]] = defaultdict(list)
    for line in before:
        earlier[_thing(line)].append(line)
    found = [_changed(line, earlier[_thing(line)]) for line in lines]
    gone = [line for rest in earlier.values() for line in rest]
    return sorted(found, key=_dearest), sorted(map(_gone, gone), key=_dearest)


def renamed(lines: Iterable[CostLine], moves: Iterable[Move], desired: Collection[Address]) -> Iterator[CostLine]:
    """The lines by the addresses that `moves` give them; moves of long ago mean nothing to what is `desired` itself."""
    stated = list(moves)
    for line in lines:
        move = next((one for one in stated if line.address.is_within(one.origin)), None)
        move = None if line.address in desired else move
        new = line.address.moved(move.origin, move.target) if move is not None else line.address
        yield msgspec.structs.replace(line, address=new)


def _thing(line: CostLine) -> tuple[Address, str]:
    return line.address, _COUNTS.sub("*", _EXPECTED.sub("", line.what))


def _changed(line: CostLine, earlier: list[CostLine]) -> CostLine:
    """With its change since the first of `earlier`, which is taken from there."""
    same = next((one for one in earlier if one.what == line.what), earlier[0] if earlier else None)
    if same is not None:
        earlier.remove(same)
    return msgspec.structs.replace(line, change=line.monthly - (same.monthly if same is not None else Amount()))


def _gone(line: CostLine) -> CostLine:
    return msgspec.structs.replace(line, change=Amount() - line.monthly)


def _dearest(line: CostLine) -> tuple[object, ...]:
    return -line.monthly.maximum, line.address, line.what
