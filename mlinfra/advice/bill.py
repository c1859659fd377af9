"""A bill in the making: lines, and what cannot be counted. `cost` and the tariffs write it."""

from __future__ import annotations

from decimal import Decimal

from mlinfra.advice.prices import Prices
from mlinfra.core.address import Address
from mlinfra.core.cost import Amount, CostLine, Uncounted

NO_PRICE = "no price is known"


class Bill:
    """What things come to at some prices."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._dates: set[str] = set()
        self.lines: list[CostLine] = []
        self.unknown: list[Uncounted] = []
        self.usage: list[Uncounted] = []

    @property
    def region(self) -> str:
        """Where things are paid for."""
        return self._prices.region

    @property
    def oldest(self) -> str:
        """The day of the oldest price used; empty where none was."""
        return min(self._dates, default="")

    def total(self) -> Amount:
        """All lines together."""
        return Amount.total(line.monthly for line in self.lines)

    def price(self, key: str) -> Decimal | None:
        """The price of one for a month, which counts as used; `None` where it is not known."""
        found = self._prices.find(key)
        if found is None:
            return None
        self._dates.add(self._prices.origin(key).date)
        return found.monthly

    def charge(self, address: Address, what: str, key: str, amount: Amount, note: str = "") -> None:
        """Add a line: `amount` of what is priced at `key`. Without a price it is listed as unknown."""
        price = self.price(key)
        if price is None:
            self.leave(address, what)
            return
        self.add(address, what, Amount(amount.minimum * price, amount.expected * price, amount.maximum * price), note)

    def add(self, address: Address, what: str, monthly: Amount, note: str = "") -> None:
        """Add a line."""
        self.lines.append(CostLine(address=address, what=what, monthly=monthly.rounded(), note=note))

    def leave(self, address: Address, what: str, reason: str = "", *, bounded: bool = False) -> None:
        """List what is in no figure, since nobody knows its price; or, `bounded`, is counted at the most it may be."""
        where = f" in {self.region}" if self.region else ""
        self.unknown.append(
            Uncounted(address=address, what=what, reason=reason or f"{NO_PRICE}{where}", bounded=bounded)
        )

    def meter(self, address: Address, what: str) -> None:
        """List what is paid by use."""
        self.usage.append(Uncounted(address=address, what=what, reason="paid by use"))
