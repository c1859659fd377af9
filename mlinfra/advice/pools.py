"""Pools: what several groups draw from, so that none is judged as if it were alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Pool:
    """Amounts by key; what was taken is gone for those who come later."""

    def __init__(self, amounts: Mapping[str, float]) -> None:
        self._left = dict(amounts)

    def left(self, keys: Iterable[str]) -> float:
        """What there is at all of `keys`; never less than nothing."""
        return max(0, sum(self._left.get(key, 0) for key in keys))

    def give(self, amounts: Mapping[str, float]) -> None:
        """Add what has become free."""
        for key, amount in amounts.items():
            if key in self._left:
                self._left[key] += amount

    def take(self, keys: Iterable[str], amount: float) -> None:
        """Take `amount`, first where there is most; what is lacking is taken from nowhere."""
        for key in sorted(keys, key=lambda key: -self._left.get(key, 0)):
            taken = min(amount, max(0, self._left.get(key, 0)))
            self._left[key] = self._left.get(key, 0) - taken
            amount -= taken
