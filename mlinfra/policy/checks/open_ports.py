"""No security group, all of its rules together, lets the internet reach a port behind which somebody can run code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.core.resource import Resource
from mlinfra.core.value import Concat, Expression, Path, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.listeners import LISTENERS, listeners_in
from mlinfra.policy.networks import is_world
from mlinfra.policy.scene import Breach, Scene, many

_ALL = frozenset({"-1", "all"})
_PORTLESS = frozenset({"icmp", "icmpv6", "1", "58"})
_LAST = 65535
_LISTED = Concat(("",))


class _Door(msgspec.Struct, frozen=True):
    """What one rule lets in: from where, and to which ports. `sure`: whether protocol and ports are known."""

    rule: Resource
    path: Path
    ranges: tuple[Value, ...]
    ports: frozenset[int]
    sure: bool


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each rule that, alone or with others of its group, opens one of the ports in `listeners`."""
    groups: dict[str, list[_Door]] = {}
    for rule in resources:
        group = rule.properties.get("securityGroupId")
        key = rule.address if group is None else repr(group)
        groups.setdefault(key, []).extend(_doors(rule))
    for doors in groups.values():
        yield from _of_group(doors)


def _of_group(doors: list[_Door]) -> Iterator[Breach]:
    told: set[tuple[str, Path]] = set()
    for port in LISTENERS:
        to_port = [door for door in doors if port in door.ports]
        certain = [one for door in to_port if door.sure for one in door.ranges]
        possible = [one for door in to_port for one in door.ranges]
        found = max(is_world(certain), min(is_world(possible), Verdict.UNKNOWN))
        if found is Verdict.FAIL:
            continue
        for door in to_port:
            alone = is_world(door.ranges)
            if alone is not found and any(is_world(other.ranges) is found for other in to_port):
                continue  # somebody else is to blame
            key = (door.rule.address, door.path)
            if key not in told:
                told.add(key)
                verdict = Verdict.FAIL if found is Verdict.PASS else Verdict.UNKNOWN
                yield Breach(door.rule, _words(port, found, together=alone is Verdict.FAIL), verdict, door.path)


def _words(port: int, found: Verdict, *, together: bool) -> str:
    if found is Verdict.UNKNOWN:
        return f"who reaches port {port} ({LISTENERS[port]}) is not known yet"
    return f"port {port} ({LISTENERS[port]}) is open{' with the other rules of the group' if together else ''}"


def _doors(rule: Resource) -> Iterator[_Door]:
    """Those of a rule that is a resource, or of the rules within a group."""
    within = rule.properties.get("ingress")
    if within is None:
        yield _door(rule, (), rule.properties)
    for index, one in enumerate(many(within)):
        yield _door(rule, ("ingress", index), one if isinstance(one, dict) else {"cidrIpv4": one, "ipProtocol": "-1"})


def _door(rule: Resource, path: Path, said: Mapping[Any, Any]) -> _Door:
    ranges = [one for name in ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks") for one in many(said.get(name))]
    # A list of prefixes is kept by somebody, AWS or another team: nobody here knows what stands in it.
    ranges += [_LISTED for name in ("prefixListId", "prefixListIds") for _ in many(said.get(name))]
    protocol = said.get("ipProtocol", said.get("protocol"))
    first, last = said.get("fromPort"), said.get("toPort")
    if isinstance(protocol, str) and protocol.lower() in _PORTLESS:
        return _Door(rule, path, tuple(ranges), frozenset(), sure=True)
    if (isinstance(protocol, str | int) and str(protocol).lower() in _ALL) or first in (-1, None):
        first, last = 0, _LAST
    sure = not any(isinstance(one, Expression) for one in (protocol, first, last))
    ports = listeners_in(first if isinstance(first, int) else 0, last if isinstance(last, int) else _LAST)
    return _Door(rule, path, tuple(ranges), frozenset(ports), sure)
