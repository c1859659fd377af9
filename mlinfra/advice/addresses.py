"""Address checks: whether subnets have room for nodes and for the pods that the VPC CNI keeps addresses for.

By default the plugin fills a node's first interface with addresses when the node starts, and keeps a second one, as
full, in reserve (WARM_ENI_TARGET=1: EKS best practices guide, "Amazon VPC CNI", November 2026). So a node wants the
addresses of one interface to start, and those of two to work. A stack that configures the plugin itself is only held to
an address for each node; what its pods will take is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlinfra.advice.demand import Demand, GroupDemand, Place
from mlinfra.advice.pools import Pool
from mlinfra.advice.supply import Machine, Supply, Unasked
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict

_SUBJECT = "subnet addresses"
_WARM = 2  # interfaces


def address_checks(demand: Demand, supply: Supply) -> dict[Address, tuple[Check, ...]]:
    """The check of each group."""
    if isinstance(supply.machines, Unasked) or isinstance(supply.subnets, Unasked):
        reason = supply.machines.reason if isinstance(supply.machines, Unasked) else ""
        reason = supply.subnets.reason if isinstance(supply.subnets, Unasked) else reason
        unknown = Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=reason)
        return {one.group.address: (unknown,) for one in demand.groups}
    free = {
        place.key: supply.subnets[place.id].free if place.id else place.free
        for one in demand.groups
        for place in one.places
        if not place.id or place.id in supply.subnets
    }
    pool = Pool(free)
    found: dict[Address, tuple[Check, ...]] = {}
    judged = []
    for one in demand.groups:
        problem = _unknown(one, free, supply.machines)
        if problem:
            found[one.group.address] = (Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=problem),)
            continue
        least, most = _appetite(one, demand, supply.machines, supply.machines_of(one.group))
        there = pool.left(_keys(one.places))
        if there >= least:  # one that cannot be made takes nothing from the others
            pool.take(_keys(one.places), least)
        judged.append((one, least, most, there))
    for one, least, most, there in judged:
        grows = there >= least and pool.left(_keys(one.places)) >= most - least
        pool.take(_keys(one.places), most - least if there >= least else 0)
        verdict = Verdict.SHORT if there < least else Verdict.TIGHT if not grows else Verdict.FITS
        found[one.group.address] = (_check(one, least, most, there, verdict, demand),)
    return found


def _unknown(one: GroupDemand, free: Mapping[str, int], machines: Mapping[str, Machine]) -> str:
    if not one.places:
        return "its subnets are not known yet"
    gone = [place.key for place in one.places if place.key not in free]
    if gone:
        return f"{', '.join(gone)} could not be found"
    missing = [name for name in one.group.types if name not in machines]
    return f"EC2 does not know {', '.join(missing)} here" if missing else ""


def _appetite(one: GroupDemand, demand: Demand, machines: Mapping[str, Machine], own: int) -> tuple[int, int]:
    """The addresses that the group lacks at its fewest (or for its first machine) and at its most."""
    group = one.group
    fewest, most = max(group.minimum, 1 if not own else 0) - own, group.maximum - own
    if demand.own_network_plugin:
        return max(0, fewest), max(0, most)
    kinds = [machines[name] for name in group.types]
    first = min(kind.addresses for kind in kinds)
    full = max(kind.addresses * min(_WARM, kind.interfaces) for kind in kinds)
    return max(0, fewest) * first, max(0, most) * full


def _keys(places: tuple[Place, ...]) -> list[str]:
    return [place.key for place in places]


def _check(one: GroupDemand, least: int, most: int, there: float, verdict: Verdict, demand: Demand) -> Check:
    wanted = f"{least:,} to {most:,}" if least != most else f"{most:,}"
    words = f"{there:,.0f} free in {len(one.places)} subnets, and {wanted} wanted"
    if verdict is Verdict.FITS and demand.own_network_plugin:
        words += " for the nodes alone: what pods take is the stack's own setting of the VPC CNI"
        return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=words)
    hint = "give the network a wider cidr, the group more zones, or lower max" if verdict is not Verdict.FITS else ""
    return Check(subject=_SUBJECT, verdict=verdict, words=words, hint=hint)
