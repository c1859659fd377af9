"""Capacity: whether what a stack demands is in supply. Pure; the session reads the supply and calls it.

A group is short where not even its fewest machines can be made, or not one of a group that begins with none. It is
tight where they can, and its most cannot. Groups draw from the same quotas and subnets, in the order of their
addresses: first all take their fewest, then their most.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import chain

from mlinfra.advice.addresses import address_checks
from mlinfra.advice.codes import Code
from mlinfra.advice.demand import LIMITS, Demand, GroupDemand, Limit, Made
from mlinfra.advice.machine_groups import Buying, either
from mlinfra.advice.quota_request import increase
from mlinfra.advice.rolling import rolling_checks
from mlinfra.advice.supply import Counts, Reservation, Supply, Unasked
from mlinfra.advice.vcpus import vcpu_checks
from mlinfra.core.address import Address
from mlinfra.core.capacity import Capacity, Check, Room, Verdict
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.source import Source

_LIKELY = 4  # spot placement scores of 1 to 10; below this most of a request is seldom filled


def judge(demand: Demand, supply: Supply, only: Collection[Address] | None = None) -> Capacity:
    """A verdict for each group and each kind of object with a quota; of `only` these addresses, where given."""
    vcpus, addresses = vcpu_checks(demand, supply), address_checks(demand, supply)
    rolling = rolling_checks(demand, supply)
    rooms = [
        Room(
            address=one.group.address,
            what=f"{one.group.minimum} to {one.group.maximum} of {either(one.group.types)}",
            checks=(
                *vcpus.get(one.group.address, ()),
                *rolling.get(one.group.address, ()),
                *_zones(one, supply),
                *addresses.get(one.group.address, ()),
                *_reservation(one, supply),
                *_score(one, supply),
            ),
        )
        for one in demand.groups
    ]
    rooms += [_limit(limit, made, supply) for limit in LIMITS if (made := demand.made.get(limit.type, ()))]
    chosen = [room for room in rooms if only is None or room.address in only]
    return Capacity(region=supply.region, rooms=tuple(sorted(chosen, key=lambda room: (room.address, room.what))))


def capacity_findings(
    capacity: Capacity, source: Callable[[Address], Source | None] = lambda _: None
) -> tuple[Diagnostic, ...]:
    """An error for each check that is short, a warning for each that is tight. `source`: where an address is caused."""
    told = {Verdict.SHORT: (Severity.ERROR, Code.SHORT), Verdict.TIGHT: (Severity.WARNING, Code.TIGHT)}
    return tuple(
        Diagnostic(
            severity=told[check.verdict][0],
            code=told[check.verdict][1],
            summary=f"{room.address}: {check.subject}: {check.words}",
            address=room.address,
            source=source(room.address),
            hint=check.hint,
        )
        for room in capacity.rooms
        for check in room.checks
        if check.verdict in told
    )


def _zones(one: GroupDemand, supply: Supply) -> Iterator[Check]:
    subject = "zones"
    offered, subnets = supply.offered, supply.subnets
    held = subnets if not isinstance(subnets, Unasked) else {}
    zones = sorted({place.zone or (held[place.id].zone if place.id in held else "") for place in one.places})
    if isinstance(offered, Unasked):
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=offered.reason)
        return
    if not zones or "" in zones:
        words = subnets.reason if isinstance(subnets, Unasked) else "the zones of its subnets are not known yet"
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=words)
        return
    everywhere = frozenset(chain.from_iterable(offered.get(name, frozenset()) for name in one.group.types))
    lacking = [zone for zone in zones if zone not in everywhere]
    names = either(one.group.types)
    nowhere = f"no zone of {supply.region} offers {names}: choose other instance types, or another region"
    hint = f"{names} is offered in {', '.join(sorted(everywhere))}" if everywhere else nowhere
    if len(lacking) == len(zones):
        words = f"none of {', '.join(zones)} offers {names}"
        yield Check(subject=subject, verdict=Verdict.SHORT, words=words, hint=hint)
    elif lacking:
        words = f"{', '.join(lacking)} does not offer {names}; the group's other zones do"
        yield Check(subject=subject, verdict=Verdict.TIGHT, words=words, hint=f"name the group's zones: {hint}")
    else:
        yield Check(subject=subject, verdict=Verdict.FITS, words=f"{', '.join(zones)} offer {names}")


def _reservation(one: GroupDemand, supply: Supply) -> Iterator[Check]:
    group, subject = one.group, "reservation"
    if group.buying is not Buying.RESERVED:
        return
    if not group.reservation:
        words = "which reservation it lives in is known after apply only"
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=words)
        return
    if isinstance(supply.reservations, Unasked):
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=supply.reservations.reason)
        return
    found = supply.reservations.get(group.reservation)
    problem = _problem(one, found)
    if problem or found is None:
        hint = "aws ec2 describe-capacity-reservations lists those that there are"
        yield Check(subject=subject, verdict=Verdict.SHORT, words=problem, hint=hint)
        return
    if found.state != "active":
        words = f"{group.reservation} is {found.state}, and has nothing before it begins"
        verdict = Verdict.SHORT if group.minimum else Verdict.TIGHT
        yield Check(subject=subject, verdict=verdict, words=words, hint="set min to 0 until then")
        return
    own = supply.machines_of(group)
    there = found.available + own
    words = f"{group.reservation} has {found.available} of {found.type} free in {found.zone}" + (
        f", and the group uses {own}" if own else ""
    )
    if isinstance(supply.running, Unasked) and group.name and there < group.maximum:
        words += f", beside what the group uses already: {supply.running.reason}"
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=words)
        return
    hint = "enlarge the reservation" + (f", or lower max to {there}" if there else ", or give the group another")
    verdict = (
        Verdict.SHORT if there < max(group.minimum, 1) else Verdict.TIGHT if there < group.maximum else Verdict.FITS
    )
    yield Check(subject=subject, verdict=verdict, words=words, hint="" if verdict is Verdict.FITS else hint)


def _problem(one: GroupDemand, found: Reservation | None) -> str:
    name = one.group.reservation
    if found is None:
        return f"there is no {name} in this account and region"
    if found.state not in ("active", "scheduled", "pending"):
        return f"{name} is {found.state}"
    if found.type not in one.group.types:
        return f"{name} is of {found.type}, and the group is of {either(one.group.types)}"
    zones = {place.zone for place in one.places if place.zone}
    if zones and found.zone and found.zone not in zones:
        return f"{name} is in {found.zone}, and the group is in {', '.join(sorted(zones))}"
    return ""


def _score(one: GroupDemand, supply: Supply) -> Iterator[Check]:
    score = supply.scores.get(one.group.address)
    subject = "spot capacity"
    if score is None:
        return
    if isinstance(score, Unasked):
        yield Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=score.reason)
        return
    wanted = f"{one.group.maximum} machines" if one.group.maximum > 1 else "a machine"
    words = f"EC2 scores a request for {wanted} {score} of 10"
    unlikely = score < _LIKELY
    hint = "name more instance types, or more zones" if unlikely else ""
    yield Check(subject=subject, verdict=Verdict.TIGHT if unlikely else Verdict.FITS, words=words, hint=hint)


def _limit(limit: Limit, made: tuple[Made, ...], supply: Supply) -> Room:
    granted = supply.quotas.get(limit.code, Unasked("its quota was not asked"))
    present = supply.present.get(limit.type, Unasked("they were not counted"))
    return Room(
        address=made[0].address,
        what=f"{len(made)} to be made",
        checks=(_limit_check(limit, made, granted, present, supply.region),),
    )


def _limit_check(
    limit: Limit,
    made: tuple[Made, ...],
    granted: float | Unasked,
    present: Counts | Unasked,
    region: str,
) -> Check:
    subject = f"{limit.what} ({limit.code})"
    if isinstance(granted, Unasked):
        return Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=granted.reason)
    if isinstance(present, Unasked):
        return Check(subject=subject, verdict=Verdict.NOT_CHECKED, words=present.reason)
    zones = sorted({one.zone for one in made})
    if limit.by_zone and "" in zones:
        return Check(subject=subject, verdict=Verdict.NOT_CHECKED, words="their zones are not known yet")
    worst, wanted = max(
        ((zone, sum(one.zone == zone for one in made) + present.get(zone, 0)) for zone in zones),
        key=lambda pair: pair[1],
    )
    where = f" in {worst}" if worst else ""
    words = f"{granted:,.0f} granted, {present.get(worst, 0):,} in use{where}, and {wanted:,} would be"
    if wanted <= granted:
        return Check(subject=subject, verdict=Verdict.FITS, words=words)
    return Check(
        subject=subject, verdict=Verdict.SHORT, words=words, hint=increase(limit.service, limit.code, wanted, region)
    )
