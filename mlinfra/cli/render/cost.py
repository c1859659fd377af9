"""What a stack costs: as lines, as a table for Markdown and HTML, and as data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
_LINES = 5
_HEADS = ("minimum", "expected", "maximum")
_GONE = "paid no more"
_NOTHING = ("", "", "")
_INDENT = " " * 10


def money(value: Decimal, *, signed: bool = False) -> str:
    """`1,234.50`; with a sign, `+1,234.50`."""
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def cost_summary(cost: Cost) -> str:
    """A line: the figures, the change, and how much is in none of them."""
    whole = cost.monthly
    between = f" ({money(whole.minimum)} to {money(whole.maximum)})" if whole.minimum != whole.maximum else ""
    words = _changed(cost)
    return f"{money(whole.expected)} {cost.currency} a month expected{between}{words}{_missing(cost)}"


def _missing(cost: Cost) -> str:
    """How much no price is known of: what is in no figure, and what is there with the most it may be."""
    count = len(cost.uncounted)
    bounded = len(cost.unknown) - count
    words = f"; {number_of(count, 'thing')} {'is' if count == 1 else 'are'} not counted: no price is known"
    more = f"; {number_of(bounded, 'spot price')} {'is' if bounded == 1 else 'are'} not known, and counted as on demand"
    return (words if count else "") + (more if bounded else "")


def _changed(cost: Cost) -> str:
    if cost.change is None:
        return ""
    if cost.change == cost.monthly and cost.lines:
        return ", all of it new"
    more = cost.change.expected
    return f", {money(abs(more))} {'more' if more > 0 else 'less'} than before" if more else ", as before"


def cost_brief(cost: Cost, look: Look) -> Page:
    """The figures in a line, and below it what makes the difference, the largest first; nothing where all goes."""
    page = Page().line(("cost      ", "bold"), cost_summary(cost), below=_INDENT)
    told = bool(cost.lines) and tells_changes(cost)
    changed = sorted(filter(_differs, (*cost.lines, *cost.gone)), key=_weight) if told else []
    shown = changed if look.full else changed[:_LINES]
    for line in shown:
        words = (_difference(line.change), f", {_GONE}" if line in cost.gone else "")
        page.line(f"{_INDENT}{line.address}: {line.what}  ", *words, below=f"{_INDENT}  ")
    if more := len(changed) - len(shown):
        page.line(f"{_INDENT}and {number_of(more, 'more line')} that change: `mlinfra cost`", below=_INDENT)
    return page


def tells_changes(cost: Cost) -> bool:
    """Whether what each thing costs more or less says anything: not of a first plan, nor where all is as before."""
    return cost.change not in (None, cost.monthly) and any(map(_differs, (*cost.lines, *cost.gone)))


def _differs(line: CostLine) -> bool:
    return line.change != Amount()


def _weight(line: CostLine) -> tuple[object, ...]:
    return -abs(line.change.expected), -abs(line.change.maximum), line.address, line.what


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
    told = tells_changes(cost)

    def figures(three: Sequence[str], change: str = "") -> tuple[str, ...]:
        return (*three, change) if told else tuple(three)

    rows = [(f"{cost.currency} a month", figures(_HEADS, "change"), "")]
    rows += [
        (f"{line.address}: {line.what}", figures(_three(line.monthly), _difference(line.change)), line.note)
        for line in cost.lines
    ]
    gone = cost.gone if told else ()
    rows += [(f"{one.address}: {one.what}", figures(_NOTHING, _difference(one.change)), _GONE) for one in gone]
    rows.append(("together", figures(_three(cost.monthly), _difference(cost.change or Amount())), ""))
    rows.append(("an hour", figures([f"{value:,.4f}" for value in _values(cost.monthly.hourly())]), ""))
    if cost.change is not None:
        rows.append(("change", figures([money(value, signed=True) for value in _values(cost.change)]), ""))
    if cost.budget is not None:
        rows.append(("budget", figures(("", money(cost.budget.monthly), "")), ""))
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
    lines += [*_table(cost), ""] if cost.lines or cost.gone else []
    if cost.unknown:
        lines += [f"No price is known of {_in_a_sentence(cost.unknown)}.", ""]
    if cost.usage:
        lines += [f"Paid by use, and in no figure: {_in_a_sentence(cost.usage)}.", ""]
    return lines


def _in_a_sentence(things: Sequence[Uncounted]) -> str:
    named = ", ".join(f"{code(one.address)} ({prose(_named(one))})" for one in things[:_ROWS])
    return f"{named} and {len(things) - _ROWS} more" if len(things) > _ROWS else named


def _table(cost: Cost) -> Iterator[str]:
    told = tells_changes(cost)
    yield _in_row(f"{cost.currency} a month", _HEADS, "change", told)
    yield f"|---|{'---:|' * (len(_HEADS) + told)}"
    shown, rest = _chosen(cost.lines, by_change=told)
    for line in shown:
        yield _in_row(_named_in_row(line), _three(line.monthly), _difference(line.change), told)
    if rest:
        summed = Amount.total(line.monthly for line in rest)
        yield _in_row(f"{len(rest)} more", _three(summed), _difference(_changes(rest)), told)
    gone, others = _chosen(cost.gone if told else ())
    for line in gone:
        yield _in_row(_named_in_row(line), _NOTHING, _difference(line.change), told)
    if others:
        yield _in_row(f"{len(others)} more gone", _NOTHING, _difference(_changes(others)), told)
    yield _in_row("**together**", _three(cost.monthly), _difference(cost.change or Amount()), told)


def _in_row(name: str, figures: Iterable[str], change: str, told: bool) -> str:
    return f"| {' | '.join((name, *figures, *([change] if told else [])))} |"


def _chosen(lines: Sequence[CostLine], *, by_change: bool = True) -> tuple[list[CostLine], list[CostLine]]:
    """Those that have a row of their own, in their order, and the others: what changes goes before what is dear."""
    first = sorted(range(len(lines)), key=lambda at: (by_change and not _differs(lines[at]), at))[:_ROWS]
    return [lines[at] for at in sorted(first)], [line for at, line in enumerate(lines) if at not in first]


def _named_in_row(line: CostLine) -> str:
    return f"{code(line.address)} {prose(line.what)}"


def _changes(lines: Iterable[CostLine]) -> Amount:
    return Amount.total(line.change for line in lines)


def _difference(change: Amount) -> str:
    """What is expected to be more or less; where that is nothing, the most that it may be."""
    if change.expected or not change.maximum:
        return money(change.expected, signed=True) if change.expected else ""
    return f"{money(change.maximum, signed=True)} at the most"


def _named(one: Uncounted) -> str:
    return f"{one.what}, counted as on demand" if one.bounded else one.what


def cost_html(cost: Cost) -> str:
    """The same as a section of a page, whole."""
    told = tells_changes(cost)
    names = (f"{cost.currency} a month", *_HEADS, *(["change"] if told else []))
    heads = "".join(f'<th scope="col">{head}</th>' for head in names)
    rows = [_row(_cell_of(line, line.note), _three(line.monthly), line.change, told) for line in cost.lines]
    rows += [_row(_cell_of(line, _GONE), _NOTHING, line.change, told) for line in cost.gone] if told else []
    whole = _row('<th scope="row">together</th>', _three(cost.monthly), cost.change or Amount(), told)
    listed = _items("No price is known of:", cost.unknown, with_reason=True)
    listed += _items("Paid by use, and in no figure:", cost.usage)
    return (
        f"<h2>Cost</h2><p>{html_text(cost_summary(cost))}</p><details><summary>What it is paid for</summary>"
        f'<div class="inner"><table class="figures"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}'
        f"{whole}</tbody></table>{listed}</div></details>"
    )


def _items(title: str, things: Sequence[Uncounted], *, with_reason: bool = False) -> str:
    items = [
        f"<li>{html_code(one.address)} {html_text(one.what)}{f': {html_text(one.reason)}' if with_reason else ''}</li>"
        for one in things
    ]
    return f"<p>{title}</p><ul>{''.join(items)}</ul>" if items else ""


def _row(first: str, figures: Iterable[str], change: Amount, told: bool) -> str:
    cells = (*figures, *([_difference(change)] if told else []))
    return f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _cell_of(line: CostLine, note: str) -> str:
    below = f'<br><span class="soft">{html_text(note)}</span>' if note else ""
    return f"<td>{html_code(line.address)} {html_text(line.what)}{below}</td>"


def cost_data(cost: Cost) -> dict[str, Any]:
    """For programs; every key is always there."""
    compared = cost.change is not None
    return {
        "currency": cost.currency,
        "region": cost.region,
        "monthly": _amount(cost.monthly),
        "hourly": _amount(cost.monthly.hourly()),
        "change": _amount(cost.change) if cost.change is not None else None,
        "lines": [
            {
                "address": line.address,
                "what": line.what,
                "monthly": _amount(line.monthly),
                "change": _amount(line.change) if compared else None,
                "note": line.note or None,
            }
            for line in cost.lines
        ],
        "gone": [
            {"address": line.address, "what": line.what, "change": _amount(line.change)}
            for line in (cost.gone if compared else ())
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
