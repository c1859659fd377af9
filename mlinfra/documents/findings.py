"""Findings: the mistakes met on the way, kept until all can be shown at once.

Whoever reads a document adds to one; the loader turns it into diagnostics or an error at the end. It holds no more
than can be read.
"""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.codes import Coded
from mlinfra.core.diagnostic import Diagnostic, Severity, errors_in
from mlinfra.core.source import Source
from mlinfra.documents.codes import Code

LIMIT = 100


class Findings:
    """A growing collection of diagnostics."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    @property
    def full(self) -> bool:
        """Whether further ones would be dropped: time to stop looking."""
        return len(self._found) >= LIMIT

    def add(
        self,
        code: Coded,
        summary: str,
        source: Source | None,
        *,
        hint: str = "",
        detail: str = "",
        address: Address | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Keep one finding."""
        self.take(Diagnostic(
            severity=severity, code=code.value, summary=summary, detail=detail, address=address, source=source,
            hint=hint,
        ))  # fmt: skip

    def take(self, *diagnostics: Diagnostic) -> None:
        """Keep findings that were made elsewhere."""
        self._found += diagnostics[: LIMIT - len(self._found)]

    @property
    def errors(self) -> int:
        """How many of them stop a command."""
        return len(errors_in(self._found))

    def has_errors(self) -> bool:
        """Whether any of them stops a command."""
        return self.errors > 0

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them in the order of the files, each once; the last says so where there may be more."""
        unique = sorted(dict.fromkeys(self._found), key=_order)
        if self.full:
            unique.append(Diagnostic(
                code=Code.TOO_MANY.value, source=_file_of(unique), summary=f"only the first {LIMIT} mistakes are shown",
                hint="mend these first, then look again",
            ))  # fmt: skip
        return tuple(unique)


def _file_of(diagnostics: list[Diagnostic]) -> Source | None:
    """The file of the last of them, without a line: what was not looked at any more may be anywhere in it."""
    last = next((one.source for one in reversed(diagnostics) if one.source is not None), None)
    return Source(last.file) if last is not None else None


def _order(diagnostic: Diagnostic) -> Source:
    return diagnostic.source or Source("")
