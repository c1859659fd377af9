"""Idle names: what stands under `lifecycle.protect`, `moved` and `policies.waive`, and means nothing.

Whoever misspells what is to be protected believes it safe. Called for a plan and by `validation`; pure.
"""

from __future__ import annotations

from collections.abc import Collection

from mlinfra.core.address import Address, meant_by
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.plan import Plan
from mlinfra.core.stack import Stack
from mlinfra.core.state import State
from mlinfra.core.value import Path
from mlinfra.session.codes import Code

_WHOLE = "stack"  # rules may be about the stack itself


def idle_names(stack: Stack, known: Collection[Address]) -> tuple[Diagnostic, ...]:
    """A warning for each; `known` are the addresses that the stack has, or that are remembered of it."""
    named: list[tuple[str, Path, str]] = [
        (name, ("lifecycle", "protect", i), "protects nothing") for i, name in enumerate(stack.protect)
    ]
    named += [
        (entry["address"], ("policies", "waive", i, "address"), "waives nothing")
        for i, entry in enumerate(stack.policies.get("waive", ()))
        if entry["address"] != _WHOLE
    ]
    named += [(move.target, ("moved", i), "is no address to move to") for i, move in enumerate(stack.moves)]
    return tuple(
        Diagnostic(
            severity=Severity.WARNING,
            code=Code.IDLE_NAME,
            summary=f"{name} {idle}: the stack has nothing of that name",
            source=stack.positions.at(path),
            hint=meant_by(name, known),
        )
        for name, path, idle in named
        if not any(address.is_within(name) for address in known)
    )


def idle_moves(stack: Stack, plan: Plan, state: State) -> tuple[Diagnostic, ...]:
    """A note for each rename from what is not there: misspelt, or done long ago. Of a first apply nothing is said.

    One that begins where another ends is a step of a longer way, and one to what nobody has is told as an idle name.
    """
    there = {*state.records, *(record.address for record in state.deposed)}
    there |= {change.origin for change in plan.changes if change.origin is not None}
    going = {*there, *(change.address for change in plan.changes)}
    targets = {move.target for move in stack.moves}
    return tuple(
        Diagnostic(
            severity=Severity.NOTE,
            code=Code.RENAMES_NOTHING,
            summary=f"{move.origin} is renamed {move.target}, and nothing is called {move.origin}",
            source=move.source,
            hint=f"if it was renamed everywhere, take the entry out; otherwise: {meant_by(move.origin, there)}",
        )
        for move in stack.moves
        if state.records
        and move.origin not in targets
        and not any(address.is_within(move.origin) for address in there)
        and any(address.is_within(move.target) for address in going)
    )
