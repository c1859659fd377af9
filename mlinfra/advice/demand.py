"""Demand: what a stack wants of its account and region, read off its resources. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Network

import msgspec

from mlinfra.advice.machine_groups import LINUX, Buying, MachineGroup, machine_groups
from mlinfra.advice.network_plugin import NetworkPlugin
from mlinfra.advice.reading import number, text
from mlinfra.advice.tenants import taken
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import INTERNET_GATEWAY, NAT_GATEWAY, PUBLIC_ADDRESS, RESERVATION, SUBNET, VPC
from mlinfra.advice.vcpu_quotas import vcpu_quota
from mlinfra.core.address import Address
from mlinfra.core.value import Ref, Value

# AWS keeps the first four addresses of a subnet and the last (VPC user guide, "Subnet CIDR blocks", November 2026).
_KEPT = 5


class Limit(msgspec.Struct, frozen=True):
    """A quota on how many objects of a type there may be, in the region or in each zone."""

    type: str
    what: str
    service: str
    code: str
    by_zone: bool = False


# Amazon VPC user guide, "Amazon VPC quotas" (November 2026); addresses count under EC2.
LIMITS = (
    Limit(VPC, "VPCs in the region", "vpc", "L-F678F1CE"),
    Limit(INTERNET_GATEWAY, "internet gateways in the region", "vpc", "L-A4707A72"),
    Limit(PUBLIC_ADDRESS, "elastic IP addresses in the region", "ec2", "L-0263D0A3"),
    Limit(NAT_GATEWAY, "NAT gateways in a zone", "vpc", "L-FE5A380F", by_zone=True),
)


class Place(msgspec.Struct, frozen=True):
    """A subnet: by its id, where it is there; else by its address, with its zone, its size, and what is free of it."""

    key: str
    id: str = ""
    zone: str = ""
    size: int = 0
    free: int = 0


class GroupDemand(msgspec.Struct, frozen=True):
    """A group and where its machines are to live; no places: not known before apply.

    rolled: they are exchanged. nodes: they are to run; of a reservation that is to be made they are set aside alone.
    """

    group: MachineGroup
    places: tuple[Place, ...] = ()
    rolled: bool = False
    nodes: bool = True


class Made(msgspec.Struct, frozen=True):
    """An object with a quota that is to be made. `zone` is empty where it has none, or nobody knows it yet."""

    address: Address
    zone: str = ""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """All that a stack wants.

    network_plugin: the VPC CNI, as the stack configures it. taken: of each place, the addresses that others will have.
    """

    groups: tuple[GroupDemand, ...] = ()
    made: Mapping[str, tuple[Made, ...]] = {}
    network_plugin: NetworkPlugin = NetworkPlugin()
    taken: Mapping[str, int] = {}

    def types(self) -> list[str]:
        """Every machine type that is named."""
        return sorted({name for one in self.groups for name in one.group.types})

    def subnets(self) -> list[str]:
        """The ids of subnets that are there already."""
        return sorted({place.id for one in self.groups for place in one.places if place.id})

    def quotas(self) -> list[tuple[str, str]]:
        """Service and code of every quota that has a say."""
        codes = {
            ("ec2", quota.code)
            for one in self.groups
            for spot in ways(one.group)
            for name in one.group.types
            if (quota := vcpu_quota(name, spot=spot)) is not None
        }
        return sorted(codes | {(limit.service, limit.code) for limit in LIMITS if self.made.get(limit.type)})

    def reservations(self) -> bool:
        """Whether any group lives in a reservation."""
        return any(one.group.reservation for one in self.groups)


def ways(group: MachineGroup) -> tuple[bool, ...]:
    """Whether machines are bought as spot machines, for each way in which the group buys; none for reserved ones."""
    match group.buying:
        case Buying.ON_DEMAND:
            return (False,)
        case Buying.SPOT:
            return (True,)
        case Buying.MIXED:
            return (False, True)
        case Buying.RESERVED:
            return ()


def demand_of(
    things: Things, only: Collection[Address] | None = None, rolled: Collection[Address] = frozenset()
) -> Demand:
    """The demand of a stack, or as far as `only` these addresses are concerned. `rolled`: whose machines are exchanged.

    A group draws from what others draw from: where one is concerned, all are.
    """

    def concerned(address: Address) -> bool:
        return only is None or address in only

    groups = tuple(
        GroupDemand(group, tuple(_places(group, things)), rolled=group.address in rolled)
        for group in machine_groups(things)
    )
    groups += tuple(_set_aside(things))
    if not any(concerned(one.group.address) for one in groups):
        groups = ()
    made = {limit.type: tuple(one for one in _made(limit, things) if concerned(one.address)) for limit in LIMITS}
    return Demand(groups=groups, made=made, network_plugin=NetworkPlugin.of(things), taken=taken(things))


def _set_aside(things: Things) -> Iterator[GroupDemand]:
    """The reservations that are to be made or enlarged: they take of quotas what their machines would (EC2 user guide).

    Where one is there, only what is more of it.
    """
    for thing in sorted(things, key=lambda thing: thing.address):
        own = thing.properties
        kind, count = text(own, "instanceType"), number(own, "instanceCount")
        count -= number(thing.seen, "instanceCount", count) if thing.id else 0
        if thing.type == RESERVATION and kind and count > 0:
            group = MachineGroup(
                address=thing.address,
                types=(kind,),
                minimum=count,
                expected=count,
                maximum=count,
                buying=Buying.ON_DEMAND,
                open=text(own, "instanceMatchCriteria", "open") == "open"
                and text(own, "instancePlatform", LINUX) == LINUX
                and text(own, "tenancy", "default") == "default",
            )
            zone = text(own, "availabilityZone")
            yield GroupDemand(group, (Place(key=zone, zone=zone),) if zone else (), nodes=False)


def _places(group: MachineGroup, things: Things) -> Iterator[Place]:
    """Where its machines are to live; nowhere where that is not known of all of its subnets."""
    places = [_place(value, things) for value in group.subnets]
    if None not in places:
        yield from (place for place in places if place is not None)


def _place(value: Value, things: Things) -> Place | None:
    subnet = things.referred(SUBNET, value)
    if isinstance(value, str):
        return Place(key=value, id=value, zone=_zone(subnet))
    if subnet is None:
        return None
    if subnet.id:
        return Place(key=subnet.id, id=subnet.id, zone=_zone(subnet))
    cidr = text(subnet.properties, "cidrBlock")
    if not cidr:
        return None
    try:
        size = IPv4Network(cidr, strict=False).num_addresses
    except ValueError:
        return None  # the provider says what is wrong with it
    return Place(key=str(subnet.address), zone=_zone(subnet), size=size, free=size - _KEPT)


def _zone(subnet: Thing | None) -> str:
    return text(subnet.properties, "availabilityZone") if subnet is not None else ""


def _made(limit: Limit, things: Things) -> Iterator[Made]:
    for thing in sorted(things, key=lambda thing: thing.address):
        if thing.type == limit.type and not thing.id:
            where = thing.properties.get("subnetId") if limit.by_zone else None
            yield Made(thing.address, _zone(things.referred(SUBNET, where)) if isinstance(where, Ref | str) else "")
