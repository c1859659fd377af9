"""The arithmetic of rolling updates: how many pods of the new and of each old template there should be next. Pure.

After the Deployment controller of kubernetes/kubernetes (pkg/controller/deployment, 1.36, read November 2026). Two
promises hold at every step: never more than `replicas + surge` pods are wanted, and never are available ones given up
below `replicas - unavailable`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """How far a rollout may go beyond, and fall short of, the pods wanted."""

    surge: int
    unavailable: int


class Set(msgspec.Struct, frozen=True):
    """A ReplicaSet in numbers: its name, the pods it is told to have, and those that are available."""

    name: str
    wanted: int
    available: int


def limits(replicas: int, max_surge: int | str = "25%", max_unavailable: int | str = "25%") -> Limits:
    """Resolve percentages: surge rounds up, unavailable down; where both are none, one may be unavailable."""
    surge = resolve(max_surge, replicas, up=True)
    unavailable = resolve(max_unavailable, replicas, up=False)
    return Limits(surge, min(unavailable, replicas) if surge or unavailable else 1)


def resolve(value: int | str, total: int, *, up: bool) -> int:
    """Read an IntOrString: a number, or a percentage of a total."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total
        return math.ceil(share / 100) if up else share // 100
    return int(value)


def next_new(replicas: int, bounds: Limits, new: Set, old: Sequence[Set]) -> int:
    """How many pods the new set is told to have next."""
    if new.wanted > replicas:
        return replicas
    room = replicas + bounds.surge - new.wanted - sum(item.wanted for item in old)
    return new.wanted + max(0, min(room, replicas - new.wanted))


def next_old(replicas: int, bounds: Limits, new: Set, old: Sequence[Set]) -> dict[str, int]:
    """How many pods each old set, oldest first, is told to have next: unavailable ones go first."""
    least = replicas - bounds.unavailable
    total = new.wanted + sum(item.wanted for item in old)
    budget = total - least - (new.wanted - min(new.available, new.wanted))
    counts = {item.name: item.wanted for item in old}
    for item in old:
        useless = min(max(0, item.wanted - item.available), max(0, budget))
        counts[item.name] -= useless
        budget -= useless
    spare = new.available + sum(min(item.available, counts[item.name]) for item in old) - least
    for item in old:
        cut = max(0, min(counts[item.name], spare))
        counts[item.name] -= cut
        spare -= cut
    return counts


def proportional(replicas: int, bounds: Limits, sets: Sequence[Set]) -> dict[str, int]:
    """Spread a change of `replicas` in the middle of a rollout over all sets, by their size; the newest is last."""
    total = sum(item.wanted for item in sets)
    allowed = replicas + bounds.surge if replicas else 0
    difference = allowed - total
    counts = {item.name: item.wanted for item in sets}
    left = difference
    order = sorted(sets, key=lambda item: item.wanted, reverse=True)
    for item in order:
        share = round(item.wanted * difference / total) if total else 0
        share = max(min(share, left), 0) if difference > 0 else min(max(share, left), 0)
        counts[item.name] = max(0, item.wanted + share)
        left -= counts[item.name] - item.wanted
    for item in order:  # what rounding left over goes to the largest
        change = left if left > 0 else max(left, -counts[item.name])
        counts[item.name] += change
        left -= change
    return counts
