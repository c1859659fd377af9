"""Cost: what a stack comes to, month by month, as far as prices are known.

`mlinfra.advice` makes it, a plan carries it, renderers show it. Amounts are exact decimals: a price is money.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from mlinfra.core.address import Address

HOURS_PER_MONTH = 730  # as AWS's own calculator counts: 8,760 hours in a year, by twelve
_CENT, _HUNDREDTH_OF_A_CENT = Decimal("0.01"), Decimal("0.0001")


class Amount(msgspec.Struct, frozen=True, gc=False):
    """US dollars a month: at the fewest nodes, as things stand, and at the most."""

    minimum: Decimal = Decimal(0)
    expected: Decimal = Decimal(0)
    maximum: Decimal = Decimal(0)

    @classmethod
    def fixed(cls, value: Decimal) -> Amount:
        """The same in every case."""
        return cls(value, value, value)

    @classmethod
    def total(cls, amounts: Iterable[Amount]) -> Amount:
        """All of them together."""
        found = cls()
        for amount in amounts:
            found = found + amount
        return found

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.minimum + other.minimum, self.expected + other.expected, self.maximum + other.maximum)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.minimum - other.minimum, self.expected - other.expected, self.maximum - other.maximum)

    def rounded(self) -> Amount:
        """To the cent."""
        return Amount(*(_rounded(value, _CENT) for value in (self.minimum, self.expected, self.maximum)))

    def hourly(self) -> Amount:
        """US dollars an hour, to a hundredth of a cent."""
        values = (self.minimum, self.expected, self.maximum)
        return Amount(*(_rounded(value / HOURS_PER_MONTH, _HUNDREDTH_OF_A_CENT) for value in values))


def _rounded(value: Decimal, unit: Decimal) -> Decimal:
    # Adding zero turns a negative zero into zero.
    return value.quantize(unit, rounding=ROUND_HALF_UP) + Decimal(0)


class CostLine(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One thing that is paid for: of which resource, what it is in words, and what should be known of the figure.

    change: what it comes to, less what the same came to before.
    """

    address: Address
    what: str
    monthly: Amount
    note: str = ""
    change: Amount = Amount()


class Uncounted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What costs something that is not in the figures, and why.

    bounded: what it costs is not known, and what it costs at the most is: that stands in the figures.
    """

    address: Address
    what: str
    reason: str
    bounded: bool = False


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack may cost a month, in US dollars, and whether it may be made where it costs more.

    fails_unknown: whether it may be made where nobody knows if it does, for want of a price.
    """

    monthly: Decimal
    fails: bool = False
    fails_unknown: bool = False


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack comes to.

    monthly: of what is desired, to the cent. change: that, less what the records say is there; `None` where nobody
    could read them.
    lines: what is paid for, the dearest first.
    gone: what was paid for and is no more, the dearest first; its change is all that it came to.
    unknown: what no price is known of. It is in no figure, unless it is bounded.
    usage: what is paid by use, and in no figure either.
    prices_of: the day of the oldest price used, ISO 8601; empty where none was.
    """

    region: str
    monthly: Amount
    change: Amount | None
    lines: tuple[CostLine, ...] = ()
    gone: tuple[CostLine, ...] = ()
    unknown: tuple[Uncounted, ...] = ()
    usage: tuple[Uncounted, ...] = ()
    prices_of: str = ""
    budget: Budget | None = None
    currency: str = "USD"

    @property
    def exceeds(self) -> bool:
        """Whether it is expected to come to more than its budget."""
        return self.budget is not None and self.monthly.expected > self.budget.monthly

    @property
    def uncounted(self) -> tuple[Uncounted, ...]:
        """What may cost any amount."""
        return tuple(one for one in self.unknown if not one.bounded)

    @property
    def refused(self) -> bool:
        """Whether its budget forbids it: it costs more, or may, for all that is known."""
        if self.budget is None:
            return False
        undecided = bool(self.uncounted) and not self.exceeds
        return (self.exceeds and self.budget.fails) or (undecided and self.budget.fails_unknown)
