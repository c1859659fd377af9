"""How a stack is: as lines, as Markdown, and as data for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mlinfra.cli.render.look import Look
from mlinfra.cli.render.markdown import code, prose
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.core.health import Health, Severity, Trouble

_STYLE = {Severity.BROKEN: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_EXPLAINED = 6  # of what a cause brings about, where people read it
_FEW = 3


def health_summary(health: Health) -> str:
    """A line: what it all comes to."""
    found = Counter(trouble.severity for trouble in health.troubles)
    words = [f"{found[one]} {one.value}" for one in Severity if found[one] and one is not Severity.NOTE]
    if health.unread:
        words.insert(0, f"{number_of(len(health.unread), 'thing')} could not be read")
    return ", ".join(words) or health.verdict


def health_page(health: Health, look: Look) -> Page:
    """All of it: what could not be read first, then the troubles, at last what is well."""
    page = Page().line((health.stack, "bold"), "  ", (health_summary(health), _style(health)))
    for reason in health.unread:
        page.blank().line(("unreadable  ", "bold red"), reason, below="            ")
    for trouble in health.troubles:
        page.blank()
        where = f"  {trouble.address}" if trouble.address else ""
        page.line((f"{trouble.severity.value:<8}", _STYLE[trouble.severity]), (trouble.title, "bold"), (where, "dim"))
        for label, words in _lines(trouble):
            first, *rest = words.split("\n")
            page.line("        ", (label, "dim"), first, below="          ")
            for row in rest:
                name, gap = _column(row)
                page.line("            ", row, below=" " * (12 + name + gap))
    counts = [f"{good} of {every} {what}" for what, good, every in health.counts if every]
    if counts:
        page.blank().line((", ".join(counts), "dim"))
    return page


def _style(health: Health) -> str:
    return {"healthy": "green", "not made": "dim"}.get(health.verdict, "bold red")


def _lines(trouble: Trouble) -> list[tuple[str, str]]:
    lines = [("", trouble.words)]
    if trouble.remedy:
        lines.append(("do: ", trouble.remedy))
    if trouble.explains:
        lines.append(("hence: ", _some(trouble.explains, _EXPLAINED)))
    if len(trouble.subjects) > 1:
        lines.append(("these: ", _some(trouble.subjects, _FEW)))
    return lines


def _column(row: str) -> tuple[int, int]:
    """How wide the first column of a row is, and the gap after it."""
    name, gap, _ = row.partition("  ")
    return (len(name), len(row[len(name) :]) - len(row[len(name) :].lstrip())) if gap else (0, 2)


def _some(names: tuple[str, ...], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def health_markdown(health: Health) -> list[str]:
    """The same for a page or a message."""
    lines = [f"### {prose(health.stack)}: {prose(health_summary(health))}", ""]
    lines += [f"- **unreadable**: {prose(reason)}" for reason in health.unread]
    for trouble in health.troubles:
        where = f" ({code(trouble.address)})" if trouble.address else ""
        lines.append(f"- **{trouble.severity.value}** {code(trouble.title)}{where}: {prose(trouble.words)}")
        for label, words in _lines(trouble)[1:]:
            first, *rest = words.split("\n")
            lines.append(f"  - {label}{prose(first)}")
            lines += [f"    - {prose(' '.join(row.split()))}" for row in rest]
    counts = [f"{good} of {every} {what}" for what, good, every in health.counts if every]
    return [*lines, "", prose(", ".join(counts)), ""] if counts else lines


def health_data(health: Health) -> dict[str, Any]:
    """For programs; every key is always there."""
    return {
        "formatVersion": "1.0",
        "stack": health.stack,
        "verdict": health.verdict,
        "troubles": [
            {
                "severity": trouble.severity.value,
                "title": trouble.title,
                "words": trouble.words,
                "remedy": trouble.remedy or None,
                "address": trouble.address or None,
                "subjects": list(trouble.subjects),
                "explains": list(trouble.explains),
            }
            for trouble in health.troubles
        ],
        "unread": list(health.unread),
        "counts": [{"what": what, "good": good, "all": every} for what, good, every in health.counts],
    }
