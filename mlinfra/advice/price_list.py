"""The price list: prices as AWS publishes them, for the things of one stack. Called by `mlinfra cost --refresh`.

Products are found by attributes, through `GetProducts` of the Price List API (api.pricing, 2017-10-15), which answers
in a few regions for all. Typical spot prices are no part of it: they are the median of what EC2 says was paid in the
last days (`DescribeSpotPriceHistory`).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import msgspec

from mlinfra.advice.codes import Code
from mlinfra.advice.prices import Origin, Price, PriceFile
from mlinfra.advice.products import product_of
from mlinfra.advice.reading import text
from mlinfra.aws.calls import Calls
from mlinfra.core.errors import PlanError, ProviderError

_AT_ONCE = 8
_SPOT_DAYS = 7
_LIST, _HISTORY = "price-list", "spot-history"
_MIB = 1024


def home(region: str) -> str:
    """Where the price list that knows `region` answers (AWS billing user guide, "Price List Query API endpoints")."""
    if region.startswith("cn-"):
        return "cn-northwest-1"
    return "eu-central-1" if region.startswith("eu-") else "us-east-1"


def read_price_list(calls: Calls, regional: Calls, keys: Iterable[str], day: date) -> PriceFile:
    """Read the prices at `keys` for the region of `regional`. `calls`: to where the price list answers.

    What is not on the list stays unknown. Raises `PlanError` where the list cannot be read at all.
    """
    region = regional.region
    asked = sorted(keys)

    def read(key: str) -> Price | None:
        if key.startswith("machine.spot."):
            return _spot_price(regional, key.removeprefix("machine.spot."), day)
        return _list_price(calls, key, region)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            found = dict(zip(asked, pool.map(read, asked), strict=True))
        except ProviderError as error:
            raise PlanError(
                f"the price list could not be read: {error}",
                code=Code.NO_PRICE_LIST,
                hint="it wants pricing:GetProducts and ec2:DescribeSpotPriceHistory, and a real account",
            ) from error
    origins = {
        _LIST: Origin(f"https://api.pricing.{calls.region}.amazonaws.com", day.isoformat()),
        _HISTORY: Origin(f"https://ec2.{region}.amazonaws.com", day.isoformat()),
    }
    return PriceFile(
        region=region, sources=origins, prices={key: price for key, price in found.items() if price is not None}
    )


def _list_price(calls: Calls, key: str, region: str) -> Price | None:
    product = product_of(key)
    if product is None:
        return None
    wanted = {**product.attributes, **({} if product.everywhere else {"regionCode": region})}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in sorted(wanted.items())]
    asked = {"ServiceCode": product.service, "Filters": filters, "FormatVersion": "aws_v1"}
    documents = [text for page in calls.pages("pricing", "GetProducts", asked) for text in page["PriceList"]]
    found = [_of_usage(documents, usage) for usage in product.usages]
    together = [one for one in found if one is not None]
    return Price(sum(together, Decimal(0)), product.unit, _LIST) if len(together) == len(found) else None


def _of_usage(documents: list[str], usage: str) -> Decimal | None:
    """The price of the products of one usage. Several that differ are several products: nobody can tell which."""
    offers = {offer for document in documents if (offer := _offer(document, usage)) is not None}
    return offers.pop() if len(offers) == 1 else None


def _offer(document: str, usage: str) -> Decimal | None:
    """The dollars for one unit in a product's document, where it is of the usage wanted and costs anything."""
    product: dict[str, Any] = msgspec.json.decode(document)
    attributes = product["product"].get("attributes", {})
    if usage and not text(attributes, "usagetype").endswith(usage):
        return None
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            dollars = Decimal(dimension["pricePerUnit"].get("USD", "0"))
            # Volumes' throughput is listed by the GiB a second.
            each = dollars / _MIB if dimension["unit"].startswith("GiBps") else dollars
            if each and dimension.get("beginRange", "0") == "0":
                return each
    return None


def _spot_price(calls: Calls, name: str, day: date) -> Price | None:
    """The typical price: the median of what was paid over the last days, in all zones."""
    end = datetime.combine(day, time(), UTC)
    asked = {
        "InstanceTypes": [name],
        "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": end - timedelta(days=_SPOT_DAYS),
        "EndTime": end,
    }
    pages = calls.pages("ec2", "DescribeSpotPriceHistory", asked)
    paid = [Decimal(one["SpotPrice"]) for page in pages for one in page.get("SpotPriceHistory", [])]
    return Price(median(paid), "hour", _HISTORY) if paid else None
