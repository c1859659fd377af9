"""Waivers: rules that a stack sets aside for one address, for a reason, until a day.

`evaluation` asks them of each finding. One that has expired, or sets nothing aside, is itself told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.source import Source
from mlinfra.core.stack import Stack
from mlinfra.policy.codes import Code


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `policies.waive`. `until` is its last day."""

    rule: str
    address: str
    reason: str
    until: date
    source: Source | None = None

    def covers(self, rule: str, address: str) -> bool:
        """Whether it is about that rule at that address, or below."""
        return rule == self.rule and (address == self.address or address.startswith(f"{self.address}."))


class Lapse(msgspec.Struct, frozen=True):
    """A waiver that sets nothing aside, and why."""

    waiver: Waiver
    code: Code
    summary: str
    hint: str
    severity: Severity = Severity.WARNING

    def diagnostic(self) -> Diagnostic:
        """The same for people."""
        return Diagnostic(
            severity=self.severity, code=self.code, summary=self.summary, source=self.waiver.source, hint=self.hint
        )


def waivers_of(stack: Stack) -> Iterator[Waiver]:
    """Those that the stack file holds, as they stand."""
    for index, entry in enumerate(stack.policies.get("waive", ())):
        yield Waiver(
            rule=entry["rule"],
            address=entry["address"],
            reason=entry["reason"],
            until=date.fromisoformat(entry["until"]),
            source=stack.positions.at(("policies", "waive", index)),
        )
