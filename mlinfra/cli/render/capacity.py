"""Whether there is room for a stack: as lines, as a table for Markdown and HTML, and as data for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mlinfra.cli.render.html import code as html_code
from mlinfra.cli.render.html import text as html_text
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.markdown import code, prose
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.core.capacity import Capacity, Check, Room, Verdict

STYLE = {Verdict.SHORT: "bold red", Verdict.TIGHT: "yellow", Verdict.NOT_CHECKED: "cyan", Verdict.FITS: "green"}
_ROWS = 20


def capacity_summary(capacity: Capacity) -> str:
    """A line: how many there are of each verdict."""
    if not capacity.rooms:
        return "nothing that needs room"
    found = Counter(room.verdict for room in capacity.rooms)
    words = ", ".join(f"{verdict.value} {found[verdict]:,}" for verdict in Verdict if found[verdict])
    count = len(capacity.rooms)
    return f"{words}, of {number_of(count, 'thing')} that {'needs' if count == 1 else 'need'} room"


def capacity_page(capacity: Capacity, name: str, look: Look) -> Page:
    """All of it."""
    page = Page().line((name, "bold"), f"  {capacity.region}: {capacity_summary(capacity)}")
    for room in capacity.rooms:
        page.blank().line((room.address, "bold"), f"  {room.what}  ", (room.verdict.value, STYLE[room.verdict]))
        for index, check in enumerate(room.checks):
            branch, below = look.guide(last=index == len(room.checks) - 1)
            page.line((branch, "dim"), *_told(check), below=below + "    ")
            if check.hint:
                page.line((below, "dim"), ("hint: ", "dim"), check.hint, below=below + "      ")
    return page


def capacity_brief(capacity: Capacity) -> Page:
    """For a plan: a line, and one for each check that does not fit. Those with a finding are told there."""
    page = Page().line(("capacity  ", "bold"), capacity_summary(capacity))
    for room in capacity.rooms:
        for check in room.checks:
            if check.verdict is Verdict.NOT_CHECKED:
                page.line(f"          {room.address}  ", *_told(check), below="            ")
    return page


def _told(check: Check) -> tuple[str | tuple[str, str], ...]:
    return f"{check.subject}  ", (check.verdict.value, STYLE[check.verdict]), f"  {check.words}"


def capacity_markdown(capacity: Capacity) -> list[str]:
    """A table with a row for each thing that needs room, the worst first."""
    lines = ["### Capacity", "", f"{prose(capacity_summary(capacity))}", ""]
    if capacity.rooms:
        lines += ["| | verdict | why |", "|---|---|---|"]
        for room in _worst_first(capacity)[:_ROWS]:
            why = "; ".join(f"{prose(check.subject)}: {prose(check.words)}" for check in _reasons(room))
            lines.append(f"| {code(room.address)} {prose(room.what)} | {room.verdict.value} | {why} |")
        more = len(capacity.rooms) - _ROWS
        lines += [f"| {more} more | | |"] if more > 0 else []
        lines.append("")
    return lines


def capacity_html(capacity: Capacity) -> str:
    """The same as a section of a page, whole."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("what", "verdict", "checks"))
    rows = "".join(
        f"<tr><td>{html_code(room.address)} {html_text(room.what)}</td><td>{room.verdict.value}</td><td>"
        + "<br>".join(
            f"{html_text(check.subject)}: <strong>{check.verdict.value}</strong>, {html_text(check.words)}"
            for check in room.checks
        )
        + "</td></tr>"
        for room in _worst_first(capacity)
    )
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    return (
        f"<h2>Capacity</h2><p>{html_text(capacity_summary(capacity))}</p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Capacity"><div class="inner">{table}</div></div>'
    )


def capacity_data(capacity: Capacity) -> dict[str, Any]:
    """For programs; every key is always there."""
    return {
        "region": capacity.region,
        "verdict": capacity.verdict.value,
        "rooms": [
            {
                "address": room.address,
                "what": room.what,
                "verdict": room.verdict.value,
                "checks": [
                    {
                        "subject": check.subject,
                        "verdict": check.verdict.value,
                        "words": check.words,
                        "hint": check.hint or None,
                    }
                    for check in room.checks
                ],
            }
            for room in capacity.rooms
        ],
    }


def _worst_first(capacity: Capacity) -> list[Room]:
    order = [Verdict.SHORT, Verdict.TIGHT, Verdict.NOT_CHECKED, Verdict.FITS]
    return sorted(capacity.rooms, key=lambda room: (order.index(room.verdict), room.address))


def _reasons(room: Room) -> list[Check]:
    """The checks that made the verdict."""
    return [check for check in room.checks if check.verdict is room.verdict]
