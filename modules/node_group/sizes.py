"""How many nodes a group may have."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.library import Problem
from mlinfra.library.codes import Code


def size_problems(fewest: int, most: int) -> Iterator[Problem]:
    """Bounds that leave no room, or none at all."""
    if fewest > most:
        hint = f"lower min, or raise max to {fewest}"
        yield Problem(Code.GROUP_SIZE, f"min is {fewest} and max is {most}", at=("max",), hint=hint)
    elif most == 0:
        hint = "EKS wants room for one: set max to 1, or take the group out"
        yield Problem(Code.GROUP_SIZE, "the group could never have a node", at=("max",), hint=hint)
