"""Cost: what the desired stack comes to, what that changes, and whether it stays within its budget.

Pure: prices, the day and everything else are handed in. The session calls it; it reads and prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from mlinfra.advice.bill import Bill
from mlinfra.advice.codes import Code
from mlinfra.advice.prices import Prices
from mlinfra.advice.tariff import Circumstances, bill_thing
from mlinfra.advice.things import Things
from mlinfra.core.cost import Amount, Budget, Cost
from mlinfra.core.diagnostic import Diagnostic, Severity
from mlinfra.core.resource import Graph
from mlinfra.core.source import Source
from mlinfra.core.state import State


def estimate(graph: Graph, state: State | None, prices: Prices, day: date, budget: Budget | None = None) -> Cost:
    """What `graph` comes to a month at `prices`, and how that differs from what `state` remembers."""
    desired = billed(Things.desired(graph, state), prices, day)
    present = billed(Things.recorded(state), prices, day)
    monthly = desired.total()
    return Cost(
        region=prices.region,
        monthly=monthly,
        change=monthly - present.total(),
        lines=tuple(sorted(desired.lines, key=lambda line: (-line.monthly.maximum, line.address, line.what))),
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
    return Budget(monthly=Decimal(str(given["monthlyUSD"])), fails=given.get("onBreach") == "fail")


def budget_findings(cost: Cost, source: Source | None = None) -> tuple[Diagnostic, ...]:
    """What the budget says to a cost: nothing where even the maximum keeps to it. `source`: where it is written."""
    budget = cost.budget
    if budget is None or cost.monthly.maximum <= budget.monthly:
        return ()
    unpriced = f", and {len(cost.unknown)} without a known price come on top" if cost.unknown else ""
    breached = cost.exceeds
    figure = cost.monthly.expected if breached else cost.monthly.maximum
    verb = "is expected to cost" if breached else "could come to cost"
    most = dollars(budget.monthly)
    return (
        Diagnostic(
            severity=Severity.ERROR if breached and budget.fails else Severity.WARNING,
            code=Code.BUDGET_EXCEEDED if breached else Code.BUDGET_AT_RISK,
            summary=f"the stack {verb} {dollars(figure)} a month, and its budget is {most}{unpriced}",
            detail=_dearest(cost, breached=breached),
            source=source,
            hint="`mlinfra cost STACK` lists what is paid for; make less, or raise lifecycle.budget.monthlyUSD",
        ),
    )


def dollars(value: Decimal) -> str:
    """`1,234.50 USD`."""
    return f"{value:,.2f} USD"


def _dearest(cost: Cost, *, breached: bool) -> str:
    def figure(amount: Amount) -> Decimal:
        return amount.expected if breached else amount.maximum

    first = sorted(cost.lines, key=lambda line: -figure(line.monthly))[:3]
    return "\n".join(f"{line.address}: {line.what}: {dollars(figure(line.monthly))}" for line in first)
