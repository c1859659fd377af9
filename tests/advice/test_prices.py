"""The prices of the package: each has its source and its day, and none is made up of nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

import mlinfra.advice.prices as package
from mlinfra.advice.prices import Origin, Price, PriceFile, read_prices, write_prices
from mlinfra.core.errors import PlanError

FILES = sorted((Path(package.__file__).parent / "prices").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_price_has_a_source_and_a_day(path: Path) -> None:
    file = msgspec.json.decode(path.read_bytes(), type=PriceFile)
    assert file.region == ("" if path.stem == "aws" else path.stem)
    assert file.currency == "USD"
    for key, price in file.prices.items():
        origin = file.sources[price.source]
        assert urlsplit(origin.url).scheme == "https"
        assert date(2020, 1, 1) < date.fromisoformat(origin.date) <= date(2026, 11, 24)
        assert price.price > 0
        assert price.unit in {"hour", "month", "GiB-month", "IOPS-month", "MiBps-month"}, key


def test_a_spot_machine_never_costs_more_than_one_on_demand() -> None:
    (file,) = (msgspec.json.decode(path.read_bytes(), type=PriceFile) for path in FILES if path.stem == "us-east-1")
    spot = {key.removeprefix("machine.spot."): price for key, price in file.prices.items() if ".spot." in key}
    assert len(spot) > 50
    for name, price in spot.items():
        assert price.price <= file.prices[f"machine.on-demand.{name}"].price, name


def test_the_price_of_every_machine_with_an_accelerator_is_known_on_demand_and_spot() -> None:
    prices = read_prices("us-east-1")
    offered = {one["InstanceType"] for one in INSTANCE_TYPE_OFFERINGS["availability-zone"]["us-east-1"]}
    kinds = ("GpuInfo", "NeuronInfo", "InferenceAcceleratorInfo", "MediaAcceleratorInfo")
    accelerated = {name for name, about in INSTANCE_TYPES.items() if any(kind in about for kind in kinds)} & offered
    assert len(accelerated) > 60
    unknown = {
        f"{way}.{name}"
        for way in ("on-demand", "spot")
        for name in accelerated
        if prices.find(f"machine.{way}.{name}") is None
    }
    assert unknown == set()


def refreshed(price: str) -> PriceFile:
    return PriceFile(
        region="us-east-1",
        sources={"price-list": Origin("https://api.pricing.us-east-1.amazonaws.com", "2026-11-20")},
        prices={"nat-gateway": Price(Decimal(price), "hour", "price-list")},
    )


def test_a_price_that_was_refreshed_holds(tmp_path: Path) -> None:
    write_prices(refreshed("0.05"), tmp_path / "prices")
    prices = read_prices("us-east-1", tmp_path / "prices")
    found = prices.find("nat-gateway")
    assert found is not None
    assert found.price == Decimal("0.05")
    assert prices.origin("nat-gateway").date == "2026-11-20"
    assert prices.find("machine.on-demand.m6i.large") is not None


def test_a_damaged_file_of_prices_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "us-east-1.json").write_text('{"region": 1}')
    with pytest.raises(PlanError, match="no file of prices") as raised:
        read_prices("us-east-1", tmp_path)
    assert raised.value.code == "MLI8003"
    assert "--refresh" in raised.value.hint


@pytest.mark.parametrize(
    ("price", "source"), [('"NaN"', "list"), ('"-1"', "list"), ('"Infinity"', "list"), ('"0.1"', "hearsay")]
)
def test_a_file_with_what_is_no_price_is_refused(price: str, source: str, tmp_path: Path) -> None:
    origins = '{"list": {"url": "https://example.org", "date": "2026-11-20"}}'
    prices = f'{{"key": {{"price": {price}, "unit": "month", "source": "{source}"}}}}'
    (tmp_path / "us-east-1.json").write_text(f'{{"region": "us-east-1", "sources": {origins}, "prices": {prices}}}')
    with pytest.raises(PlanError, match="no file of prices: key is no price") as raised:
        read_prices("us-east-1", tmp_path)
    assert raised.value.code == "MLI8003"


def test_prices_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    (tmp_path / "prices").write_text("in the way")
    with pytest.raises(PlanError, match="cannot be written"):
        write_prices(refreshed("0.05"), tmp_path / "prices")
