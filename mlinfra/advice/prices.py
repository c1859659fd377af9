"""Prices: what AWS asks for one thing of a kind, in one region, with where that was read and when.

The package holds a file for each region of which prices were read, and one (`aws.json`) for what costs the same in
every commercial region; `mlinfra cost --refresh` writes a newer one beside the state. A price that nobody has read is
absent, and never zero.

Keys are dotted: `machine.on-demand.g5.xlarge`, `machine.spot.g5.xlarge` (typical), `volume.gp3.storage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from mlinfra.advice.codes import Code
from mlinfra.core.cost import HOURS_PER_MONTH
from mlinfra.core.errors import PlanError
from mlinfra.core.lazy import Lazy

EVERYWHERE = "aws"
_FOLDER = Path(__file__).parent / "prices"


class Origin(msgspec.Struct, frozen=True):
    """Where a price was read, and of which day it is (ISO 8601)."""

    url: str
    date: str


class Price(msgspec.Struct, frozen=True):
    """`price` in US dollars for each `unit`: `hour`, or what is paid by the month. `source` names its origin."""

    price: Decimal
    unit: str
    source: str

    @property
    def monthly(self) -> Decimal:
        """For a month."""
        return self.price * HOURS_PER_MONTH if self.unit == "hour" else self.price


class PriceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `region` is empty where the prices hold everywhere."""

    region: str
    currency: str = "USD"
    sources: Mapping[str, Origin]
    prices: Mapping[str, Price]


class Prices:
    """The prices of one region. Of two files, the one given later holds."""

    def __init__(self, region: str, *held: PriceFile) -> None:
        self.region = region
        self._held = held[::-1]

    def find(self, key: str) -> Price | None:
        """The price, or `None` where nobody has read it."""
        return next((file.prices[key] for file in self._held if key in file.prices), None)

    def keys(self) -> frozenset[str]:
        """Everything that has a price."""
        return frozenset(key for file in self._held for key in file.prices)

    def origin(self, key: str) -> Origin:
        """Where a price that is there was read. Raises `KeyError` for others."""
        file = next((file for file in self._held if key in file.prices), None)
        if file is None:
            raise KeyError(key)
        return file.sources[file.prices[key].source]


def read_prices(region: str, refreshed: Path | None = None) -> Prices:
    """Those of the package, and over them those of the folder `refreshed`. Raises `PlanError` for a bad file."""
    # China and GovCloud have price lists of their own, of which the package holds none.
    shared = [] if region.startswith(("cn-", "us-gov-")) else [EVERYWHERE]
    held = [file for name in (*shared, region) if (file := _packaged(name)) is not None]
    own = refreshed / f"{region}.json" if refreshed else None
    if own is not None and own.exists():
        held.append(_read(own))
    return Prices(region, *held)


def write_prices(file: PriceFile, folder: Path) -> Path:
    """Keep prices that were read, beside older ones of what is not among them. Raises `PlanError` where that fails."""
    path = folder / f"{file.region}.json"
    file = _beside(file, path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=2)
        partial = path.with_suffix(".partial")
        partial.write_bytes(text + b"\n")
        partial.replace(path)
    except OSError as error:
        raise PlanError(f"{path} cannot be written: {error.strerror}", code=Code.BAD_PRICES) from error
    return path


def _beside(file: PriceFile, path: Path) -> PriceFile:
    try:
        older = _read(path)
    except PlanError:  # none, or one that nobody could use
        return file
    prices = {**older.prices, **file.prices}
    used = {price.source for price in prices.values()}
    sources = {name: origin for name, origin in {**older.sources, **file.sources}.items() if name in used}
    return msgspec.structs.replace(file, sources=sources, prices=prices)


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the package, of which no price has been looked at."""

    region: str
    currency: str
    sources: Mapping[str, Origin]
    prices: dict[str, msgspec.Raw]


def _packaged(name: str) -> PriceFile | None:
    place = _FOLDER / f"{name}.json"
    if not place.is_file():
        return None
    found = msgspec.json.decode(place.read_bytes(), type=_Written)
    # A stack asks for few of the many, and every plan waits for them.
    prices = Lazy(found.prices, lambda key: msgspec.json.decode(found.prices[key], type=Price))
    return PriceFile(region=found.region, currency=found.currency, sources=found.sources, prices=prices)


def _read(path: Path) -> PriceFile:
    hint = "take it away, or write it anew with: mlinfra cost STACK --refresh"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=PriceFile)
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}", code=Code.BAD_PRICES, hint=hint) from error
    except msgspec.MsgspecError as error:
        raise PlanError(f"{path} is no file of prices: {error}", code=Code.BAD_PRICES, hint=hint) from error
    for key, price in found.prices.items():
        if not price.price.is_finite() or price.price < 0 or price.source not in found.sources:
            message = f"{path} is no file of prices: {key} is no price of a source that is named"
            raise PlanError(message, code=Code.BAD_PRICES, hint=hint)
    return found
