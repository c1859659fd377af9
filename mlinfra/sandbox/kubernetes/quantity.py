"""Kubernetes quantities as whole numbers: processors in thousandths, all else in units.

Called by decoding, checks, the scheduler, the autoscalers and the volume controller. Syntax: kubernetes.io, "Quantity",
1.33. Raises ValueError for what is no quantity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}

_BYTES = ("memory", "ephemeral-storage")

Amounts = dict[str, int]
"""Resource names and amounts: `cpu` in thousandths, all others in units."""


@lru_cache(maxsize=4096)
def parse(text: str | int | float) -> Decimal:
    """Read a quantity such as `500m`, `1.5Gi`, `1e3` or `8`."""
    written = str(text).strip()
    suffix = next((end for end in (written[-2:], written[-1:]) if end in _SUFFIXES), "")
    try:
        return Decimal(written.removesuffix(suffix)) * _SUFFIXES.get(suffix, Decimal(1))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a quantity") from error


def is_quantity(text: str | int | float) -> bool:
    """Whether a value is a quantity at all."""
    try:
        return parse(text).is_finite()
    except ValueError:
        return False


def is_extended(name: str) -> bool:
    """Whether a resource is one that device plugins and the like announce: of a domain other than kubernetes.io."""
    domain, slash, _ = name.partition("/")
    return bool(slash) and not f".{domain}".endswith(".kubernetes.io") and not name.startswith("requests.")


def units(text: str | int | float) -> int:
    """Give a quantity in whole units, rounded up."""
    return math.ceil(parse(text))


def amounts(quantities: Mapping[str, str | int | float] | None) -> Amounts:
    """Read a resource list."""
    return {name: amount(name, text) for name, text in (quantities or {}).items()}


def amount(name: str, text: str | int | float) -> int:
    """Read one entry of a resource list."""
    return math.ceil(parse(text) * 1000) if name == "cpu" else math.ceil(parse(text))


def written(name: str, number: int) -> str:
    """Write an amount as a quantity: `1500m` of cpu, `64Ki` of bytes, `8` of anything else."""
    if name == "cpu":
        return str(number // 1000) if number % 1000 == 0 else f"{number}m"
    return f"{number // 1024}Ki" if name in _BYTES and number and number % 1024 == 0 else str(number)
