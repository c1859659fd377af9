"""Diagnostics and errors: what happened, to which object, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlinfra.cli.render.alike import told_once
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.page import Page
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.source import Source

STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


def gravest_first(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Errors, then warnings, then notes; by place within each."""
    return sorted(diagnostics, key=lambda d: (_GRAVITY[d.severity], d.source or Source(""), d.address or "", d.code))


def flat(text: str) -> str:
    """A detail of several lines on one, for forms in which a value makes no lines."""
    return "; ".join(filter(None, map(str.strip, text.splitlines())))


def diagnostics_page(diagnostics: Iterable[Diagnostic], look: Look) -> Page:
    """One paragraph for each, gravest first; those of one kind that are told in a line each stand together."""
    page = Page()
    told = told_once(gravest_first(diagnostics))
    joined = None  # what a finding must have in common with the one above to stand right below it
    for diagnostic, hint in zip(told, _hints(told), strict=True):
        if (diagnostic.code, diagnostic.hint) != joined:
            page.blank()
        in_a_line = not diagnostic.detail and not hint and str(diagnostic.address or "") in diagnostic.summary
        joined = (diagnostic.code, diagnostic.hint) if in_a_line else None
        where = f" {diagnostic.source}" if diagnostic.source else ""
        page.line(
            (f"{diagnostic.severity.value} {diagnostic.code}", STYLE[diagnostic.severity]),
            (where, "cyan"),
            f": {diagnostic.summary}",
            below="    ",
        )
        if diagnostic.address and diagnostic.address not in diagnostic.summary:
            page.line(("    at ", "dim"), diagnostic.address, below="       ")
        if diagnostic.detail:
            for line in diagnostic.detail.splitlines():
                page.line("    ", line, below="    ")
        if hint:
            page.line(("    hint: ", "dim"), hint, below="          ")
    return page


def _hints(told: list[Diagnostic]) -> Iterator[str]:
    """The hint of each; empty where the next of the same kind has the same, and tells it for both."""
    for index, diagnostic in enumerate(told):
        below = (one for one in told[index + 1 :] if one.code != diagnostic.code or one.hint)
        following = next(below, None)
        repeated = following is not None and (following.code, following.hint) == (diagnostic.code, diagnostic.hint)
        yield "" if repeated else diagnostic.hint


def failure_page(code: str, message: str, hint: str, look: Look) -> Page:
    """An error that is no diagnostic: a few lines."""
    first, *rest = message.splitlines() or [""]
    page = Page().line((f"error {code}", "bold red"), f": {first}", below="    ")
    for line in rest:
        page.line("    ", line, below="    ")
    if hint:
        page.line(("    hint: ", "dim"), hint, below="          ")
    return page


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, object]:
    """One diagnostic with every key present."""
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail or None,
        "address": str(diagnostic.address) if diagnostic.address else None,
        "source": str(diagnostic.source) if diagnostic.source else None,
        "hint": diagnostic.hint or None,
    }
