"""The price list: prices as AWS publishes them, for the things of one stack. Called by `mlinfra cost --refresh`.

Products are found by attributes, through `GetProducts` of the Price List API (api.pricing, 2017-10-15), which answers
in a few regions for all. Typical spot prices are no part of it: they are the median of what EC2 says was paid in the
last days (`DescribeSpotPriceHistory`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
_MIB = 1024
# Dearer for one unit than anything that AWS sells: whoever answers so is not AWS, or not in US dollars.
_DEAREST = Decimal(100_000)
# How usage types begin outside of us-east-1, and there at times: USE1-, EU- for eu-west-1, the region itself for keys.
# What else stands before them is another product: TS-LoadBalancerUsage is an hour of a trust store, at a quarter of a
# balancer's (Elastic Load Balancing user guide, "Billing and usage reports", November 2026).
_PLACE = re.compile(r"^(EU-|[A-Z]+[0-9]-|[a-z]+(-[a-z]+)+-[0-9]-)")
_REGION = "AWS Region"


class Reading(msgspec.Struct, frozen=True):
    """What was read. `unread`: why, by the key of each price for which there was no proper answer."""

    file: PriceFile
    unread: Mapping[str, str] = {}


class _NoAnswer(Exception):
    """An answer in another form than AWS documents."""


def home(region: str) -> str:
    """Where the price list that knows `region` answers (AWS billing user guide, "Price List Query API endpoints")."""
    if region.startswith("cn-"):
        return "cn-northwest-1"
    return "eu-central-1" if region.startswith("eu-") else "us-east-1"


def read_price_list(calls: Calls, regional: Calls, keys: Iterable[str], day: date) -> Reading:
    """Read the prices at `keys` for the region of `regional`. `calls`: to where the price list answers.

    What is not on the list stays unknown, and what could not be read stays as it was. Raises `PlanError` where nothing
    can be read at all.
    """
    region = regional.region
    asked = sorted(keys)

    def read(key: str) -> Price | str | None:
        try:
            if key.startswith("machine.spot."):
                return _spot_price(regional, key.removeprefix("machine.spot."), day)
            return _list_price(calls, key, region, day)
        except (ProviderError, _NoAnswer) as error:
            return str(error)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(asked, pool.map(read, asked), strict=True))
    prices = {key: price for key, price in found.items() if isinstance(price, Price)}
    unread = {key: reason for key, reason in found.items() if isinstance(reason, str)}
    if unread and not prices:
        raise PlanError(
            f"the price list could not be read: {next(iter(unread.values()))}",
            code=Code.NO_PRICE_LIST,
            hint="it wants pricing:GetProducts and ec2:DescribeSpotPriceHistory, and a real account",
        )
    origins = {
        _list_on(day): Origin(f"https://api.pricing.{calls.region}.amazonaws.com", day.isoformat()),
        _history_on(day): Origin(f"https://ec2.{region}.amazonaws.com", day.isoformat()),
    }
    return Reading(PriceFile(region=region, sources=origins, prices=prices), unread)


def _list_on(day: date) -> str:
    return f"price-list-{day.isoformat()}"


def _history_on(day: date) -> str:
    return f"spot-history-{day.isoformat()}"


def _list_price(calls: Calls, key: str, region: str, day: date) -> Price | None:
    product = product_of(key)
    if product is None:
        return None
    wanted = {**product.attributes, **({} if product.everywhere else {"regionCode": region})}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in sorted(wanted.items())]
    asked = {"ServiceCode": product.service, "Filters": filters, "FormatVersion": "aws_v1"}
    try:
        documents = [text for page in calls.pages("pricing", "GetProducts", asked) for text in page["PriceList"]]
        found = [_of_usage(documents, usage, wanted) for usage in product.usages]
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise _NoAnswer(f"the price list answers in no form that AWS documents ({type(error).__name__})") from error
    together = [one for one in found if one is not None]
    return Price(sum(together, Decimal(0)), product.unit, _list_on(day)) if len(together) == len(found) else None


def _of_usage(documents: list[str], usage: str, wanted: Mapping[str, str]) -> Decimal | None:
    """The price of the products of one usage. Several that differ are several products: nobody can tell which."""
    offers = {offer for document in documents if (offer := _offer(document, usage, wanted)) is not None}
    return offers.pop() if len(offers) == 1 else None


def _offer(document: str, usage: str, wanted: Mapping[str, str]) -> Decimal | None:
    """The dollars for one unit in a product's document, where it is of the usage wanted and costs anything."""
    product: dict[str, Any] = msgspec.json.decode(document)
    about = product["product"]
    attributes = {**about.get("attributes", {}), "productFamily": about.get("productFamily")}
    if usage and _PLACE.sub("", text(attributes, "usagetype"), count=1) != usage:
        return None
    if text(attributes, "locationType", _REGION) != _REGION:
        return None  # an outpost's, or a local zone's
    if any(attributes.get(field) not in (None, "", value) for field, value in wanted.items()):
        return None  # the list should not have named it
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            dollars = _dollars(dimension["pricePerUnit"].get("USD", "0"))
            # Volumes' throughput is listed by the GiB a second.
            each = dollars / _MIB if dimension["unit"].startswith("GiBps") else dollars
            if each and dimension.get("beginRange", "0") == "0":
                return each
    return None


def _dollars(given: str) -> Decimal:
    """An amount that may be a price. Raises `ValueError` or `ArithmeticError` for any other."""
    amount = Decimal(given)
    if not amount.is_finite() or not 0 <= amount < _DEAREST:
        raise ValueError(f"{given} is no price")
    return amount


def _spot_price(calls: Calls, name: str, day: date) -> Price | None:
    """The typical price: the median of what was paid over the last days, in all zones."""
    end = datetime.combine(day, time(), UTC)
    asked = {
        "InstanceTypes": [name],
        "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": end - timedelta(days=_SPOT_DAYS),
        "EndTime": end,
    }
    try:
        pages = calls.pages("ec2", "DescribeSpotPriceHistory", asked)
        paid = [_dollars(one["SpotPrice"]) for page in pages for one in page.get("SpotPriceHistory", [])]
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise _NoAnswer(f"the history of spot prices is in no form that AWS documents ({error})") from error
    typical = median(paid) if paid else Decimal(0)
    return Price(typical, "hour", _history_on(day)) if typical else None
