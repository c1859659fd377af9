"""vCPU checks: whether the quotas of machine families leave room for a stack's groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping

import msgspec

from mlinfra.advice.demand import Demand, GroupDemand, ways
from mlinfra.advice.machine import Machine
from mlinfra.advice.machine_groups import Buying, MachineGroup, either
from mlinfra.advice.machine_tariff import on_demand_of
from mlinfra.advice.open_capacity import Covered, covered
from mlinfra.advice.pools import Pool
from mlinfra.advice.quota_request import increase
from mlinfra.advice.supply import Reservation, Supply, Unasked
from mlinfra.advice.vcpu_quotas import ON_DEMAND_CODES, VcpuQuota, vcpu_quota
from mlinfra.core.address import Address
from mlinfra.core.capacity import Check, Verdict

_SUBJECT = "vCPU quota"
_NAMED = 3  # of others who use a quota
_ALONE, _UNUSED = "machines in no group", "reservations that nobody uses"


class _Choice(msgspec.Struct, frozen=True):
    """A machine type that a group may launch: what one takes, of which quota."""

    quota: VcpuQuota
    vcpus: int


class _Share(msgspec.Struct, frozen=True):
    """The machines that a group buys in one way: how many at least and at most, and the types to choose from.

    covered: what runs in open reservations, which are counted themselves.
    """

    address: Address
    minimum: int
    maximum: int
    choices: tuple[_Choice, ...]
    starts_with_none: bool
    covered: Covered = Covered()

    @property
    def fewest(self) -> int:
        """The fewest that take of a quota."""
        return max(0, self.minimum - self.covered.fewest)

    @property
    def most(self) -> int:
        """The most that do."""
        return max(0, self.maximum - self.covered.most)

    @property
    def first(self) -> int:
        """How many must find room for anything to begin."""
        return max(0, 1 - self.covered.fewest) if self.starts_with_none else self.fewest


class _Wanted(msgspec.Struct, frozen=True):
    """vCPUs."""

    fewest: int = 0
    most: int = 0


class _Usage(msgspec.Struct, frozen=True):
    """vCPUs by code: of others for good, and of groups that are replaced until their successors are there.

    doubts: why more may be in use than is known, by code. holders: who the others are, and what each uses, by code.
    """

    others: Counter[str]
    former: Counter[str]
    doubts: Mapping[str, str]
    holders: defaultdict[str, Counter[str]]

    def by_others(self, code: str) -> str:
        """What others use of a quota, and who the largest of them are."""
        held = self.holders[code]
        named = [f"{vcpus:,} by {who}" for who, vcpus in held.most_common(_NAMED)]
        named += [f"{len(held) - _NAMED} more"] if len(held) > _NAMED else []
        return f"{self.others[code]:,} used by others" + (f" ({', '.join(named)})" if named else "")

    def count(self, who: str, name: str, vcpus: int, *, spot: bool) -> None:
        """Take up what one of the others uses."""
        quota = vcpu_quota(name, spot=spot)
        if quota is not None and vcpus:
            self.others[quota.code] += vcpus
            self.holders[quota.code][who] += vcpus


def vcpu_checks(demand: Demand, supply: Supply) -> dict[Address, tuple[Check, ...]]:
    """The checks of each group. One that lives in a reservation needs no quota, and has none."""
    found: dict[Address, list[Check]] = {one.group.address: [] for one in demand.groups}
    if isinstance(supply.machines, Unasked):
        unknown = Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=supply.machines.reason)
        return {one.group.address: (unknown,) for one in demand.groups if ways(one.group)}
    granted = {code: value for code, value in supply.quotas.items() if not isinstance(value, Unasked)}
    shares, within = [], covered(demand, supply)
    for one in demand.groups:
        for share in _shares(one, supply.machines, within[one.group.address]):
            known = [choice for choice in share.choices if choice.quota.code in granted]
            if known:
                shares.append(msgspec.structs.replace(share, choices=tuple(known)))
            else:
                found[one.group.address].append(_unknown(share, one, supply))
    for address, check in _drawn(shares, granted, _usage(demand, supply, supply.machines), supply.region):
        found[address].append(check)
    return {address: tuple(checks) for address, checks in found.items()}


def _drawn(
    shares: list[_Share], granted: Mapping[str, float], usage: _Usage, region: str
) -> Iterator[tuple[Address, Check]]:
    """Let all take their fewest, beside what they replace; then, when that is gone, their most."""
    pool = Pool({code: value - usage.others[code] - usage.former[code] for code, value in granted.items()})
    fewest: list[tuple[_Share, _Choice, bool, bool]] = []
    for share in shares:
        choice = max(share.choices, key=lambda one: pool.left([one.quota.code]) // one.vcpus)
        fits = max(0, pool.left([choice.quota.code])) >= share.first * choice.vcpus
        if fits:  # one that cannot be made takes nothing from the others
            pool.take([choice.quota.code], share.fewest * choice.vcpus)
        twice = max(0, pool.left([choice.quota.code])) < share.covered.met * choice.vcpus
        fewest.append((share, choice, fits, twice))
    pool.give(usage.former)
    wanted = _wanted(fewest)
    for share, choice, fits, twice in fewest:
        code = choice.quota.code
        largest = max(one.vcpus for one in share.choices if one.quota.code == code)
        more = max(0, share.most * largest - share.fewest * choice.vcpus)
        grows = fits and max(0, pool.left([code])) >= more and not twice
        pool.take([code], more if fits else 0)
        verdict = Verdict.FITS if grows else Verdict.TIGHT if fits else Verdict.SHORT
        largest_of_all = usage.others[code] + max(wanted[code].most, usage.former[code] + wanted[code].fewest)
        hint = increase("ec2", code, largest_of_all, region)
        yield share.address, _check(share, choice, largest, verdict, granted[code], usage, hint)


def _wanted(fewest: list[tuple[_Share, _Choice, bool, bool]]) -> defaultdict[str, _Wanted]:
    """What all that draw from a quota want of it, by its code: who asks for more asks for all of them."""
    found: defaultdict[str, _Wanted] = defaultdict(_Wanted)
    for share, choice, *_ in fewest:
        code = choice.quota.code
        largest = max(one.vcpus for one in share.choices if one.quota.code == code)
        least = max(share.first, 0 if share.covered.words else 1)
        before = found[code]
        found[code] = _Wanted(before.fewest + least * choice.vcpus, before.most + share.most * largest)
    return found


def _check(
    share: _Share, choice: _Choice, largest: int, verdict: Verdict, granted: float, usage: _Usage, hint: str
) -> Check:
    """`hint`: how to ask for as much as is wanted."""
    code = choice.quota.code
    others, former, doubt = usage.others[code], usage.former[code], usage.doubts.get(code, "")
    least, most = max(share.minimum, 1) * choice.vcpus, share.maximum * largest
    wanted = f"{least:,} to {most:,}" if least != most else f"{most:,}"
    words = f"{granted:,.0f} granted, {usage.by_others(code)}, and {wanted} wanted ({choice.quota.name})"
    if within := share.covered.words:
        words += f"; {within} of the machines run in open reservations, and are counted there"
        least, most = share.first * choice.vcpus, share.most * largest
    if verdict is Verdict.TIGHT and share.covered.met:
        words += f"; while it is made, EC2 may count the {share.covered.met:,} machines that run in it a second time"
    if former:
        words += f"; the machines that are replaced take {former:,} until their successors are there"
    if verdict is not Verdict.FITS and granted - others - former >= (most if verdict is Verdict.TIGHT else least):
        words += "; other groups of the stack draw from it too"
    if doubt and verdict is not Verdict.SHORT:  # what is short of it already is short of it whatever else there is
        words += f"; more may be in use: {doubt}"
        verdict = Verdict.NOT_CHECKED if verdict is Verdict.FITS else verdict
    if verdict in (Verdict.FITS, Verdict.NOT_CHECKED):
        subject = _SUBJECT if doubt else f"{_SUBJECT} {code}"
        return Check(subject=subject, verdict=verdict, words=words)
    return Check(subject=f"{_SUBJECT} {code}", verdict=verdict, words=words, hint=hint)


def _unknown(share: _Share, one: GroupDemand, supply: Supply) -> Check:
    answers = [supply.quotas.get(choice.quota.code) for choice in share.choices]
    reasons = [answer.reason for answer in answers if isinstance(answer, Unasked)]
    words = reasons[0] if reasons else f"which quota {either(one.group.types)} counts against is not known"
    return Check(subject=_SUBJECT, verdict=Verdict.NOT_CHECKED, words=words)


def _shares(one: GroupDemand, machines: Mapping[str, Machine], within: Covered) -> Iterator[_Share]:
    """What it buys in each way; of a group that buys either way, all of it in whichever has room."""
    group = one.group
    if group.either:
        choices = _choices(group, machines, (True, False))
        yield _Share(group.address, group.minimum, group.maximum, choices, starts_with_none=group.minimum == 0)
        return
    for spot in ways(group):
        fewest, most = (_bought(one, number, spot=spot) for number in (group.minimum, group.maximum))
        if most == 0:
            continue
        begins = group.minimum == 0 and _bought(one, 1, spot=spot) == 1
        choices = _choices(group, machines, (spot,))
        yield _Share(group.address, fewest, most, choices, starts_with_none=begins, covered=within)


def _choices(group: MachineGroup, machines: Mapping[str, Machine], markets: tuple[bool, ...]) -> tuple[_Choice, ...]:
    return tuple(
        _Choice(quota, machines[name].vcpus)
        for spot in markets
        for name in group.types
        if name in machines and (quota := vcpu_quota(name, spot=spot)) is not None
    )


def _bought(one: GroupDemand, machines: int, *, spot: bool) -> int:
    if one.group.buying is Buying.SPOT:
        return machines
    firm = on_demand_of(one.group, machines)
    return machines - firm if spot else firm


def _usage(demand: Demand, supply: Supply, machines: Mapping[str, Machine]) -> _Usage:
    """What is in use without the machines of the stack's own groups, which are counted by what they want."""
    # Machines in a reservation want no quota, and take it as others do.
    own = {(one.group.cluster, one.group.name) for one in demand.groups if one.group.name and ways(one.group)}
    leaving = {one.group.former for one in demand.groups if one.group.former[1]}
    usage = _Usage(Counter(), Counter(), dict(_doubts(supply, machines, own)), defaultdict(Counter))
    for machine in () if isinstance(supply.running, Unasked) else supply.running:
        whose = (machine.cluster, machine.group)
        if whose not in own and machine.type in machines:
            vcpus = machines[machine.type].vcpus
            if whose in leaving:
                _count(usage.former, machine.type, vcpus, spot=machine.spot)
            else:
                usage.count("/".join(filter(None, whose)) or _ALONE, machine.type, vcpus, spot=machine.spot)
    for held in () if isinstance(supply.reservations, Unasked) else supply.reservations.values():
        if _counts(held) and held.type in machines:
            usage.count(_UNUSED, held.type, held.available * machines[held.type].vcpus, spot=False)
    return usage


def _doubts(
    supply: Supply, machines: Mapping[str, Machine], own: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Why more may be in use, by code. Where several reasons hold for a code, the one that hides most comes last."""
    running = () if isinstance(supply.running, Unasked) else supply.running
    for machine in running:
        quota = vcpu_quota(machine.type, spot=machine.spot)
        if quota is not None and machine.type not in machines and (machine.cluster, machine.group) not in own:
            yield quota.code, f"how many vCPUs {machine.type} has was not told"
    if isinstance(supply.reservations, Unasked):
        for code in ON_DEMAND_CODES:
            yield code, f"unused reservations could not be counted: {supply.reservations.reason}"
    if isinstance(supply.running, Unasked):
        for code in supply.quotas:
            yield code, supply.running.reason


def _counts(reservation: Reservation) -> bool:
    """Unused capacity counts as if it ran (EC2 user guide, "Capacity Reservation limits", November 2026)."""
    return reservation.state == "active" and reservation.counts


def _count(used: Counter[str], name: str, vcpus: int, *, spot: bool) -> None:
    quota = vcpu_quota(name, spot=spot)
    if quota is not None:
        used[quota.code] += vcpus
