"""What a stack costs: as lines, as a table for Markdown and HTML, and as data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from mlinfra.cli.render.html import code as html_code
from mlinfra.cli.render.html import text as html_text
from mlinfra.cli.render.look import Look
from mlinfra.cli.render.markdown import code, prose
from mlinfra.cli.render.number import number_of
from mlinfra.cli.render.page import Page
from mlinfra.core.cost import Amount, Cost, CostLine, Uncounted

_ROWS = 10
_HEADS = ("", "minimum", "expected", "maximum")


def money(value: Decimal, *, signed: bool = False) -> str:
    """`1,234.50`; with a sign, `+1,234.50`."""
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def cost_summary(cost: Cost) -> str:
    """A line: the figures, the change, and how much is in none of them."""
    whole = cost.monthly
    between = f" ({money(whole.minimum)} to {money(whole.maximum)})" if whole.minimum != whole.maximum else ""
    words = _changed(cost.change)
    return f"{money(whole.expected)} {cost.currency} a month expected{between}{words}{_missing(cost)}"


def _missing(cost: Cost) -> str:
    """How much no price is known of: what is in no figure, and what is there with the most it may be."""
    count = len(cost.uncounted)
    bounded = len(cost.unknown) - count
    words = f"; {number_of(count, 'thing')} {'is' if count == 1 else 'are'} not counted: no price is known"
    more = f"; {number_of(bounded, 'spot price')} {'is' if bounded == 1 else 'are'} not known, and counted as on demand"
    return (words if count else "") + (more if bounded else "")


def _changed(change: Amount | None) -> str:
    if change is None:
        return ""
    more = change.expected
    return f", {money(abs(more))} {'more' if more > 0 else 'less'} than before" if more else ", as before"


def cost_page(cost: Cost, name: str, look: Look) -> Page:
    """All of it. What has no room beside the figures stands above them, so that these are below each other."""
    page = Page().line((name, "bold"), f"  {cost_summary(cost)}").blank()
    rows = _figures(cost)
    widths = [max(map(len, column)) for column in zip(*(figures for _, figures, _ in rows), strict=True)]
    room = max(20, min(max(len(label) for label, _, _ in rows), look.width - sum(widths) - 2 * len(widths)))
    for label, figures, note in rows:
        shown = "  ".join(f"{figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
        if len(label) > room:
            address, colon, what = label.partition(": ")
            page.line(address + colon)
            label = f"  {what}"
        if len(label) > room:
            page.line(label, below="    ")
            label = ""
        page.line(f"{label:<{room}}  {shown}")
        if note:
            page.line((f"  {note}", "dim"), below="  ")
    page.blank().extend(_listed("no price is known of", cost.unknown, with_reason=True))
    page.blank().extend(_listed("paid by use, and in no figure", cost.usage))
    if cost.prices_of:
        page.blank().line((f"prices of {cost.prices_of} and later, {cost.region}; list prices without taxes", "dim"))
    return page


def _figures(cost: Cost) -> list[tuple[str, tuple[str, ...], str]]:
    """Rows: what it is, its figures, and a note."""
    rows: list[tuple[str, tuple[str, ...], str]] = [(f"{cost.currency} a month", _HEADS[1:], "")]
    rows += [(f"{line.address}: {line.what}", _three(line.monthly), line.note) for line in cost.lines]
    rows.append(("together", _three(cost.monthly), ""))
    rows.append(("an hour", tuple(f"{value:,.4f}" for value in _values(cost.monthly.hourly())), ""))
    if cost.change is not None:
        rows.append(("change", tuple(money(value, signed=True) for value in _values(cost.change)), ""))
    if cost.budget is not None:
        rows.append(("budget", ("", money(cost.budget.monthly), ""), ""))
    return rows


def _listed(title: str, things: Sequence[Uncounted], *, with_reason: bool = False) -> Page:
    page = Page()
    if things:
        page.line((title, "bold"))
        for one in things:
            page.line(f"  {one.address}: {one.what}", (f"  {one.reason}" if with_reason else "", "dim"), below="    ")
    return page


def _values(amount: Amount) -> tuple[Decimal, Decimal, Decimal]:
    return amount.minimum, amount.expected, amount.maximum


def _three(amount: Amount) -> tuple[str, ...]:
    return tuple(map(money, _values(amount)))


def cost_markdown(cost: Cost) -> list[str]:
    """A table of the dearest things, under a line that says it all."""
    lines = ["### Cost", "", prose(cost_summary(cost)), ""]
    if cost.lines or cost.gone:
        lines += [f"| {cost.currency} a month | minimum | expected | maximum | change |", "|---|---:|---:|---:|---:|"]
        shown, rest = _chosen(cost.lines)
        lines += [f"| {_named_in_row(line)} | {_cells_of(line.monthly, line.change)} |" for line in shown]
        lines += [_summed(rest)] if rest else []
        gone, others = _chosen(cost.gone)
        lines += [f"| {_named_in_row(line)} | | | | {_difference(line.change)} |" for line in gone]
        lines += [f"| {len(others)} more gone | | | | {_difference(_changes(others))} |"] if others else []
        lines += [f"| **together** | {_cells_of(cost.monthly, cost.change or Amount())} |", ""]
    if cost.unknown:
        named = ", ".join(f"{code(one.address)} ({prose(_named(one))})" for one in cost.unknown[:_ROWS])
        lines += [f"No price is known of {named}{' and more' if len(cost.unknown) > _ROWS else ''}.", ""]
    return lines


def _chosen(lines: Sequence[CostLine]) -> tuple[list[CostLine], list[CostLine]]:
    """Those that have a row of their own, in their order, and the others: what changes goes before what is dear."""
    first = sorted(range(len(lines)), key=lambda at: (lines[at].change == Amount(), at))[:_ROWS]
    return [lines[at] for at in sorted(first)], [line for at, line in enumerate(lines) if at not in first]


def _named_in_row(line: CostLine) -> str:
    return f"{code(line.address)} {prose(line.what)}"


def _summed(lines: Sequence[CostLine]) -> str:
    monthly = Amount.total(line.monthly for line in lines)
    return f"| {len(lines)} more | {_cells_of(monthly, _changes(lines))} |"


def _changes(lines: Iterable[CostLine]) -> Amount:
    return Amount.total(line.change for line in lines)


def _cells_of(monthly: Amount, change: Amount) -> str:
    return " | ".join([*_three(monthly), _difference(change)])


def _difference(change: Amount) -> str:
    """What is expected to be more or less; where that is nothing, the most that it may be."""
    if change.expected or not change.maximum:
        return money(change.expected, signed=True) if change.expected else ""
    return f"{money(change.maximum, signed=True)} at the most"


def _named(one: Uncounted) -> str:
    return f"{one.what}, counted as on demand" if one.bounded else one.what


def cost_html(cost: Cost) -> str:
    """The same as a section of a page, whole."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in (f"{cost.currency} a month", *_HEADS[1:]))
    rows = "".join(map(_row, cost.lines))
    unknown = "".join(
        f"<li>{html_code(one.address)} {html_text(one.what)}: {html_text(one.reason)}</li>" for one in cost.unknown
    )
    listed = f"<p>No price is known of:</p><ul>{unknown}</ul>" if unknown else ""
    return (
        f"<h2>Cost</h2><p>{html_text(cost_summary(cost))}</p><details><summary>What it is paid for</summary>"
        f'<div class="inner"><table class="figures"><thead><tr>{heads}</tr></thead><tbody>{rows}'
        f'<tr><th scope="row">together</th>{_cells(cost.monthly)}</tr></tbody></table>{listed}</div></details>'
    )


