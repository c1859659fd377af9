"""Findings: what rules have against a stack or a plan, in words and with the line that causes it.

`evaluation` makes them, the session puts their diagnostics into the plan, each by itself: that much of the same is told
in few words is for the forms that people read on a terminal.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.source import Source
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.codes import Code
from mlinfra.policy.rule import Level, Rule
from mlinfra.policy.waiver import Lapse, Waiver

_CODES = {
    (Level.MANDATORY, Verdict.FAIL): (Severity.ERROR, Code.BROKEN),
    (Level.MANDATORY, Verdict.UNKNOWN): (Severity.ERROR, Code.UNDECIDED),
    (Level.ADVISORY, Verdict.FAIL): (Severity.WARNING, Code.ADVICE),
    (Level.ADVISORY, Verdict.UNKNOWN): (Severity.NOTE, Code.ADVICE_UNDECIDED),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, and one address that does not keep it, or may not.

    `waiver`: what sets it aside, if anything does.

    asks_account: whether it is undecided only since no account was asked.
    """

    rule: Rule
    level: Level
    verdict: Verdict
    address: Address
    source: Source | None = None
    words: str = ""
    waiver: Waiver | None = None
    asks_account: bool = False

    @property
    def is_violation(self) -> bool:
        """Whether it stops an apply."""
        return self.level is Level.MANDATORY and self.waiver is None and not self.asks_account

    @property
    def is_undecided(self) -> bool:
        """Whether nobody knows yet."""
        return self.verdict is Verdict.UNKNOWN and self.waiver is None

    def diagnostic(self) -> Diagnostic:
        """The same for people."""
        about = self.rule.about
        severity, code = (Severity.NOTE, Code.WAIVED) if self.waiver else self._code()
        who = "its files do not tell" if self.asks_account else "it is known only after apply"
        what = about.message if self.verdict is Verdict.FAIL else f"{who} whether it is kept: {about.title}"
        return Diagnostic(
            severity=severity,
            code=code,
            summary=f"{about.id} ({about.severity.value}): {self.address}: {what}",
            detail="\n".join(filter(None, (self.words, self._waived(), " ".join(about.anchors)))),
            address=self.address,
            source=self.source,
            hint="" if self.waiver else f"{self._remedy()} ({about.reference})",
        )

    def _code(self) -> tuple[Severity, Code]:
        return (Severity.WARNING, Code.ASKS_ACCOUNT) if self.asks_account else _CODES[self.level, self.verdict]

    def _remedy(self) -> str:
        return (
            "`mlinfra plan` asks the account, and the states of other stacks"
            if self.asks_account
            else self.rule.about.remedy
        )

    def _waived(self) -> str:
        return f"waived until {self.waiver.until}: {self.waiver.reason}" if self.waiver else ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found. packs: which were asked; rules: how many; lapses: what is wrong with waivers."""

    packs: tuple[str, ...] = ()
    rules: int = 0
    findings: tuple[Finding, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """For people, by rule and address, then what waivers are to be mended."""
        found = (one.diagnostic() for one in sorted(self.findings, key=_order))
        return (*found, *(lapse.diagnostic() for lapse in self.lapses), *self.notes)

    @property
    def waived(self) -> int:
        """How many findings are set aside."""
        return sum(one.waiver is not None for one in self.findings)

    @property
    def undecided(self) -> int:
        """Of how many findings nobody knows yet."""
        return sum(one.is_undecided for one in self.findings)


def decided_by_account(judgement: Judgement, supposed: Judgement) -> Judgement:
    """The judgement, which asked no account; `supposed`: that of what an account might answer.

    What is undecided in the first alone, an account decides.
    """
    open_anyway = {(one.rule.id, one.address) for one in supposed.findings if one.verdict is Verdict.UNKNOWN}
    findings = tuple(
        msgspec.structs.replace(one, asks_account=True)
        if one.verdict is Verdict.UNKNOWN and (one.rule.id, one.address) not in open_anyway
        else one
        for one in judgement.findings
    )
    return msgspec.structs.replace(judgement, findings=findings)


def _order(finding: Finding) -> tuple[bool, str, int, str]:
    return finding.waiver is not None, finding.rule.id, finding.verdict.value, finding.address
