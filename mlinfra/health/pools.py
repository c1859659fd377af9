"""Node pools of Karpenter as groups that may grow: how many nodes they have and may have, and why one did not come.

For judges of pods that wait for a node, and of the pools themselves. Fields and words: karpenter.sh/v1 of release 1.14
(read 2026-11-24): a claim that finds no machine is removed again, and what remains is an event about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.health.offers import TYPE, choice_of
from mlinfra.health.seen import Choice, Group, Live, Seen, condition, short

POOL = "karpenter.sh/nodepool"
_NO_CAPACITY = "InsufficientCapacityError"
UNBOUNDED = 1_000_000
_OF_LATE = 3600.0  # seconds
LONG = 900.0  # seconds; Karpenter itself gives a machine that long to register


def pools(seen: Seen) -> Iterator[Group]:
    """All of them. Of one that says no number of nodes, there is no end."""
    for pool in seen.each("NodePool"):
        made = _pool(seen, pool["metadata"]["name"], pool.get("spec") or {})
        claims = [one for one in seen.objects.get("NodeClaim", ()) if pool_of(one) == made.name]
        yield msgspec.structs.replace(
            made,
            desired=len(claims),
            machines=len(claims),
            hindered=refusal_of_late(seen, made.name),
            stood_in=_came_since(seen, claims, refused_at(seen, made.name)),
        )


def gone_pools(seen: Seen) -> Iterator[Group]:
    """Those of the stack that somebody deleted, as it made them."""
    for one in seen.missing:
        if one.kind == "NodePool":
            name = one.subject.rpartition(" ")[2]
            yield msgspec.structs.replace(_pool(seen, name, one.inputs.get("spec") or {}), status="GONE")


def _pool(seen: Seen, name: str, spec: Live) -> Group:
    """What a pool says of itself."""
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    limit = str((spec.get("limits") or {}).get("nodes", ""))
    return Group(
        name=name,
        maximum=int(limit) if limit.isdigit() else UNBOUNDED,
        labels=labels,
        taints=tuple(((spec.get("template") or {}).get("spec") or {}).get("taints") or ()),
        zones=_zones(spec),
        pool=True,
        choices=_choices(seen, spec, labels),
    )


def _came_since(seen: Seen, claims: list[Live], refused: str) -> bool:
    """Whether a claim that was made after another was refused has its machine."""
    failed = seen.moment(refused)
    if failed is None:
        return False
    made = (seen.moment(one["metadata"].get("creationTimestamp")) for one in claims if _is_launched(one))
    return any(moment is not None and moment >= failed for moment in made)


def _is_launched(claim: Live) -> bool:
    return condition(claim, "Launched").get("status") == "True"


def _zones(spec: Live) -> tuple[str, ...]:
    """The zones that it names; none where it leaves that to its subnets."""
    return _required(spec).get("topology.kubernetes.io/zone", ())


def _choices(seen: Seen, spec: Live, labels: Mapping[str, str]) -> tuple[Choice, ...]:
    """The types that it names, each with what its machines have and are called."""
    required = _required(spec)
    named = [choice_of(name, labels, seen.types) for name in required.get(TYPE, ())]
    return tuple(Choice(one.type, one.offers, {**required, **one.labels}) for one in named or [Choice()])


def _required(spec: Live) -> dict[str, tuple[str, ...]]:
    """The labels that its machines have one of some values of."""
    asked = ((spec.get("template") or {}).get("spec") or {}).get("requirements") or ()
    return {str(one["key"]): tuple(map(str, one.get("values") or ())) for one in asked if one.get("operator") == "In"}


def pool_of(live: Live) -> str:
    """The pool that a claim or a node is of."""
    return str((live["metadata"].get("labels") or {}).get(POOL, ""))


def starting(seen: Seen, pool: str = "") -> list[Live]:
    """The claims, of one pool or of all, whose machine is on its way: Karpenter gives it a quarter of an hour."""
    return [
        claim
        for claim in seen.each("NodeClaim")
        if pool in ("", pool_of(claim))
        and condition(claim, "Initialized").get("status") != "True"
        and seen.age(claim["metadata"].get("creationTimestamp")) < LONG
    ]


def refusal_of_late(seen: Seen, pool: str) -> str:
    """Why a machine of the last hour did not come; empty where all came. Claims are called after their pool."""
    newest = _refusal(seen, pool)
    return short(str(newest.get("message") or "").partition(" event: ")[2] or newest.get("message"))


def refused_at(seen: Seen, pool: str) -> str:
    """When that was."""
    return _moment(_refusal(seen, pool))


def _refusal(seen: Seen, pool: str) -> Live:
    told = [
        event
        for event in seen.objects.get("Event", ())
        if event.get("reason") == _NO_CAPACITY
        and str((event.get("involvedObject") or {}).get("name", "")).rpartition("-")[0] == pool
        and seen.age(_moment(event)) < _OF_LATE
    ]
    return max(told, key=_moment, default={})


def _moment(event: Live) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
