"""Mending: how a release goes on from where Helm left it, and what a plan says of that before it is done.

Helm refuses to go on from what an interrupted call of its own left behind. `lifecycle` acts by this table, and
`observation` tells it, so that what was said is what is done. Pure.

| status | what is done before the release is made what it should be |
| --- | --- |
| deployed, failed, superseded | nothing: Helm upgrades from there |
| pending-upgrade, pending-rollback | back to the last revision that was good; removed where none was |
| pending-install, uninstalling, uninstalled | removed, and installed anew |
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import msgspec

from mlinfra.providers.helm.releases import DEPLOYED, FAILED, Release, Revision

_RETURNS = frozenset({"pending-upgrade", "pending-rollback"})
_STARTS_ANEW = frozenset({"pending-install", "uninstalling", "uninstalled"})


class Way(Enum):
    """What comes before Helm can go on."""

    ON = "on"
    BACK = "back"
    ANEW = "anew"


class Mending(msgspec.Struct, frozen=True):
    """The way, and for a return the revision that is returned to."""

    way: Way
    back: Revision | None = None


def mending_of(release: Release) -> Mending:
    """How a release is brought to where Helm can go on from."""
    if release.last.status in _STARTS_ANEW:
        return Mending(Way.ANEW)
    if release.last.status not in _RETURNS:
        return Mending(Way.ON)
    failed = (one for one in reversed(release.revisions) if one.status == FAILED)
    back = release.last_good or next(failed, None)
    return Mending(Way.BACK, back) if back is not None else Mending(Way.ANEW)


def plight_of(release: Release) -> str:
    """What is wrong with a release that is not deployed, since when, and what an apply does about it; else empty."""
    last = release.last
    if last.status == DEPLOYED or last.broken:
        return ""
    what = f"revision {last.number} is {last.status}{_since(last)}"
    if last.status == FAILED:
        return f"revision {last.number} failed{_since(last).replace(' since', ' at')}; apply upgrades from there"
    mending = mending_of(release)
    if mending.way is Way.BACK and mending.back is not None:
        return f"{what}, as an interrupted run leaves it; apply goes back to revision {mending.back.number} first"
    if mending.way is Way.ANEW:
        return f"{what}, as an interrupted run leaves it; apply removes what is there of it, and installs it anew"
    return what


def _since(last: Revision) -> str:
    try:
        moment = datetime.fromisoformat(last.begun)
    except ValueError:
        return ""
    return f" since {moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
