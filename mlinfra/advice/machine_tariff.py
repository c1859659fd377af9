"""What groups of machines come to: the machines, their volumes, their public addresses.

Minimum: the fewest machines, of the cheapest type. Expected: as many as there are, or are made at first, of the first
type; spot machines at the typical price, averaged over the types, as EKS takes whichever is to be had. Maximum: the
most machines, of the dearest type; spot machines at the on-demand price, above which they never go. Where no typical
price is known, the on-demand price stands for it throughout, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from mlinfra.advice.bill import NO_PRICE, Bill
from mlinfra.advice.machine_groups import Buying, Disk, MachineGroup, either
from mlinfra.core.cost import HOURS_PER_MONTH, Amount

_TYPICAL = "spot at the typical price; at the most, at the on-demand price"
_UNTYPICAL = "spot at the on-demand price, for want of a typical one"
_STANDS_IN = "and it is counted at the on-demand price, above which it never goes"
# EBS user guide, "General Purpose SSD volumes" (November 2026): what gp3 comes with.
_GP3_IOPS, _GP3_THROUGHPUT = 3000, 125
# Amazon EBS pricing: io2 costs less for each IOPS above this.
_IO2_FIRST_TIER = 32_000


def bill_group(group: MachineGroup, bill: Bill) -> None:
    """Add what `group` comes to."""
    counts = Amount(Decimal(group.minimum), Decimal(group.expected), Decimal(group.maximum))
    _machines(group, bill)
    for disk in group.disks:
        _volumes(group, disk, counts, bill)
    if group.public_addresses:
        wanted = _times(counts, Decimal(group.public_addresses))
        bill.charge(group.address, f"{_counted(group)} public addresses", "public-address", wanted)


def on_demand_of(group: MachineGroup, machines: int) -> int:
    """How many of `machines` are bought on demand.

    Of a mixed group the base, and a share of the others, rounded up (EC2 Auto Scaling user guide, "Allocation
    strategies for multiple instance types", November 2026).
    """
    match group.buying:
        case Buying.ON_DEMAND:
            return machines
        case Buying.MIXED:
            base = min(machines, group.base)
            return base - (-(machines - base) * group.percent // 100)
        case _:
            return 0


def _machines(group: MachineGroup, bill: Bill) -> None:
    what = f"{_counted(group)} {either(group.types)}, {group.buying.value}"
    if group.buying is Buying.RESERVED:
        bill.add(group.address, what, Amount(), "already paid for with the reservation")
        return
    firm = _firm_prices(group, bill)
    if not firm:
        return
    spare = _spot_prices(group, firm, bill) if _wants_spot(group) else {}
    first = firm.get(group.types[0]) or next(iter(firm.values()))
    typical = sum(spare.values(), Decimal(0)) / len(spare) if spare else Decimal(0)
    monthly = Amount(
        _bought(group, group.minimum, min(firm.values()), min(spare.values(), default=Decimal(0))),
        _bought(group, group.expected, first, typical),
        _bought(group, group.maximum, max(firm.values()), _most(group, firm)),
    )
    bill.add(group.address, what, monthly, _told_of_spot(group, spare, bill) if spare else "")


def _told_of_spot(group: MachineGroup, spare: Collection[str], bill: Bill) -> str:
    """By which prices spot machines are counted; and whether what the group pays for one buys any of its types."""
    prices = [price for name in spare if (price := bill.price(f"machine.spot.{name}")) is not None]
    if group.most_paid is None:
        return _TYPICAL if prices else _UNTYPICAL
    most = f"{group.most_paid.normalize():f} USD an hour"
    if prices and min(prices) > group.most_paid * HOURS_PER_MONTH:
        typical = min(prices) / HOURS_PER_MONTH
        return f"spot at {most} at the most, and it typically costs {typical:.3f}: there may be none to be had"
    return f"spot at the {'typical' if prices else 'on-demand'} price, and {most} at the most"


def _wants_spot(group: MachineGroup) -> bool:
    return group.buying is Buying.SPOT or (group.buying is Buying.MIXED and group.percent < 100)


def _bought(group: MachineGroup, machines: int, firm: Decimal, spare: Decimal) -> Decimal:
    bought = on_demand_of(group, machines)
    return bought * firm + (machines - bought) * spare


def _most(group: MachineGroup, firm: dict[str, Decimal]) -> Decimal:
    dearest = max(firm.values())
    return min(dearest, group.most_paid * HOURS_PER_MONTH) if group.most_paid is not None else dearest


def _firm_prices(group: MachineGroup, bill: Bill) -> dict[str, Decimal]:
    """What a machine of each type costs a month on demand; types without a price are listed."""
    found = {name: bill.price(f"machine.on-demand.{name}") for name in group.types}
    for name, price in found.items():
        if price is None:
            bill.leave(group.address, f"{name}, on demand")
    return {name: price for name, price in found.items() if price is not None}


def _spot_prices(group: MachineGroup, firm: dict[str, Decimal], bill: Bill) -> dict[str, Decimal]:
    """What a spot machine of each type typically costs a month, and never more than the group pays."""
    typical = {}
    for name in group.types:
        price = bill.price(f"machine.spot.{name}")
        if price is None:
            known = name in firm
            bill.leave(group.address, f"{name}, spot", f"{NO_PRICE}, {_STANDS_IN}" if known else "", bounded=known)
        if (found := price if price is not None else firm.get(name)) is not None:
            typical[name] = found
    if group.most_paid is None:
        return typical
    return {name: min(price, group.most_paid * HOURS_PER_MONTH) for name, price in typical.items()}


def _volumes(group: MachineGroup, disk: Disk, counts: Amount, bill: Bill) -> None:
    if disk.kind is None or disk.gib is None:
        bill.leave(group.address, "the machines' volumes", "the stack does not say of which kind and size")
        return
    what = f"{_counted(group)} volumes of {disk.gib:,} GiB {disk.kind}"
    parts = [_part(bill, f"volume.{disk.kind}.storage", disk.gib), _performance(disk, bill)]
    if any(part is None for part in parts):
        bill.leave(group.address, what, f"{NO_PRICE} of all of its performance" if parts[0] is not None else "")
        return
    each = sum((part for part in parts if part is not None), Decimal(0))
    bill.add(group.address, what, _times(counts, each))


def _performance(disk: Disk, bill: Bill) -> Decimal | None:
    """What IOPS and throughput cost beyond what the kind comes with; `None` where a price is missing."""
    match disk.kind:
        case "gp3":
            more = _part(bill, "volume.gp3.iops", max(0, disk.iops - _GP3_IOPS))
            fast = _part(bill, "volume.gp3.throughput", max(0, disk.throughput - _GP3_THROUGHPUT))
            return None if more is None or fast is None else more + fast
        case "io2" if disk.iops > _IO2_FIRST_TIER:
            return None
        case "io1" | "io2":
            return _part(bill, f"volume.{disk.kind}.iops", disk.iops)
        case _:
            return Decimal(0)


def _part(bill: Bill, key: str, amount: int) -> Decimal | None:
    if amount == 0:
        return Decimal(0)
    price = bill.price(key)
    return None if price is None else price * amount


def _times(counts: Amount, each: Decimal) -> Amount:
    return Amount(counts.minimum * each, counts.expected * each, counts.maximum * each)


def _counted(group: MachineGroup) -> str:
    if group.minimum == group.maximum:
        return str(group.minimum)
    expected = f"now {group.expected}" if group.there else f"{group.expected} at first"
    return f"{group.minimum} to {group.maximum} ({expected})"
