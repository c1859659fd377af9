"""Expiry: until when a stack with a time to live lives, as the tags of its objects say.

The tags are the memory: the time stands on the objects themselves, so that whoever finds them, without stack and
state, knows when they may go. A plan leaves it as it is: what is new gets the time that the rest has. Only an apply
moves it, when all else is done, in one pass over the tags, which changes nothing else and rolls no node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from mlinfra.core.observed import Present
from mlinfra.core.ownership import Owner
from mlinfra.core.plan import Plan
from mlinfra.core.provider import Provider, Target
from mlinfra.core.resource import Connection, Ownership
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.state import Record, State
from mlinfra.documents.duration import parse_duration
from mlinfra.engine.survey import Survey

_FORM = "%Y-%m-%dT%H:%M:%SZ"
# A time to live is begun anew once a tenth of it has passed: sooner it is not worth a call for each object.
_WORTHWHILE = 0.1


class Quiet:
    """The operation of a pass that nobody watches: it makes nothing, and tags are put in no time."""

    def made(self, id: str) -> None:
        """Nothing is made."""

    def say(self, progress: str) -> None:
        """Nobody listens."""

    def check(self) -> None:
        """Nobody stops it: it can be repeated."""

    def fence(self) -> None:
        """Nobody takes it amiss: tags are put as they were wanted, by whoever does."""


def under(ownership: Ownership, ttl: str | None, seen: Survey, now: datetime) -> Ownership:
    """Whose new objects are, and until when: as long as those that are there; on the first day, the time to live."""
    if not ttl:
        return ownership
    present = [one for one in seen.seen.values() if isinstance(one, Present)]
    known = {one.owner.expires for one in present if one.owner is not None} - {""}
    if known:
        return msgspec.structs.replace(ownership, expires=max(known))
    return ownership if present else msgspec.structs.replace(ownership, expires=_after(ttl, now))


def prolong(
    plan: Plan,
    state: State,
    types: Mapping[str, ResourceType],
    connect: Callable[[Connection], Provider],
    now: datetime,
) -> int:
    """Move the time on every object that bears one, where the stack wants that; answers how many. May be repeated."""
    until = _wanted(plan.ownership.expires, plan.settings, now)
    if until == plan.ownership.expires:
        return 0
    ownership = msgspec.structs.replace(plan.ownership, expires=until)
    records = [record for record in state.every_record() if _bears(types.get(record.type))]
    for record in records:
        connect(record.connection).tag(_target(record, ownership), Quiet())
    return len(records)


def _wanted(present: str, settings: Mapping[str, Any], now: datetime) -> str:
    ttl = settings.get("ttl")
    if not ttl:
        return present
    if not present:
        return _after(ttl, now)
    if not settings.get("extendOnApply"):
        return present
    until = datetime.strptime(present, _FORM).replace(tzinfo=UTC)
    whole = parse_duration(ttl)
    return _after(ttl, now) if abs(now + whole - until) >= whole * _WORTHWHILE else present


def _after(ttl: str, now: datetime) -> str:
    return f"{(now + parse_duration(ttl)).astimezone(UTC):{_FORM}}"


def _bears(kind: ResourceType | None) -> bool:
    return kind is not None and kind.taggable and kind.owned_by is OwnedBy.TAGS


def _target(record: Record, ownership: Ownership) -> Target:
    owner = Owner.under(ownership, record.address, record.generation, protect=record.protect)
    return Target(
        address=record.address,
        type=record.type,
        owner=owner,
        properties=record.inputs or {},
        id=record.id,
        outputs=record.outputs,
    )
