"""A copy that is to go again says when, and not in a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.documents.duration import format_duration, parse_duration
from mlinfra.policy.scene import Breach, Scene

_TTL = ("lifecycle", "ttl")


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for a stack without a time to live, or with a longer one than `given["most"]`."""
    most = parse_duration(given["most"])
    for stack in resources:
        ttl = stack.properties["lifecycle"].get("ttl")
        if not ttl:
            yield Breach(stack, "lifecycle.ttl is not set")
        elif parse_duration(ttl) > most:
            yield Breach(stack, f"lifecycle.ttl is {ttl}, which is more than {format_duration(most)}", path=_TTL)
