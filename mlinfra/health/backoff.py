"""Back-off: what an autoscaler tried in vain of late, why, and when it tries again.

For judges of groups, and of pods that wait for a machine. Cluster Autoscaler writes it into its status
(`cluster-autoscaler-status`, as YAML since 1.30): the groups by the names of their scaling groups, and for each since
when it has been in back-off, with a code and a message. It does not write until when: that is five minutes after a
first failure, twice as long after each further one, half an hour at most (kubernetes/autoscaler, clusterstate/api,
utils/backoff and the flags `initial-` and `max-node-group-backoff-duration`, read 2026-11-25). Karpenter keeps away
from what was not to be had for three minutes (karpenter.sh, "Scheduling", read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from mlinfra.documents.stream import UnreadableError, read_stream
from mlinfra.health.pools import refused_at
from mlinfra.health.seen import Group, Seen, clock_time, short

STATUS = "cluster-autoscaler-status"
_WAITS = (5, 10, 20, 30)  # minutes after a failure, by how many there were
_KARPENTER = timedelta(minutes=3)
_PLACEHOLDER = "placeholder-cannot-be-fulfilled"  # all that it knows of a failure that Auto Scaling told the reason of


class Backoff(msgspec.Struct, frozen=True):
    """cause: in the autoscaler's words. again: when it may try again, ` at 23:05 UTC`; empty where nobody knows."""

    cause: str
    again: str


def backoff_of(seen: Seen, group: Group) -> Backoff | None:
    """What keeps an autoscaler from trying a group now; nothing where nothing does."""
    if group.pool:
        return _of_pool(seen, group)
    for told in _scale_ups(seen):
        if told["name"] in group.scaling_groups and (found := _of_group(seen, told["scaleUp"])):
            return found
    return None


def hindrance(seen: Seen, group: Group) -> str:
    """Why the last try for a machine that nobody counts on any more failed: as the cloud says, or the autoscaler."""
    if group.hindered or group.recovered:
        return group.hindered
    found = backoff_of(seen, group)
    return found.cause if found is not None else ""


def retrying(seen: Seen, group: Group) -> str:
    """`; the autoscaler waits, and tries it again at 23:05 UTC at the earliest`; empty where it does not wait."""
    found = backoff_of(seen, group)
    if found is None or not found.again:
        return ""
    who, earliest = ("Karpenter", "") if group.pool else ("the autoscaler", " at the earliest")
    return f"; {who} waits, and tries again{found.again}{earliest}"


def _of_pool(seen: Seen, pool: Group) -> Backoff | None:
    moment = seen.moment(refused_at(seen, pool.name)) if pool.hindered else None
    if moment is None or moment + _KARPENTER <= seen.now:
        return None
    return Backoff(pool.hindered, _at(seen, moment + _KARPENTER))


def _of_group(seen: Seen, condition: Mapping[str, Any]) -> Backoff | None:
    since = seen.moment(condition.get("lastTransitionTime"))
    if condition.get("status") != "Backoff" or since is None:
        return None
    ends = [since + timedelta(minutes=wait) for wait in _WAITS]
    again = next((end for end in ends if end > seen.now), None)
    if again is None:
        return None  # whoever wrote that does not write any more
    about = condition.get("backoffInfo") or {}
    parts = (str(about.get(key) or "") for key in ("errorCode", "errorMessage"))
    return Backoff(short(": ".join(part for part in parts if part and part != _PLACEHOLDER)), _at(seen, again))


def _at(seen: Seen, moment: datetime) -> str:
    return clock_time(seen.now, moment.isoformat())


def _scale_ups(seen: Seen) -> Iterator[Mapping[str, Any]]:
    """What the autoscaler tells of each group. A status in another form, as of older releases, tells nothing."""
    for live in seen.objects.get("ConfigMap", ()):
        if live["metadata"]["name"] == STATUS:
            for group in _groups(str((live.get("data") or {}).get("status") or "")):
                if isinstance(group, dict) and isinstance(group.get("scaleUp"), dict) and group.get("name"):
                    yield group


@lru_cache(maxsize=2)  # asked for again by every pod that waits
def _groups(text: str) -> list[Any]:
    try:
        documents = read_stream(text)
    except UnreadableError:
        return []
    found = documents[0].get("nodeGroups") if documents and isinstance(documents[0], dict) else None
    return found if isinstance(found, list) else []
