"""Diagnostics: what a user should know about their stack, collected and shown all at once.

Anyone may make one; only the command line prints them.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.source import Source


class Severity(StrEnum):
    """How bad it is. Only an error stops a command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding. `code` (`MLI1234`) is stable and listed in docs/codes.md; `hint` says what to do."""

    severity: Severity = Severity.ERROR
    code: str
    summary: str
    detail: str = ""
    address: Address | None = None
    source: Source | None = None
    hint: str = ""


def errors_in(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those that stop a command."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)
