"""Open capacity: machines that find their place in open capacity reservations, which count against a quota already.

A machine that matches an open reservation (type, zone, platform) runs in it, whether it is there before the
reservation or comes after, and then the two count once (EC2 user guide, "Create a Capacity Reservation", 2026).
Only what is certain is answered: a group of one type, by as many of its machines as each of its zones gets at least.
Pure; the vCPU checks call it.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from mlinfra.advice.demand import Demand, GroupDemand
from mlinfra.advice.machine_groups import Buying, MachineGroup
from mlinfra.advice.supply import Running, Supply, Unasked
from mlinfra.core.address import Address


class Covered(msgspec.Struct, frozen=True):
    """How many of the fewest (or of the first) and of the most machines of a group need no more of a quota.

    met: of a reservation that is to be made, how many machines run in it at once.
    """

    fewest: int = 0
    most: int = 0
    met: int = 0

    @property
    def words(self) -> str:
        """How many, in words; empty for none."""
        if not self.most:
            return ""
        return f"{self.most:,}" if self.fewest == self.most else f"{self.fewest:,} to {self.most:,}"


def covered(demand: Demand, supply: Supply) -> dict[Address, Covered]:
    """What of each group runs in open reservations."""
    fewest, most = _OpenCapacity(demand, supply), _OpenCapacity(demand, supply)
    # Reservations first: what runs already fills those that are to be made.
    ordered = sorted(demand.groups, key=lambda one: one.nodes)
    found = {
        one.group.address: Covered(fewest.take(one, max(one.group.minimum, 1)), most.take(one, one.group.maximum))
        for one in ordered
    }
    for one in ordered:
        mine = found[one.group.address]
        met = 0 if one.nodes else mine.fewest + fewest.met[_kind(one)]
        found[one.group.address] = msgspec.structs.replace(mine, met=met)
    return found


def found_at_once(one: GroupDemand, supply: Supply, more: int) -> int:
    """How many of `more` machines of a group, spread over its zones, find a place in what is unused now."""
    zones = _zones(one, supply)
    if not _is_certain(one) or not zones:
        return 0
    unused = _unused(supply)
    return sum(min(unused[one.group.types[0], zone], more // len(zones)) for zone in zones)


def _is_certain(one: GroupDemand) -> bool:
    """Whether it is known what machines come, and that they take what is set aside."""
    return one.group.open and one.group.buying is Buying.ON_DEMAND and len(one.group.types) == 1


def _unused(supply: Supply) -> Counter[tuple[str, str]]:
    found = Counter[tuple[str, str]]()
    for held in () if isinstance(supply.reservations, Unasked) else supply.reservations.values():
        found[held.type, held.zone] += held.available if held.fills else 0
    return found


def _zones(one: GroupDemand, supply: Supply) -> list[str]:
    """Of its subnets; none where they are not all known."""
    there = {} if isinstance(supply.subnets, Unasked) else supply.subnets
    zones = {place.zone or (there[place.id].zone if place.id in there else "") for place in one.places}
    return sorted(zones) if "" not in zones else []


def _kind(one: GroupDemand) -> tuple[str, str]:
    return one.group.types[0], one.places[0].zone if one.places else ""


class _OpenCapacity:
    """What is left of it, by type and zone: unused of what is there, to be made, and what runs outside of any."""

    def __init__(self, demand: Demand, supply: Supply) -> None:
        self._supply = supply
        self._running = () if isinstance(supply.running, Unasked) else supply.running
        self._unused = _unused(supply)
        self._coming = Counter[tuple[str, str]]()
        self.met = Counter[tuple[str, str]]()
        own = {(one.group.cluster, one.group.name) for one in demand.groups if one.group.name}
        own |= {one.group.former for one in demand.groups if one.group.former[1]}
        others = (one for one in self._running if (one.cluster, one.group) not in own)
        self._loose = Counter((one.type, one.zone) for one in others if one.matches and not one.reserved)

    def take(self, one: GroupDemand, count: int) -> int:
        """Let `count` machines of a group find their places; how many do."""
        if not _is_certain(one):
            return 0
        if not one.nodes:
            return self._set_aside(one, count)
        zones = _zones(one, self._supply)
        found = sum(self._in_zone(one.group, zone, count, len(zones)) for zone in zones)
        return min(found, count)

    def _set_aside(self, one: GroupDemand, count: int) -> int:
        """A reservation that is to be made, and the machines of others that will run in it."""
        kind = _kind(one)
        filled = min(count, self._loose[kind])
        self._loose[kind] -= filled
        self._coming[kind] += count - filled
        return filled

    def _in_zone(self, group: MachineGroup, zone: str, count: int, zones: int) -> int:
        """Auto Scaling spreads evenly: each zone gets its share at least, or what it has of `count` already."""
        kind = group.types[0], zone
        own = self._own(group, zone)
        there = max(count // zones, min(len(own), count))
        new = min(self._unused[kind], max(0, there - len(own)))
        more = min(self._coming[kind], max(0, there - sum(one.reserved for one in own) - new))
        self._unused[kind] -= new
        self._coming[kind] -= more
        self.met[kind] += more
        return new + more

    def _own(self, group: MachineGroup, zone: str) -> list[Running]:
        if not group.name:
            return []
        mine = group.cluster, group.name
        return [one for one in self._running if (one.cluster, one.group) == mine and one.zone == zone]
