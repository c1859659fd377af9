"""Supply: what an account and its region have left of what a stack wants, as far as they say so.

A few calls, all at once. What a call does not answer is `Unasked`, with the reason: an adviser must not fail a plan
that it cannot judge, nor call it fine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from mlinfra.advice.demand import LIMITS, Demand, GroupDemand, ways
from mlinfra.advice.machine import Machine
from mlinfra.advice.machine_groups import LINUX, MachineGroup
from mlinfra.advice.tokens import INTERNET_GATEWAY, NAT_GATEWAY, PUBLIC_ADDRESS, VPC
from mlinfra.aws.calls import Calls
from mlinfra.core.address import Address
from mlinfra.core.errors import NotFound, ProviderError

T = TypeVar("T")
_AT_ONCE = 8
_TYPES_AT_ONCE = 100  # a filter takes 200 values, DescribeInstanceTypes 100 names


class Unasked(msgspec.Struct, frozen=True):
    """A question without an answer."""

    reason: str


class Running(msgspec.Struct, frozen=True):
    """One machine that counts. `group` is that of EKS or of Auto Scaling, empty outside of any. `subnet`: its id.

    reserved: it runs in a capacity reservation. matches: it may run in an open one.
    """

    type: str
    spot: bool
    cluster: str = ""
    group: str = ""
    subnet: str = ""
    zone: str = ""
    reserved: bool = False
    matches: bool = False


class Subnet(msgspec.Struct, frozen=True):
    """A subnet that is there: its zone, and how many addresses are free."""

    zone: str
    free: int


class Reservation(msgspec.Struct, frozen=True):
    """Machines set aside. `counts`: what is unused of it counts against the on-demand quota (blocks do not).

    open: machines that match it run in it without naming it.
    """

    type: str
    zone: str
    state: str
    available: int
    counts: bool = True
    open: bool = False

    @property
    def fills(self) -> bool:
        """Whether it has room that fills by itself."""
        return self.open and self.counts and self.state == "active"


Counts: TypeAlias = Mapping[str, int]  # by zone; under "" for what has none


class Supply(msgspec.Struct, frozen=True, kw_only=True):
    """The answers.

    offered: the zones of each type. quotas: by code. present: of each type with a quota, how many there are.
    scores: of each group that buys spot machines, 1 (unlikely) to 10.
    """

    region: str
    machines: Mapping[str, Machine] | Unasked = {}
    offered: Mapping[str, frozenset[str]] | Unasked = {}
    running: tuple[Running, ...] | Unasked = ()
    quotas: Mapping[str, float | Unasked] = {}
    subnets: Mapping[str, Subnet] | Unasked = {}
    reservations: Mapping[str, Reservation] | Unasked = {}
    present: Mapping[str, Counts | Unasked] = {}
    scores: Mapping[Address, int | Unasked] = {}

    def machines_of(self, group: MachineGroup) -> int:
        """How many machines of a group run already; none where nobody says."""
        return len(self._machines_of(group))

    def machines_within(self, group: MachineGroup, subnets: Collection[str]) -> int:
        """How many of them live in `subnets`, where what they need of addresses is theirs already."""
        return sum(one.subnet in subnets for one in self._machines_of(group))

    def _machines_of(self, group: MachineGroup) -> list[Running]:
        if isinstance(self.running, Unasked) or not group.name:
            return []
        return [one for one in self.running if (one.cluster, one.group) == (group.cluster, group.name)]


def read_supply(calls: Calls, demand: Demand) -> Supply:
    """Ask for all that `demand` has a use for."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def ask(question: Callable[[], T]) -> Callable[[], T | Unasked]:
            return pool.submit(_answer, question).result

        asked = bool(demand.groups)
        running = ask(lambda: _running(calls)) if asked else tuple
        offered = ask(lambda: _offered(calls, demand.types())) if asked else dict
        subnets = ask(lambda: _subnets(calls, demand.subnets())) if demand.subnets() else dict
        # Unused reservations count against on-demand quotas, whoever made them.
        reservations = ask(lambda: _reservations(calls)) if asked else dict
        quotas = {code: ask(partial(_quota, calls, service, code)) for service, code in demand.quotas()}
        present = {
            limit.type: ask(partial(_COUNTS[limit.type], calls)) for limit in LIMITS if demand.made.get(limit.type)
        }
        scores = {one.group.address: ask(partial(_score, calls, one)) for one in demand.groups if _is_spot(one)}
        there, held = running(), reservations()
        names = {*demand.types(), *_types_of(there), *_types_of(held.values() if isinstance(held, dict) else ())}
        machines = ask(lambda: _machines(calls, sorted(names))) if asked else dict
        return Supply(
            region=calls.region,
            machines=machines(),
            offered=offered(),
            running=there,
            quotas={code: answer() for code, answer in quotas.items()},
            subnets=subnets(),
            reservations=held,
            present={token: answer() for token, answer in present.items()},
            scores={address: answer() for address, answer in scores.items()},
        )


