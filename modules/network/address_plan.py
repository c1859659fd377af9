"""Which zone gets which addresses.

The place of a zone depends on its own letter alone, so that adding or removing a zone renumbers no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

import msgspec

from mlinfra.core.facts import Facts
from mlinfra.library import Problem
from mlinfra.library.codes import Code

# AWS allows VPCs of /16 to /28 and subnets down to /28 (VPC user guide, "VPC CIDR blocks", November 2026). A zone
# gets an eighth of the range for its private subnet; the last two eighths, cut in four, hold the public ones.
_WIDEST, _NARROWEST = 16, 23
_PRIVATE_BITS, _PUBLIC_BITS, _FIRST_PUBLIC = 3, 5, 24
_LETTERS = "abcdef"


class AddressPlan(msgspec.Struct, frozen=True):
    """The zones in use, and the range of each one's private and public subnet."""

    zones: tuple[str, ...]
    private: dict[str, str]
    public: dict[str, str]

    @classmethod
    def of(cls, cidr: str, zones: int | tuple[str, ...], facts: Facts) -> AddressPlan:
        """The plan for inputs that have no `zone_problems`."""
        whole = IPv4Network(cidr)
        names = facts.zones[:zones] if isinstance(zones, int) else tuple(sorted(zones))
        return cls(
            names,
            {zone: _part(whole, _PRIVATE_BITS, _LETTERS.index(zone[-1])) for zone in names},
            {zone: _part(whole, _PUBLIC_BITS, _FIRST_PUBLIC + _LETTERS.index(zone[-1])) for zone in names},
        )


def _part(whole: IPv4Network, bits: int, index: int) -> str:
    prefix = whole.prefixlen + bits
    return f"{whole.network_address + (index << (32 - prefix))}/{prefix}"


def zone_problems(cidr: str, zones: int | tuple[str, ...], facts: Facts) -> Iterator[Problem]:
    """What is wrong with range and zones, taken together with what the region has."""
    try:
        whole = IPv4Network(cidr)
    except ValueError as error:
        hint = _range_hint(cidr)
        why = "it begins within one" if "host bits" in str(error) else str(error)
        yield Problem(Code.ADDRESS_RANGE, f"{cidr} is no address range: {why}", at=("cidr",), hint=hint)
    else:
        if not _WIDEST <= whole.prefixlen <= _NARROWEST:
            hint = f"choose /{_WIDEST} to /{_NARROWEST}; each zone's nodes get an eighth of it"
            yield Problem(Code.ADDRESS_RANGE, f"{cidr} cannot hold the subnets", at=("cidr",), hint=hint)
    yield from _count_problems(zones, facts) if isinstance(zones, int) else _name_problems(zones, facts)


def _range_hint(cidr: str) -> str:
    try:
        return f"write {IPv4Network(cidr, strict=False)}, in which it lies"
    except ValueError:
        return "write a range such as 10.40.0.0/16"


def _count_problems(count: int, facts: Facts) -> Iterator[Problem]:
    if count > len(facts.zones):
        summary = f"{count} zones are asked for, and {facts.region} has {len(facts.zones)}"
        yield Problem(Code.NETWORK_ZONES, summary, at=("zones",), hint=f"there is {', '.join(facts.zones)}")


def _name_problems(names: tuple[str, ...], facts: Facts) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in facts.zones or name[-1] not in _LETTERS:
            hint = f"there is {', '.join(facts.zones)}"
            summary = f"{facts.region} has no zone {name}"
            yield Problem(Code.NETWORK_ZONES, summary, at=("zones", index), hint=hint)
        elif name in names[:index]:
            yield Problem(Code.NETWORK_ZONES, f"the zone {name} is named twice", at=("zones", index), hint="keep one")
