"""Decisions: what happens to one address, what that is decided from, and what is said of it.

`deciding` makes them, the planner orders them, the steps carry them out. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.observed import Present
from mlinfra.core.plan import Action
from mlinfra.core.property import Replace
from mlinfra.core.resource import Ownership, Resource
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.source import Source
from mlinfra.core.value import Properties
from mlinfra.engine.codes import Code
from mlinfra.engine.diff import Difference
from mlinfra.engine.standing import Standing, Standings
from mlinfra.engine.survey import Survey


class Parting(msgspec.Struct, frozen=True, gc=False):
    """Why something that is there is not declared any more, and where in the stack that shows."""

    reason: str = "not in the stack"
    source: Source | None = None


class Decision(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What happens to one address.

    generation: of the object that is there afterwards.
    properties: what its steps aim at, expressions included, the derived name filled in.
    desired: the same, resolved as far as is known while planning.
    retag: its ownership tags are not as they should be.
    finish: an earlier run was stopped before it was ready.
    settle: nothing differs in the cloud, the record alone is behind.
    sure: a replacement that is made whatever becomes known.
    source: where in the stack it shows, of what has no resource.
    within: the cluster that is deleted as well, and takes it along without a call of its own.
    """

    address: Address
    type: str
    action: Action
    standing: Standing
    resource: Resource | None = None
    generation: int = 1
    properties: Properties = {}
    desired: Properties = {}
    difference: Difference = Difference()
    order: Replace | None = None
    reason: str = ""
    retag: bool = False
    finish: bool = False
    settle: bool = False
    sure: bool = False
    source: Source | None = None
    within: Address | None = None


class Context(msgspec.Struct, frozen=True):
    """What every decision is made from.

    taken: what goes with what it lies in, and with what. declared: the addresses that the stack has.
    """

    types: Mapping[str, ResourceType]
    standings: Standings
    survey: Survey
    ownership: Ownership
    region: str
    adoptions: Mapping[Address, Present]
    taken: Mapping[Address, Address] = {}
    declared: Collection[Address] = ()


def conflict(resource: Resource, kind: ResourceType, present: Present, context: Context) -> Diagnostic:
    """What is said where something stands in the place of an object that is to be made."""
    key = ", ".join(f"{name} {present.properties.get(name)!r}" for name in kind.key) or f"id {present.id}"
    owner = present.owner
    whose = f"It belongs to {owner.stack}." if owner is not None else "Its tags do not say that it is ours."
    hint = f"choose another name, or take it over: mlinfra adopt STACK {resource.address} {present.id}"
    if owner is not None and owner.is_of(context.ownership) and owner.address != resource.address:
        whose, hint = _renamed(owner.address, resource.address, context)
    return Diagnostic(
        code=Code.NOT_OURS,
        summary=f"{resource.address}: {resource.type} with {key} exists already",
        detail=whose,
        address=resource.address,
        source=resource.source,
        hint=hint,
    )


def _renamed(origin: Address, target: Address, context: Context) -> tuple[str, str]:
    """Of an object that the very stack has under another address: whose it is, and what helps."""
    if origin in context.declared:
        return f"It is {origin} of this stack, and keeps the name that it was made with.", "choose another name"
    same = origin.parts[2:] == target.parts[2:]  # then the entry was renamed, and all below it
    old, new = (".".join(one.parts[:2]) if same else one for one in (origin, target))
    return (
        f"It is {origin} of this stack, which does not declare that any more.",
        f"where {old} is called {new} now, say so, and it stays: moved: [{{from: {old}, to: {new}}}]",
    )


def not_adoptable(resource: Resource, present: Present, causes: str) -> Diagnostic:
    """What is said of an object that would have to be replaced to become ours."""
    return Diagnostic(
        code=Code.NOT_ADOPTABLE,
        summary=f"{present.id} cannot become {resource.address}: {causes} differs, and cannot be changed",
        detail="It would have to be deleted and made anew, which is no adoption.",
        address=resource.address,
        source=resource.source,
        hint="declare it as it is, under `resources` with its own type and properties, and adopt it there",
    )


def unreadable_warning(address: Address, reason: str, resource: Resource | None = None) -> Diagnostic:
    """What is said of an object that could not be read."""
    return Diagnostic(
        severity=Severity.WARNING,
        code=Code.UNREADABLE,
        summary=f"{address} could not be read: {reason}",
        detail="It is neither created, replaced nor deleted by this plan.",
        address=address,
        source=resource.source if resource else None,
    )


def merged(below: Properties, above: Properties) -> Properties:
    """`above` over `below`, block by block."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return result
