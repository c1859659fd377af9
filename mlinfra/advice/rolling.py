"""Rolling updates: whether there is room for the machines that EKS starts before it takes old ones away.

For another image or launch template it starts up to two in each zone, or as many as may be unavailable if those are
more, and gives up where they do not come (EKS user guide, "Understand each phase of node updates", November 2026). With
the strategy MINIMAL old ones go first. Pure; `capacity` calls it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mlinfra.advice.demand import Demand, GroupDemand
from mlinfra.advice.machine import Machine
from mlinfra.advice.machine_groups import Buying
from mlinfra.advice.open_capacity import found_at_once
from mlinfra.advice.reading import number, text
from mlinfra.advice.supply import Supply, Unasked
from mlinfra.advice.vcpu_quotas import vcpu_quota
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict

_SUBJECT = "room to update"
_IN_A_ZONE, _MOST = 2, 100


def rolling_checks(demand: Demand, supply: Supply) -> dict[Address, tuple[Check, ...]]:
    """The check of each group whose machines a plan exchanges; none where it has no machines, or lets them go first."""
    found: dict[Address, tuple[Check, ...]] = {}
    for one in demand.groups:
        first = one.rolled and text(one.group.updating, "updateStrategy", "DEFAULT") != "MINIMAL"
        check = _check(one, supply) if first else None
        if check is not None:
            found[one.group.address] = (check,)
    return found


def _check(one: GroupDemand, supply: Supply) -> Check | None:
    if isinstance(supply.running, Unasked):
        return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=supply.running.reason)
    own = supply.machines_of(one.group)
    if own == 0:
        return None
    wanted, left = _wanted(one, own), _left(one, supply)
    if isinstance(left, Unasked):
        return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=left.reason)
    left += found_at_once(one, supply, wanted)
    words = f"EKS starts {wanted} machines before it takes old ones away, and there is room for {left}"
    if left >= wanted:
        return Check(subject=_SUBJECT, verdict=Verdict.FITS, words=words)
    hint = "ask for a higher quota, shrink the group first, or set updateConfig.updateStrategy to MINIMAL"
    return Check(subject=_SUBJECT, verdict=Verdict.TIGHT, words=words, hint=hint)


def _wanted(one: GroupDemand, own: int) -> int:
    about = one.group.updating
    share = -(-own * number(about, "maxUnavailablePercentage") // 100)
    at_once = min(_MOST, max(number(about, "maxUnavailable", 1), share))
    zones = len({place.zone or place.key for place in one.places}) or len(one.group.subnets)
    return max(_IN_A_ZONE * max(1, zones), at_once)


def _left(one: GroupDemand, supply: Supply) -> int | Unasked:
    """How many more machines the group may start, of whichever of its types has most room."""
    if one.group.buying is Buying.RESERVED:
        if isinstance(supply.reservations, Unasked):
            return supply.reservations
        held = supply.reservations.get(one.group.reservation)
        return held.available if held is not None else 0
    if isinstance(supply.machines, Unasked):
        return supply.machines
    used = _used(supply, supply.machines)
    rooms, reason = [], "which quota it counts against is not known"
    for name in one.group.types:
        quota = vcpu_quota(name, spot=one.group.buying is Buying.SPOT)
        granted = supply.quotas.get(quota.code) if quota is not None else None
        if isinstance(granted, Unasked):
            reason = granted.reason
        elif quota is not None and granted is not None and name in supply.machines:
            rooms.append(int(max(0, granted - used[quota.code]) // supply.machines[name].vcpus))
    return max(rooms) if rooms else Unasked(reason)


def _used(supply: Supply, machines: Mapping[str, Machine]) -> Counter[str]:
    """All vCPUs that run, by quota, and those that are set aside and count."""
    used: Counter[str] = Counter()
    for machine in () if isinstance(supply.running, Unasked) else supply.running:
        quota = vcpu_quota(machine.type, spot=machine.spot)
        if quota is not None and machine.type in machines:
            used[quota.code] += machines[machine.type].vcpus
    for held in () if isinstance(supply.reservations, Unasked) else supply.reservations.values():
        quota = vcpu_quota(held.type, spot=False)
        if quota is not None and held.type in machines and held.state == "active" and held.counts:
            used[quota.code] += held.available * machines[held.type].vcpus
    return used
