"""vCPU checks: whether the quotas of machine families leave room for a stack's groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.advice.demand import Demand, GroupDemand, ways
from mlinfra.advice.machine_groups import Buying
from mlinfra.advice.machine_tariff import on_demand_of
from mlinfra.advice.pools import Pool
from mlinfra.advice.quota_request import increase
from mlinfra.advice.supply import Machine, Reservation, Running, Supply, Unasked
from mlinfra.advice.vcpu_quotas import VcpuQuota, vcpu_quota
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict

_SUBJECT = "vCPU quota"


class _Choice(msgspec.Struct, frozen=True):
    """A machine type that a group may launch: what one takes, of which quota."""

    quota: VcpuQuota
    vcpus: int


class _Share(msgspec.Struct, frozen=True):
    """The machines that a group buys in one way: how many at least and at most, and the types to choose from."""

    address: Address
    spot: bool
    minimum: int
    maximum: int
    choices: tuple[_Choice, ...]
    starts_with_none: bool


def vcpu_checks(demand: Demand, supply: Supply) -> dict[Address, tuple[Check, ...]]:
    """The checks of each group. One that lives in a reservation needs no quota, and has none."""
    found: dict[Address, list[Check]] = {one.group.address: [] for one in demand.groups}
    if isinstance(supply.machines, Unasked) or isinstance(supply.running, Unasked):
        reason = supply.machines.reason if isinstance(supply.machines, Unasked) else ""
        reason = supply.running.reason if isinstance(supply.running, Unasked) else reason
        unknown = Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=reason)
        return {one.group.address: (unknown,) for one in demand.groups if ways(one.group)}
    others = _used_by_others(demand, supply, supply.machines, supply.running)
    granted = {code: value for code, value in supply.quotas.items() if not isinstance(value, Unasked)}
    pool = Pool({code: value - others[code] for code, value in granted.items()})
    shares = []
    for one in demand.groups:
        for share in _shares(one, supply.machines):
            known = [choice for choice in share.choices if choice.quota.code in granted]
            if known:
                shares.append(msgspec.structs.replace(share, choices=tuple(known)))
            else:
                found[one.group.address].append(_unknown(share, one, supply))
    for address, check in _drawn(shares, pool, granted, others, supply.region):
        found[address].append(check)
    return {address: tuple(checks) for address, checks in found.items()}


def _drawn(
    shares: list[_Share], pool: Pool, granted: Mapping[str, float], others: Mapping[str, int], region: str
) -> Iterator[tuple[Address, Check]]:
    """Let all take their fewest, then their most."""
    fewest: list[tuple[_Share, _Choice, bool]] = []
    for share in shares:
        choice = max(share.choices, key=lambda one: pool.left([one.quota.code]) // one.vcpus)
        needed = 1 if share.starts_with_none else share.minimum
        fits = pool.left([choice.quota.code]) >= needed * choice.vcpus
        if fits:  # one that cannot be made takes nothing from the others
            pool.take([choice.quota.code], share.minimum * choice.vcpus)
        fewest.append((share, choice, fits))
    for share, choice, fits in fewest:
        code = choice.quota.code
        largest = max(one.vcpus for one in share.choices if one.quota.code == code)
        more = share.maximum * largest - share.minimum * choice.vcpus
        grows = fits and pool.left([code]) >= more
        pool.take([code], more if fits else 0)
        verdict = Verdict.FITS if grows else Verdict.TIGHT if fits else Verdict.SHORT
        yield share.address, _check(share, choice, largest, verdict, granted[code], others.get(code, 0), region)


def _check(
    share: _Share, choice: _Choice, largest: int, verdict: Verdict, granted: float, others: int, region: str
) -> Check:
    least, most = max(share.minimum, 1) * choice.vcpus, share.maximum * largest
    wanted = f"{least:,} to {most:,}" if least != most else f"{most:,}"
    words = f"{granted:,.0f} granted, {others:,} used by others, and {wanted} wanted ({choice.quota.name})"
    if verdict is not Verdict.FITS and granted - others >= (most if verdict is Verdict.TIGHT else least):
        words += "; other groups of the stack draw from it too"
    hint = "" if verdict is Verdict.FITS else increase("ec2", choice.quota.code, others + most, region)
    return Check(subject=f"{_SUBJECT} {choice.quota.code}", verdict=verdict, words=words, hint=hint)


def _unknown(share: _Share, one: GroupDemand, supply: Supply) -> Check:
    answers = [supply.quotas.get(choice.quota.code) for choice in share.choices]
    reasons = [answer.reason for answer in answers if isinstance(answer, Unasked)]
    words = reasons[0] if reasons else f"which quota {' or '.join(one.group.types)} counts against is not known"
    return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=words)


def _shares(one: GroupDemand, machines: Mapping[str, Machine]) -> Iterator[_Share]:
    group = one.group
    for spot in ways(group):
        fewest, most = (_bought(one, number, spot=spot) for number in (group.minimum, group.maximum))
        if most == 0:
            continue
        choices = tuple(
            _Choice(quota, machines[name].vcpus)
            for name in group.types
            if name in machines and (quota := vcpu_quota(name, spot=spot)) is not None
        )
        yield _Share(group.address, spot, fewest, most, choices, starts_with_none=group.minimum == 0)


def _bought(one: GroupDemand, machines: int, *, spot: bool) -> int:
    if one.group.buying is Buying.SPOT:
        return machines
    firm = on_demand_of(one.group, machines)
    return machines - firm if spot else firm


def _used_by_others(
    demand: Demand, supply: Supply, machines: Mapping[str, Machine], running: tuple[Running, ...]
) -> Counter[str]:
    """vCPUs in use by code, without the machines of the stack's own groups, which are counted by what they want."""
    own = {(one.group.cluster, one.group.name) for one in demand.groups if one.group.name}
    used: Counter[str] = Counter()
    for machine in running:
        if (machine.cluster, machine.group) not in own and machine.type in machines:
            _count(used, machine.type, machines[machine.type].vcpus, spot=machine.spot)
    held = supply.reservations
    for reservation in () if isinstance(held, Unasked) else held.values():
        if _counts(reservation) and reservation.type in machines:
            _count(used, reservation.type, reservation.available * machines[reservation.type].vcpus, spot=False)
    return used


def _counts(reservation: Reservation) -> bool:
    """Unused capacity counts as if it ran (EC2 user guide, "Capacity Reservation limits", November 2026)."""
    return reservation.state == "active" and reservation.counts


def _count(used: Counter[str], name: str, vcpus: int, *, spot: bool) -> None:
    quota = vcpu_quota(name, spot=spot)
    if quota is not None:
        used[quota.code] += vcpus