def _answer(question: Callable[[], T]) -> T | Unasked:
    try:
        return question()
    except ProviderError as error:
        return Unasked(str(error))
    except (LookupError, TypeError, ValueError) as error:
        # Whatever stands between us and AWS may answer in another form. That is no answer, and no reason to stop.
        return Unasked(f"the answer has not the form that AWS documents ({type(error).__name__}: {error})")


def _is_spot(one: GroupDemand) -> bool:
    return True in ways(one.group)


def _types_of(found: Iterable[Running | Reservation] | Unasked) -> set[str]:
    return set() if isinstance(found, Unasked) else {one.type for one in found}


def _items(calls: Calls, operation: str, items: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    return [item for page in calls.pages("ec2", operation, params) for item in page.get(items, [])]


def _filters(**values: list[str]) -> dict[str, Any]:
    return {"Filters": [{"Name": name.replace("_", "-"), "Values": wanted} for name, wanted in values.items()]}


def _running(calls: Calls) -> tuple[Running, ...]:
    alive = _filters(instance_state_name=["pending", "running"])
    found = [one for held in _items(calls, "DescribeInstances", "Reservations", alive) for one in held["Instances"]]
    # Machines of capacity blocks, and those on hosts of one's own, count against no quota (EC2 user guide, "Capacity
    # Blocks for ML" and "On-Demand Instance quotas", November 2026).
    return tuple(
        _machine(one)
        for one in found
        if one.get("InstanceLifecycle") != "capacity-block" and one.get("Placement", {}).get("Tenancy") != "host"
    )


def _machine(one: Mapping[str, Any]) -> Running:
    tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
    group = tags.get("eks:nodegroup-name") or tags.get("aws:autoscaling:groupName", "")
    spot, placement = one.get("InstanceLifecycle") == "spot", one.get("Placement", {})
    preference = one.get("CapacityReservationSpecification", {}).get("CapacityReservationPreference")
    linux = one.get("PlatformDetails") == LINUX
    return Running(
        type=one["InstanceType"],
        spot=spot,
        cluster=tags.get("eks:cluster-name", ""),
        group=group,
        subnet=one.get("SubnetId", ""),
        zone=placement.get("AvailabilityZone", ""),
        reserved=bool(one.get("CapacityReservationId")),
        matches=not spot and preference == "open" and linux and placement.get("Tenancy", "default") == "default",
    )


def _offered(calls: Calls, types: list[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {name: set() for name in types}
    for some in _batches(types):
        asked = {"LocationType": "availability-zone", **_filters(instance_type=some)}
        for one in _items(calls, "DescribeInstanceTypeOfferings", "InstanceTypeOfferings", asked):
            found.setdefault(one["InstanceType"], set()).add(one["Location"])
    if not any(found.values()):
        raise NotFound(f"EC2 names no zone that offers {', '.join(types)}")
    return {name: frozenset(zones) for name, zones in found.items()}


def _machines(calls: Calls, types: list[str]) -> dict[str, Machine]:
    return {
        one["InstanceType"]: Machine(
            one["VCpuInfo"]["DefaultVCpus"],
            one["NetworkInfo"]["MaximumNetworkInterfaces"],
            one["NetworkInfo"]["Ipv4AddressesPerInterface"],
        )
        for some in _batches(types)
        for one in _items(calls, "DescribeInstanceTypes", "InstanceTypes", _filters(instance_type=some))
    }


def _batches(names: list[str]) -> list[list[str]]:
    return [names[start : start + _TYPES_AT_ONCE] for start in range(0, len(names), _TYPES_AT_ONCE)]


def _subnets(calls: Calls, ids: list[str]) -> dict[str, Subnet]:
    # By filter: one that is gone must not hide the others.
    found = _items(calls, "DescribeSubnets", "Subnets", _filters(subnet_id=ids))
    return {one["SubnetId"]: Subnet(one["AvailabilityZone"], one["AvailableIpAddressCount"]) for one in found}


def _reservations(calls: Calls) -> dict[str, Reservation]:
    return {
        one["CapacityReservationId"]: Reservation(
            one["InstanceType"],
            one.get("AvailabilityZone", ""),
            one["State"],
            one.get("AvailableInstanceCount", 0),
            one.get("ReservationType", "default") == "default",
            open=one.get("InstanceMatchCriteria") == "open"
            and one.get("InstancePlatform") == LINUX
            and one.get("Tenancy", "default") == "default",
        )
        for one in _items(calls, "DescribeCapacityReservations", "CapacityReservations")
    }


def _quota(calls: Calls, service: str, code: str) -> float:
    asked = {"ServiceCode": service, "QuotaCode": code}
    try:
        answer = calls.one("service-quotas", "GetServiceQuota", asked, about=code)
    except NotFound:  # accounts that never asked for more may have no value of their own
        answer = calls.one("service-quotas", "GetAWSDefaultServiceQuota", asked, about=code)
    return float(answer["Quota"]["Value"])


def _score(calls: Calls, one: GroupDemand) -> int:
    asked = {
        "InstanceTypes": list(one.group.types),
        "TargetCapacity": max(one.group.maximum, 1),
        "TargetCapacityUnitType": "units",
        "RegionNames": [calls.region],
        "SingleAvailabilityZone": False,
    }
    scores = calls.one("ec2", "GetSpotPlacementScores", asked)["SpotPlacementScores"]
    if not scores:
        raise NotFound(f"EC2 gives no spot placement score for {', '.join(one.group.types)}")
    return max(int(score["Score"]) for score in scores)


def _vpcs(calls: Calls) -> Counts:
    return {"": len(_items(calls, "DescribeVpcs", "Vpcs"))}


def _internet_gateways(calls: Calls) -> Counts:
    return {"": len(_items(calls, "DescribeInternetGateways", "InternetGateways"))}


def _public_addresses(calls: Calls) -> Counts:
    return {"": len(calls.one("ec2", "DescribeAddresses")["Addresses"])}


def _nat_gateways(calls: Calls) -> Counts:
    alive = {"Filter": [{"Name": "state", "Values": ["pending", "available"]}]}
    gateways = _items(calls, "DescribeNatGateways", "NatGateways", alive)
    zones = _subnets(calls, sorted({one["SubnetId"] for one in gateways})) if gateways else {}
    return Counter(zones[one["SubnetId"]].zone for one in gateways if one["SubnetId"] in zones)


_COUNTS: dict[str, Callable[[Calls], Counts]] = {
    VPC: _vpcs,
    INTERNET_GATEWAY: _internet_gateways,
    PUBLIC_ADDRESS: _public_addresses,
    NAT_GATEWAY: _nat_gateways,
}
