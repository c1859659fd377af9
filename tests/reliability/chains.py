"""Random chains of stacks: each holds some of the five small stacks, each in any of its forms."""

from __future__ import annotations

import random
from typing import Any

from mlinfra.sandbox.faults import FaultKind, FaultRule, When

from .stacks import FORMS, Document, document


def chain(dice: random.Random) -> list[Document]:
    """Up to three stacks that follow one another."""
    found: list[Document] = []
    upgraded = False
    for _ in range(dice.randint(1, 3)):
        stack, upgraded = _any_stack(dice, upgraded)
        found.append(stack)
    return found


def _any_stack(dice: random.Random, upgraded: bool) -> tuple[Document, bool]:
    """One stack, and whether it has a cluster of the newer version: EKS takes none down by two minor versions."""
    resources: dict[str, Any] = {}
    names = dice.sample(["access", "network", "security", "cluster"], dice.randint(0, 3))
    newer = False
    for name in names:
        number = dice.randint(0, 2)
        if name == "cluster":
            number = max(number, int(upgraded))
            newer = number > 0
        resources |= _renamed(name, (FORMS[name].first, FORMS[name].updated, FORMS[name].replaced)[number])
    registries = {key: {"keepLast": dice.randint(1, 9)} for key in dice.sample(["one", "two"], dice.randint(0, 2))}
    return document("chain", resources=resources, registries=registries), newer


def _renamed(prefix: str, stack: Document) -> dict[str, Any]:
    """The resources of a stack under names that no other stack has, the references among them included."""
    return {f"{prefix}-{name}": _prefixed(entry, prefix) for name, entry in stack["resources"].items()}


def _prefixed(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {key: _prefixed(item, prefix) for key, item in value.items()}
    if isinstance(value, list):
        return [_prefixed(item, prefix) for item in value]
    if isinstance(value, str):
        whole = value.removeprefix("resources.")
        named = f"resources.{prefix}-{whole}" if whole != value else value
        return named.replace("${resources.", f"${{resources.{prefix}-")
    return value


def any_fault(dice: random.Random) -> FaultRule:
    """One thing that goes wrong: at one call, or at one of twenty."""
    kind = dice.choice([FaultKind.THROTTLE, FaultKind.ERROR, FaultKind.RESET, FaultKind.TIMEOUT, FaultKind.KILL])
    when = dice.choice([When.BEFORE, When.AFTER])
    if kind is FaultKind.THROTTLE:  # what is throttled has not been done
        when = When.BEFORE
    if kind is FaultKind.KILL or dice.random() < 0.5:
        return FaultRule(kind=kind, mutating=True, when=when, skip=dice.randint(0, 25), count=1, seconds=0.05)
    return FaultRule(kind=kind, when=when, probability=0.05, seed=dice.randint(0, 1 << 30), seconds=0.05)
