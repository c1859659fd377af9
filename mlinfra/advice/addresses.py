"""Address checks: whether subnets have room for nodes and for the pods that the VPC CNI keeps addresses for.

A node wants some addresses to start, and more to work (`network_plugin`). Where a stack configures the plugin itself,
only what nodes take to start is judged; what their pods will take is not checked.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlinfra.advice.demand import Demand, GroupDemand, Place
from mlinfra.advice.machine import Machine
from mlinfra.advice.network_plugin import BLOCK, NetworkPlugin
from mlinfra.advice.pools import Pool
from mlinfra.advice.supply import Subnet, Supply, Unasked
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict

_SUBJECT = "subnet addresses"


class _Want(msgspec.Struct, frozen=True):
    """What a group lacks at its fewest (or for its first machine), and at its most; and what there was for the fewest.

    doubt: why it may lack less.
    """

    one: GroupDemand
    least: int
    most: int
    there: float
    doubt: str

    @property
    def fits(self) -> bool:
        """Whether its fewest can be made."""
        return self.there >= self.least


def address_checks(demand: Demand, supply: Supply) -> dict[Address, tuple[Check, ...]]:
    """The check of each group."""
    if isinstance(supply.machines, Unasked) or isinstance(supply.subnets, Unasked):
        reason = supply.machines.reason if isinstance(supply.machines, Unasked) else ""
        reason = supply.subnets.reason if isinstance(supply.subnets, Unasked) else reason
        unknown = Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=reason)
        return {one.group.address: (unknown,) for one in demand.groups if one.nodes}
    free = _free(demand, supply.subnets)
    pool = Pool(free)
    found: dict[Address, tuple[Check, ...]] = {}
    wants = []
    for one in (group for group in demand.groups if group.nodes):
        problem = _unknown(one, free, supply.machines)
        if problem:
            found[one.group.address] = (Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=problem),)
            continue
        least, most = _appetite(one, demand.network_plugin, supply.machines, supply)
        want = _Want(one, least, most, pool.left(_keys(one.places)), _doubt(one, supply))
        pool.take(_keys(one.places), least if want.fits else 0)  # one that cannot be made takes nothing from the others
        wants.append(want)
    for want in wants:
        more = want.most - want.least
        grows = want.fits and pool.left(_keys(want.one.places)) >= more
        pool.take(_keys(want.one.places), more if want.fits else 0)
        verdict = Verdict.SHORT if not want.fits else Verdict.TIGHT if not grows else Verdict.FITS
        found[want.one.group.address] = (_check(want, verdict, demand.network_plugin),)
    return found


def _free(demand: Demand, subnets: Mapping[str, Subnet]) -> dict[str, int]:
    """What is free by subnet: addresses, or blocks of them."""
    places = {place.key: place for one in demand.groups if one.nodes for place in one.places}
    found = {}
    for key, place in places.items():
        there = subnets.get(place.id)
        if place.id and there is None:
            continue
        free = max(0, (there.free if there is not None else place.free) - demand.taken.get(key, 0))
        # A new subnet's first and last block have addresses that AWS keeps; how those of others lie is not known.
        blocks = max(0, min(place.size // BLOCK - 2, free // BLOCK)) if not place.id else free // BLOCK
        found[key] = blocks if demand.network_plugin.by_blocks else free
    return found


def _unknown(one: GroupDemand, free: Mapping[str, int], machines: Mapping[str, Machine]) -> str:
    if not one.places:
        return "its subnets are not known yet"
    gone = [place.key for place in one.places if place.key not in free]
    if gone:
        return f"{', '.join(gone)} could not be found"
    missing = [name for name in one.group.types if name not in machines]
    return f"EC2 does not know {', '.join(missing)} here" if missing else ""


def _appetite(
    one: GroupDemand, plugin: NetworkPlugin, machines: Mapping[str, Machine], supply: Supply
) -> tuple[int, int]:
    """What the group lacks. Machines that live elsewhere have nothing to give to those that come into its subnets."""
    group = one.group
    own = supply.machines_within(group, _keys(one.places))
    fewest, most = max(group.minimum, 1 if not own else 0) - own, group.maximum - own
    kinds = [machines[name] for name in group.types]
    first = min(plugin.first(kind) for kind in kinds)
    full = max(plugin.full(kind) for kind in kinds)
    least = max(0, fewest) * first
    return least, max(least, most * full)


def _doubt(one: GroupDemand, supply: Supply) -> str:
    """A group that is there has machines of its own, which nobody counted."""
    return supply.running.reason if isinstance(supply.running, Unasked) and one.group.name else ""


def _keys(places: tuple[Place, ...]) -> list[str]:
    return [place.key for place in places]


def _check(want: _Want, verdict: Verdict, plugin: NetworkPlugin) -> Check:
    wanted = f"{want.least:,} to {want.most:,}" if want.least != want.most else f"{want.most:,}"
    blocks = " blocks of sixteen" if plugin.by_blocks else ""
    words = f"{want.there:,.0f}{blocks} free in {len(want.one.places)} subnets, and {wanted} wanted"
    if want.doubt and verdict is not Verdict.FITS:
        words += f", less what its machines have already: {want.doubt}"
        return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=words)
    if verdict is Verdict.FITS and plugin.settings is not None:
        words += " for the nodes alone: what pods take is the stack's own setting of the VPC CNI"
        return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=words)
    return Check(subject=_SUBJECT, verdict=verdict, words=words, hint=_hint(want, verdict))


def _hint(want: _Want, verdict: Verdict) -> str:
    """What helps: a lower max does where its fewest fit, a lower min where there is more than the first machine."""
    if verdict is Verdict.FITS:
        return ""
    lower = "max" if verdict is Verdict.TIGHT else "min" if want.one.group.minimum > 1 else ""
    ways = ["give the network a wider cidr", "the group more zones", f"lower {lower}" if lower else "smaller machines"]
    return f"{', '.join(ways[:-1])}, or {ways[-1]}"
