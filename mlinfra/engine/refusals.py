"""Refusals: what keeps a plan from being applied for what would be lost by it.

The planner asks, once everything is decided. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.plan import Action
from mlinfra.core.resource import Graph
from mlinfra.core.resource_type import ResourceType
from mlinfra.core.state import Record
from mlinfra.core.value import at, path_text
from mlinfra.engine.closing import Closing
from mlinfra.engine.codes import Code
from mlinfra.engine.decision import Decision
from mlinfra.engine.standing import present_of

_VERBS = {Action.DELETE: "deleted", Action.REPLACE: "replaced"}


def lost_with(record: Record | None, types: Mapping[str, ResourceType]) -> str:
    """What nobody gets back once a recorded object is gone, in words."""
    kind = types.get(record.type) if record is not None else None
    return kind.irreplaceable if kind is not None else ""


def protected(decisions: Iterable[Decision], declared: Graph, closing: Closing) -> Iterator[Diagnostic]:
    """What is protected and would go; also with its cluster."""
    for decision in decisions:
        record = decision.standing.record
        lost = closing.loses(decision)
        if (decision.action not in _VERBS and not lost) or record is None:
            continue
        resource = declared.resources.get(decision.address)
        if record.protect or (resource is not None and resource.lifecycle.protect):
            verb = "lost" if lost else _VERBS[decision.action]
            yield Diagnostic(
                code=Code.PROTECTED,
                summary=f"{decision.address} is protected and would be {verb}: {decision.reason}",
                address=decision.address,
                source=resource.source if resource is not None else decision.source,
                hint="while it is still declared, take it out of lifecycle.protect, or, where it is protected for being"
                " of production, set lifecycle.environment to development; apply, then try again",
            )


def still_used(decisions: Iterable[Decision]) -> Iterator[Diagnostic]:
    """What goes, though something that stays cannot let go of it: the key of a cluster that is encrypted for good."""
    going = {
        str(identity): decision
        for decision in decisions
        if decision.action is Action.DELETE and (present := present_of(decision.standing)) is not None
        for identity in (present.id, present.properties.get("arn"))
        if identity
    }
    for decision in decisions:
        present = present_of(decision.standing)
        if present is None:
            continue
        for path in decision.difference.kept:
            used = going.get(str(at(present.properties, path)))
            if used is not None:
                yield Diagnostic(
                    code=Code.STILL_USED,
                    summary=f"{used.address} would be deleted, and {decision.address} still uses it",
                    detail=f"{path_text(path)} was taken out of the stack, and cannot be unset.",
                    address=used.address,
                    source=decision.resource.source if decision.resource is not None else None,
                    hint=f"leave both in the stack for as long as there is {decision.address}",
                )
