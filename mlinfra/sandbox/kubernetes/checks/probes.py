"""Probes: each has one way to ask, and counts of successes that make sense for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.sandbox.kubernetes.errors import FieldError, forbidden_field, invalid_field, missing_field
from mlinfra.sandbox.kubernetes.values import Object

_WAYS = ("exec", "httpGet", "tcpSocket", "grpc")


def check(probe: Object, path: str) -> Iterator[FieldError]:
    """Give what is wrong with a probe; its path tells what it is for."""
    ways = [way for way in _WAYS if probe.get(way) is not None]
    if not ways:
        yield missing_field(path, "must specify a handler type")
    for way in ways[1:]:
        yield forbidden_field(f"{path}.{way}", "may not specify more than 1 handler type")
    if probe.get("exec") is not None and not probe["exec"].get("command"):
        yield missing_field(f"{path}.exec.command")
    if not path.endswith(".readinessProbe") and probe.get("successThreshold", 1) not in (0, 1):
        yield invalid_field(f"{path}.successThreshold", probe["successThreshold"], "must be 1")
