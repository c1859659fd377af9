"""What performance the kinds of EBS volumes can have, and what is wrong with one that asks for another.

Read where volumes are written: for node groups, and in launch templates of the user's own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

# EC2 API reference, "CreateVolume" (2016-11-15; SDK models of November 2026): fewest and most IOPS and MiB/s. EBS user
# guide, "gp3 volumes" and "Provisioned IOPS SSD" (November 2026): IOPS for each GiB and for each MiB/s, gp3's own IOPS.
_IOPS = {"gp3": (3000, 80000), "io1": (100, 64000), "io2": (100, 256000)}
_IOPS_PER_GIB = {"gp3": 500, "io1": 50, "io2": 1000}
_THROUGHPUT = (125, 2000)
_IOPS_PER_THROUGHPUT = 4
_BASE_IOPS = 3000


class Limit(msgspec.Struct, frozen=True):
    """One thing that cannot be: `iops` or `throughput`, why not, and what to do."""

    field: str
    summary: str
    hint: str


def impossible(kind: str, gib: int | None, iops: int, throughput: int) -> Iterator[Limit]:
    """What a volume cannot have, of both at once. 0: what it comes with. gib: `None` where the size is not known."""
    yield from _iops(kind, gib, iops)
    yield from _throughput(kind, iops, throughput)


def _iops(kind: str, gib: int | None, iops: int) -> Iterator[Limit]:
    if kind not in _IOPS:
        if iops:
            yield Limit("iops", f"the IOPS of {kind} follow from its size", "use gp3, or take it out")
        return
    fewest, most = _IOPS[kind]
    by_size = most if gib is None else _IOPS_PER_GIB[kind] * gib
    if not iops:
        if kind != "gp3":
            yield Limit("iops", f"{kind} needs its IOPS", "add iops, or use gp3")
    elif iops < fewest:
        yield Limit("iops", f"{kind} has {fewest} IOPS at least", f"choose {fewest} or more")
    elif iops > by_size and by_size < most:
        yield Limit("iops", f"{gib}Gi of {kind} have {by_size} IOPS at most", "raise size, or lower iops")
    elif iops > most:
        yield Limit("iops", f"{kind} has {most} IOPS at most", f"choose {most} or less")


def _throughput(kind: str, iops: int, throughput: int) -> Iterator[Limit]:
    fewest, most = _THROUGHPUT
    if not throughput:
        return
    if kind != "gp3":
        yield Limit("throughput", f"the throughput of {kind} cannot be chosen", "use gp3, or take it out")
    elif throughput < fewest:
        yield Limit("throughput", f"gp3 has {fewest} MiB a second at least", f"choose {fewest} or more")
    elif throughput > most:
        yield Limit("throughput", f"gp3 has {most} MiB a second at most", f"choose {most} or less")
    elif throughput > (iops or _BASE_IOPS) / _IOPS_PER_THROUGHPUT:
        needed = throughput * _IOPS_PER_THROUGHPUT
        yield Limit("throughput", f"{throughput} MiB a second need {needed} IOPS", "raise iops, or lower throughput")
