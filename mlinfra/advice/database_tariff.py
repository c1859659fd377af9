"""What a database of RDS comes to: the machine, its storage with what that performs, its password. `tariff` calls it.

What a version in extended support and long-kept performance data add is said, and in no figure: both are paid by vCPU.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mlinfra.advice.bill import NO_PRICE, Bill
from mlinfra.advice.reading import items, number, text
from mlinfra.advice.things import Thing
from mlinfra.core.cost import Amount

# RDS user guide, "gp3 storage" (November 2026): what gp3 comes with, and from which size on four times as much of it.
_IOPS, _THROUGHPUT, _LARGE = 3_000, 125, 400
_FREE_DAYS = 7  # of performance data
# The last day of standard support: RDS user guide, release calendars of PostgreSQL and MySQL (November 2026).
_STANDARD_UNTIL = {
    ("postgres", "11"): date(2024, 2, 29),
    ("postgres", "12"): date(2025, 2, 28),
    ("postgres", "13"): date(2026, 2, 28),
    ("mysql", "5.7"): date(2024, 2, 29),
    ("mysql", "8.0"): date(2026, 7, 31),
}


def bill_database(thing: Thing, day: date, bill: Bill) -> None:
    """Add what a database comes to. A standby costs all of it once more (RDS user guide, "On-Demand DB instances")."""
    own = thing.properties
    kind, copies = text(own, "instanceClass"), 2 if own.get("multiAz") is True else 1
    what = f"a database ({kind})" + (" and its standby" if copies == 2 else "")
    bill.charge(thing.address, what, f"database.{text(own, 'engine')}.{kind}", Amount.fixed(Decimal(copies)))
    _storage(thing, copies, bill)
    if (
        own.get("manageMasterUserPassword") is True
    ):  # which costs (RDS user guide, "Password management", November 2026)
        bill.charge(thing.address, "the secret with its password", "secret", Amount.fixed(Decimal(1)))
    _surcharges(thing, day, bill)
    bill.meter(thing.address, "backups beyond the size of the database")
    if items(own, "enabledCloudwatchLogsExports") or number(own, "monitoringInterval"):
        bill.meter(thing.address, "logs of the database, by size")


def _storage(thing: Thing, copies: int, bill: Bill) -> None:
    own = thing.properties
    size, most = number(own, "allocatedStorage"), number(own, "maxAllocatedStorage")
    iops, throughput = number(own, "iops"), number(own, "storageThroughput")
    kind = text(own, "storageType", "io1" if iops else "gp3")
    if not size:
        return
    now = max(size, number(thing.seen, "allocatedStorage"))  # it grows by itself, and never shrinks
    amount = _each(copies, size, now, max(now, most))
    grows = f" to {most:,}" if most > now else ""
    bill.charge(thing.address, f"its {now:,}{grows} GB of storage ({kind})", f"database.storage.{kind}", amount)
    times = 4 if size >= _LARGE else 1
    firm = kind in ("io1", "io2")
    more = iops if firm else max(0, iops - times * _IOPS)
    if more:
        what = f"{more:,} IOPS" + ("" if firm else " beyond those that come with it")
        bill.charge(thing.address, what, f"database.iops.{kind}", _each(copies, more, more, more))
    fast = max(0, throughput - times * _THROUGHPUT)
    if fast:
        what = f"{fast:,} MiB/s beyond those that come with it"
        bill.charge(thing.address, what, f"database.throughput.{kind}", _each(copies, fast, fast, fast))


def _surcharges(thing: Thing, day: date, bill: Bill) -> None:
    own = thing.properties
    engine, version = text(own, "engine"), text(own, "engineVersion")
    for (name, major), until in _STANDARD_UNTIL.items():
        ends = engine == name and (version == major or version.startswith(f"{major}.")) and day > until
        if ends and text(own, "engineLifecycleSupport") != "open-source-rds-extended-support-disabled":
            what = f"extended support of {engine} {major}, since {until.isoformat()}"
            bill.leave(thing.address, what, f"{NO_PRICE}: it is paid by vCPU; a newer version has none")
    kept = number(own, "performanceInsightsRetentionPeriod") > _FREE_DAYS
    if kept or text(own, "databaseInsightsMode") == "advanced":
        bill.leave(thing.address, "performance data", f"{NO_PRICE}: it is paid by vCPU")


def _each(copies: int, minimum: int, expected: int, maximum: int) -> Amount:
    return Amount(Decimal(copies * minimum), Decimal(copies * expected), Decimal(copies * maximum))
