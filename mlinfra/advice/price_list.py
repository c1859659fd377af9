"""The price list: prices as AWS publishes them, for the things of one stack. Called by `mlinfra cost --refresh`.

Products are found by attributes, through `GetProducts` of the Price List API (api.pricing, 2017-10-15), which answers
in a few regions for all. Typical spot prices are no part of it: they are the median of what EC2 says was paid in the
last days (`DescribeSpotPriceHistory`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import msgspec

from mlinfra.advice.codes import Code
from mlinfra.advice.machine_groups import Buying, MachineGroup, machine_groups
from mlinfra.advice.prices import Origin, Price, PriceFile
from mlinfra.advice.reading import text
from mlinfra.advice.things import Things
from mlinfra.aws.calls import Calls
from mlinfra.core.errors import PlanError, ProviderError

_AT_ONCE = 8
_SPOT_DAYS = 7
_LIST, _HISTORY = "price-list", "spot-history"
_MIB = 1024


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """How a product is found: service and attributes, and how its usage type ends where those are not enough."""

    service: str
    attributes: dict[str, str]
    usage: str = ""
    unit: str = "hour"


# Attributes as the price list has them (November 2026); usage types begin with a code of the region.
_MACHINE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
_PRODUCTS = {
    "nat-gateway": Product(service="AmazonEC2", attributes={"productFamily": "NAT Gateway"}, usage="NatGateway-Hours"),
    "vpc-endpoint.interface": Product(
        service="AmazonVPC", attributes={"productFamily": "VpcEndpoint"}, usage="VpcEndpoint-Hours"
    ),
    "public-address": Product(
        service="AmazonVPC", attributes={"group": "VPCPublicIPv4Address"}, usage="PublicIPv4:InUseAddress"
    ),
    "load-balancer.application": Product(
        service="AWSELB", attributes={"productFamily": "Load Balancer-Application"}, usage="LoadBalancerUsage"
    ),
    "load-balancer.network": Product(
        service="AWSELB", attributes={"productFamily": "Load Balancer-Network"}, usage="LoadBalancerUsage"
    ),
    "cluster.standard": Product(service="AmazonEKS", attributes={}, usage="AmazonEKS-Hours:perCluster"),
}
_OF_TYPES = {
    "aws:ec2/natGateway:NatGateway": ("nat-gateway",),
    "aws:ec2/eip:Eip": ("public-address",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("vpc-endpoint.interface",),
    "aws:lb/loadBalancer:LoadBalancer": ("load-balancer.application", "load-balancer.network", "public-address"),
    "aws:eks/cluster:Cluster": ("cluster.standard",),
}


def home(region: str) -> str:
    """Where the price list that knows `region` answers (AWS billing user guide, "Price List Query API endpoints")."""
    if region.startswith("cn-"):
        return "cn-northwest-1"
    return "eu-central-1" if region.startswith("eu-") else "us-east-1"


def wanted_prices(things: Things) -> frozenset[str]:
    """The keys of all prices that a stack's things are billed by, as far as the price list can be asked for them."""
    found = {key for thing in things for key in _OF_TYPES.get(thing.type, ())}
    for group in machine_groups(things):
        found.update(_of_group(group))
    return frozenset(found)


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


def _of_group(group: MachineGroup) -> Iterator[str]:
    for name in group.types if group.buying is not Buying.RESERVED else ():
        yield f"machine.on-demand.{name}"
        if group.buying is not Buying.ON_DEMAND:
            yield f"machine.spot.{name}"
    for disk in group.disks:
        if disk.kind:
            yield f"volume.{disk.kind}.storage"
            yield from [f"volume.{disk.kind}.iops"] if disk.kind in ("gp3", "io1", "io2") else []
            yield from [f"volume.{disk.kind}.throughput"] if disk.kind == "gp3" else []
    if group.public_addresses:
        yield "public-address"


def _product(key: str) -> Product | None:
    match key.split(".", 2):
        case ["machine", "on-demand", name]:
            return Product(service="AmazonEC2", attributes={**_MACHINE, "instanceType": name})
        case ["volume", kind, "storage"]:
            attributes = {"productFamily": "Storage", "volumeApiName": kind}
            return Product(service="AmazonEC2", attributes=attributes, unit="GiB-month")
        case ["volume", kind, "iops"]:
            attributes = {"productFamily": "System Operation", "group": "EBS IOPS", "volumeApiName": kind}
            return Product(service="AmazonEC2", attributes=attributes, unit="IOPS-month")
        case ["volume", kind, "throughput"]:
            attributes = {"productFamily": "Provisioned Throughput", "volumeApiName": kind}
            return Product(service="AmazonEC2", attributes=attributes, unit="MiBps-month")
        case _:
            return _PRODUCTS.get(key)


def _list_price(calls: Calls, key: str, region: str) -> Price | None:
    product = _product(key)
    if product is None:
        return None
    wanted = {**product.attributes, "regionCode": region}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in sorted(wanted.items())]
    asked = {"ServiceCode": product.service, "Filters": filters, "FormatVersion": "aws_v1"}
    documents = [text for page in calls.pages("pricing", "GetProducts", asked) for text in page["PriceList"]]
    offers = [offer for document in documents if (offer := _offer(document, product.usage)) is not None]
    # Several offers that differ are several products: which one would be billed cannot be told from here.
    return Price(offers[0], product.unit, _LIST) if len(set(offers)) == 1 else None


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
