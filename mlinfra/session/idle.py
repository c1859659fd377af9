"""Idle names: what stands under `lifecycle.protect`, `moved` and `policies.waive`, and means nothing.

Whoever misspells what is to be protected believes it safe. Called for a plan and by `validation`; pure.
"""

from __future__ import annotations

from collections.abc import Collection

from mlinfra.core.address import Address, meant_by
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.stack import Stack
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
