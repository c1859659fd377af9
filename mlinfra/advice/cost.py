"""Cost: what the desired stack comes to, what that changes, and whether it stays within its budget.

Pure: prices, the day and everything else are handed in. The session calls it; it reads and prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlinfra.advice.bill import Bill
from mlinfra.advice.codes import Code
from mlinfra.advice.comparing import compared, renamed
from mlinfra.advice.prices import Prices
from mlinfra.advice.tariff import Circumstances, bill_thing
from mlinfra.advice.things import Things
from mlinfra.core.cost import Amount, Budget, Cost
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.state import State

_REFRESH = "`mlinfra cost STACK --refresh` reads today's prices"
_NAMED = 5


def estimate(graph: Graph, state: State | None, prices: Prices, day: date, budget: Budget | None = None) -> Cost:
    """What `graph` comes to a month at `prices`, and how that differs from what `state` remembers."""
    desired = billed(Things.desired(graph, state), prices, day)
    present = billed(Things.recorded(state), prices, day)
    monthly = desired.total()
    lines, gone = compared(desired.lines, renamed(present.lines, graph.moves, graph.resources))
    return Cost(
        region=prices.region,
        monthly=monthly,
        change=monthly - present.total(),
        lines=tuple(lines),
        gone=tuple(gone),
        unknown=tuple(desired.unknown),
        usage=tuple(desired.usage),
        prices_of=desired.oldest,
        budget=budget,
    )


def billed(things: Things, prices: Prices, day: date) -> Bill:
    """The bill of all things."""
    bill = Bill(prices)
    around = Circumstances(things, day)
    for thing in sorted(things, key=lambda thing: thing.address):
        bill_thing(thing, around, bill)
    return bill


def budget_of(lifecycle: Mapping[str, Any]) -> Budget | None:
    """The budget that a stack's `lifecycle` section gives it."""
    given = lifecycle.get("budget")
    if not given:
        return None
    on_breach = given.get("onBreach")
    return Budget(
        monthly=Decimal(str(given["monthlyUSD"])),
        fails=on_breach == "fail",
        fails_unknown=(given.get("onUnknown") or on_breach) == "fail",
    )


def budget_findings(cost: Cost, source: Source | None = None) -> tuple[Diagnostic, ...]:
    """What the budget says to a cost: nothing where even the maximum keeps to it, and nothing is without a price.

    `source`: where it is written.
    """
    budget = cost.budget
    if budget is None:
        return ()
    found = [_above(cost, budget)] if cost.monthly.maximum > budget.monthly else []
    if cost.uncounted and not cost.exceeds:
        found.append(_undecided(cost, budget))
    return tuple(msgspec.structs.replace(one, source=source) for one in found)


def _above(cost: Cost, budget: Budget) -> Diagnostic:
    count = len(cost.uncounted)
    unpriced = f", and {count} without a known price come on top" if count else ""
    breached = cost.exceeds
    figure = cost.monthly.expected if breached else cost.monthly.maximum
    verb = "is expected to cost" if breached else "could come to cost"
    hint = "`mlinfra cost STACK` lists what is paid for; make less, or raise lifecycle.budget.monthlyUSD"
    if breached and any(one.bounded for one in cost.unknown):
        hint = f"spot machines without a known price are counted at the most they can cost: {_REFRESH}; {hint}"
    return Diagnostic(
        severity=Severity.ERROR if breached and budget.fails else Severity.WARNING,
        code=Code.BUDGET_EXCEEDED if breached else Code.BUDGET_AT_RISK,
        summary=f"the stack {verb} {dollars(figure)} a month, and its budget is {dollars(budget.monthly)}{unpriced}",
        detail=_dearest(cost, breached=breached),
        hint=hint,
    )


def _undecided(cost: Cost, budget: Budget) -> Diagnostic:
    """Unknown is no pass."""
    named = [f"{one.address}: {one.what}: {one.reason}" for one in cost.uncounted]
    more = len(named) - _NAMED
    return Diagnostic(
        severity=Severity.ERROR if budget.fails_unknown else Severity.WARNING,
        code=Code.BUDGET_UNDECIDED,
        summary=(
            f"whether the stack keeps to its budget of {dollars(budget.monthly)} is not known: what has a price is "
            f"expected to cost {dollars(cost.monthly.expected)} a month, and {len(named)} "
            f"{'thing has' if len(named) == 1 else 'things have'} none"
        ),
        detail="\n".join([*named[:_NAMED], *([f"and {more} more"] if more > 0 else [])]),
        hint=_REFRESH + ("; or let it pass with a warning: lifecycle.budget.onUnknown: warn" * budget.fails_unknown),
    )


def dollars(value: Decimal) -> str:
    """`1,234.50 USD`."""
    return f"{value:,.2f} USD"


def _dearest(cost: Cost, *, breached: bool) -> str:
    def figure(amount: Amount) -> Decimal:
        return amount.expected if breached else amount.maximum

    first = sorted(cost.lines, key=lambda line: -figure(line.monthly))[:3]
    return "\n".join(f"{line.address}: {line.what}: {dollars(figure(line.monthly))}" for line in first)
