"""Kubernetes quantities: `500m`, `8Gi`, `200Gi`, `1.5`, `12e6`, exactly.

Modules and advice read sizes and counts with it. Grammar and canonical form follow Kubernetes' own
(k8s.io/apimachinery, pkg/api/resource/quantity.go; read November 2026): binary suffixes Ki to Ei, decimal ones n to
E, or an exponent. Nothing is rounded: what does not come out whole is refused where a whole number is asked for.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

_BINARY = {suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {
    suffix: Decimal(1000) ** power for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
}
_SCALES = {**_BINARY, **_DECIMAL}

# For schemas, and for parsing: number, its fraction, unit or exponent.
PATTERN = r"^([-+]?(?:[0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}))([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]{1,2})?$"
_QUANTITY = re.compile(PATTERN)
_EXACT = Context(prec=200)  # more places than any product or quotient of what the pattern admits


def parse_quantity(text: str) -> Decimal:
    """The amount that `text` spells: `parse_quantity("500m")` is `Decimal("0.5")`. Raises `ValueError`."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no quantity: expected a number and a unit, such as 500m, 8Gi or 200Gi")
    number, unit = Decimal(match[1]), match[2] or ""
    if unit in _SCALES:
        return _EXACT.multiply(number, _SCALES[unit])
    return _EXACT.scaleb(number, int(unit[1:]))


def parse_whole(text: str, unit: str = "") -> int:
    """How many whole `unit`s `text` is: `parse_whole("200Gi", "Gi")` is 200. Raises `ValueError` where it is not."""
    amount, scale = parse_quantity(text), _SCALES[unit]
    if _EXACT.remainder(amount, scale):
        raise ValueError(f"{text!r} is not a whole number of {unit or 'units'}")
    return int(_EXACT.divide(amount, scale))


def format_quantity(amount: Decimal | int, *, binary: bool = False) -> str:
    """The canonical text of an amount: no fraction, the largest suffix that allows it.

    `binary` prefers Ki to Ei for whole amounts. What is finer than `n` raises `ValueError`.
    """
    amount = Decimal(amount)
    if not amount:
        return "0"
    whole = not _EXACT.remainder(amount, Decimal(1))
    scales = {"": Decimal(1)} | _BINARY if binary and whole else _DECIMAL
    for suffix, scale in reversed(scales.items()):
        if not _EXACT.remainder(amount, scale):
            return f"{int(_EXACT.divide(amount, scale))}{suffix}"
    raise ValueError(f"{amount} is finer than a quantity can say")
