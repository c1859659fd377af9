"""Growth: what it takes to have one machine more: who adds it, what is on its way, which line of the stack hinders.

For the judge of pods that wait. What is on its way already needs no advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlinfra.health.backoff import hindrance, retrying
from mlinfra.health.pools import UNBOUNDED
from mlinfra.health.room import has_autoscaler, is_autoscaler_down, listed
from mlinfra.health.seen import Group, Live, Seen, short
from mlinfra.health.shortages import concise, remedy_of
from mlinfra.health.turnover import Turnover

NO_GROWTH = "NotTriggerScaleUp"  # an event that is no warning (kubernetes/autoscaler, processors/status, November 2026)
_OF_LATE = 120.0  # seconds; it says so again at every look
# Karpenter's words (kubernetes-sigs/karpenter, scheduling/nodeclaim.go and scheduler.go, read 2026-11-25): of what fits
# and is not to be had, or is beyond the pool's limits, it speaks otherwise. The same again it says after five minutes.
_SAYS_KARPENTER = "Failed to schedule pod, "
_NO_TYPE = "no instance type "
_FITTING = ("offering", "exceed limits", "limits have been exhausted")
_REPEATED = 360.0  # seconds


def may_grow(group: Group) -> bool:
    """Whether it may have more machines than it wants now."""
    return group.desired < group.maximum


def grows(seen: Seen, group: Group) -> bool:
    """Whether an autoscaler is about to add a machine to it."""
    return may_grow(group) and not hindrance(seen, group) and has_autoscaler(seen, group)


def unmoved_by(seen: Seen, pod: Live) -> str:
    """Why Cluster Autoscaler adds no machine for a pod, in its words; empty where it has not said so of late."""
    uid = pod["metadata"].get("uid", "")
    for event in seen.objects.get("Event", ()):
        about = (event.get("involvedObject") or {}).get("uid") == uid
        if about and event.get("reason") == NO_GROWTH and seen.age(event.get("lastTimestamp")) < _OF_LATE:
            return short(str(event.get("message")).removeprefix("pod didn't trigger scale-up: "))
    return ""


def no_type_for(seen: Seen, pod: Live) -> str:
    """That none of the types of Karpenter's pools fits a pod, in its words; empty where it has not said so of late.

    What it said before the newest pool or claim came may be so no more.
    """
    uid = pod["metadata"].get("uid", "")
    told = [
        event
        for event in seen.objects.get("Event", ())
        if (event.get("involvedObject") or {}).get("uid") == uid
        and str(event.get("message")).startswith(_SAYS_KARPENTER)
        and seen.age(event.get("lastTimestamp")) < _REPEATED
    ]
    newest = max(told, key=lambda event: str(event.get("lastTimestamp")), default={})
    words, moment = str(newest.get("message") or ""), seen.moment(newest.get("lastTimestamp"))
    if moment is None or _NO_TYPE not in words or any(one in words for one in _FITTING):
        return ""
    made = [one["metadata"].get("creationTimestamp") for kind in ("NodePool", "NodeClaim") for one in seen.each(kind)]
    if any(came is not None and came > moment for came in map(seen.moment, made)):
        return ""
    return short(_NO_TYPE + words.partition(_NO_TYPE)[2].partition(", requirements=")[0].partition("; ")[0])


def on_its_way(groups: list[Group], moving: Mapping[str, Turnover]) -> str:
    """Which machines come to the groups by themselves, in words; empty where none does. moving: by subject."""
    coming = [(group, moving[group.subject]) for group in groups if group.subject in moving]
    return listed(f"group {group.name}: {turnover.words}" for group, turnover in coming if turnover.coming)


def grow(seen: Seen, groups: list[Group]) -> str:
    """What it takes, in words, with a line for each group where there are several; empty where none of these helps."""
    if not groups:
        return ""
    open_ones = [group for group in groups if may_grow(group)]
    if not open_ones:
        return _all_full(groups)
    if any(has_autoscaler(seen, one) for one in open_ones):
        return _attended(seen, groups)
    if any(is_autoscaler_down(seen, one) for one in open_ones if not one.pool):
        return _stalled("the autoscaler", open_ones)
    if len(open_ones) == 1 and not open_ones[0].pool:
        path = f"nodeGroups.{open_ones[0].name}.min"
        return f"{_room(open_ones[0])}, and nothing does that by itself here: add `autoscaling`, or raise {path}"
    if all(group.pool for group in open_ones):
        return _stalled("Karpenter", open_ones)
    head = "nothing adds machines by itself here: add `autoscaling`, or raise one of these"
    return _lines(head, ((f"nodeGroups.{one.name}.min", _row(one)[1]) for one in open_ones if not one.pool))


def _stalled(who: str, groups: list[Group]) -> str:
    ending = f"{who}, which would do that, does not run: see what is said of it"
    return f"{_room(groups[0])}, and {ending}" if len(groups) == 1 else _lines(ending, map(_row, groups))


def _all_full(groups: list[Group]) -> str:
    if len(groups) == 1:
        raised = f"{_room(groups[0])}: raise nodeGroups.{groups[0].name}.max"
        return f"{raised} (mlinfra capacity says whether the quota allows it), or free what is held"
    head = "free what is held, or raise one of these (mlinfra capacity says whether the quota allows it)"
    return _lines(head, ((f"nodeGroups.{one.name}.max", _row(one)[1]) for one in groups))


def _attended(seen: Seen, groups: list[Group]) -> str:
    """What is said of groups that an autoscaler sees to: that it does, or why its last try failed."""
    grown = [one for one in groups if may_grow(one) and has_autoscaler(seen, one)]
    full = [one for one in groups if not may_grow(one) and not one.pool]
    who = "Karpenter" if grown[0].pool else "the autoscaler"
    tried = {one.name: _tried(seen, one, why) for one in grown if (why := hindrance(seen, one))}
    adds = f"{who} adds a machine, which takes some minutes"
    if len(grown) == 1:
        (one,) = grown
        if not tried:
            return f"{_room(one)}: {adds}"
        paths = " or ".join(f"nodeGroups.{other.name}.max" for other in full)
        instead = f"; what stands in is at its most: raise {paths}" if full else ""
        return f"{_room(one)}, which {who} does; its last try failed: {tried[one.name]}{instead}"
    if len(tried) < len(grown):
        return _lines(adds, ((one.name, _outlook(one, tried)) for one in grown))
    rows = [*((one.name, _outlook(one, tried)) for one in grown)]
    rows += [(one.name, f"has {one.desired} of at most {one.maximum}: raise nodeGroups.{one.name}.max") for one in full]
    return _lines(f"{who} gets no machine for any of these", rows)


def _outlook(group: Group, tried: Mapping[str, str]) -> str:
    """`may grow from 0 to 4; its last try failed: ...`."""
    failed = f"; its last try failed: {tried[group.name]}" if group.name in tried else ""
    return f"{_row(group)[1]}{failed}"


def _room(group: Group) -> str:
    """`group gpu may grow from 1 to 4`."""
    return f"group {group.name} {_row(group)[1]}"


def _row(group: Group) -> tuple[str, str]:
    if not may_grow(group):
        return group.name, f"has {group.desired} of at most {group.maximum}"
    if group.maximum >= UNBOUNDED:
        return group.name, f"has {group.desired}, and may grow without an end"
    return group.name, f"may grow from {group.desired} to {group.maximum}"


def _lines(head: str, rows: Iterable[tuple[str, str]]) -> str:
    """A heading, and a line for each, aligned."""
    told = list(rows)
    width = max(len(name) for name, _ in told)
    return "\n".join([f"{head}:", *(f"{name:<{width}}  {words}" for name, words in told)])


def _tried(seen: Seen, group: Group, why: str) -> str:
    told = remedy_of(group, why)
    return f"{short(concise(why))}{retrying(seen, group)}" + (f"; {told}" if told else "")