def _row(line: CostLine) -> str:
    note = f'<br><span class="soft">{html_text(line.note)}</span>' if line.note else ""
    return f"<tr><td>{html_code(line.address)} {html_text(line.what)}{note}</td>{_cells(line.monthly)}</tr>"


def _cells(amount: Amount) -> str:
    return "".join(f"<td>{figure}</td>" for figure in _three(amount))


def cost_data(cost: Cost) -> dict[str, Any]:
    """For programs; every key is always there."""
    return {
        "currency": cost.currency,
        "region": cost.region,
        "monthly": _amount(cost.monthly),
        "hourly": _amount(cost.monthly.hourly()),
        "change": _amount(cost.change) if cost.change is not None else None,
        "lines": [
            {"address": line.address, "what": line.what, "monthly": _amount(line.monthly), "note": line.note or None}
            for line in cost.lines
        ],
        "unknown": [{**_uncounted(one), "bounded": one.bounded} for one in cost.unknown],
        "usage": [_uncounted(one) for one in cost.usage],
        "pricesOf": cost.prices_of or None,
        "budget": {"monthly": float(cost.budget.monthly), "fails": cost.budget.fails} if cost.budget else None,
    }


def _amount(amount: Amount) -> dict[str, float]:
    return {
        "minimum": float(amount.minimum),
        "expected": float(amount.expected),
        "maximum": float(amount.maximum),
    }


def _uncounted(one: Uncounted) -> dict[str, str]:
    return {"address": one.address, "what": one.what, "reason": one.reason}
