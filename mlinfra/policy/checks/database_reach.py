"""Databases have no public address: they say so, or nothing of what their subnets' routes lead to is the internet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.scene import Breach, Scene, many

_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
_ROUTE = "aws:ec2/route:Route"
_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
_PATH = ("publiclyAccessible",)


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for each that is public, or leaves it to subnets that are, or that nobody knows.

    RDS makes an instance whose publiclyAccessible is not given as public as its subnets (RDS API, CreateDBInstance).
    """
    for database in resources:
        said = database.properties.get(_PATH[0])
        if said is False:
            continue
        if isinstance(said, Expression):
            yield Breach(database, "whether it is public is not known yet", Verdict.UNKNOWN, _PATH)
        elif said is not None:
            yield Breach(database, path=_PATH)
        else:
            yield from _by_subnets(scene, database)


def _by_subnets(scene: Scene, database: Resource) -> Iterator[Breach]:
    group = scene.named(database.properties.get("dbSubnetGroupName"))
    subnets = many(group.properties.get("subnetIds")) if group is not None else []
    found = max((_is_public(scene, one) for one in subnets), default=Verdict.UNKNOWN)
    if found is Verdict.PASS:
        yield Breach(database, "publiclyAccessible is not said, and its subnets are public")
    elif found is Verdict.UNKNOWN:
        yield Breach(database, "publiclyAccessible is not said, and nobody knows its subnets", Verdict.UNKNOWN)


def _is_public(scene: Scene, subnet: Value) -> Verdict:
    """Whether a route of its table leads to an internet gateway. Routes that others add are nobody's to know."""
    tables = [one.properties.get("routeTableId") for one in scene.of(_ASSOCIATION) if _is_of(one, "subnetId", subnet)]
    if not tables:
        return Verdict.UNKNOWN
    routes = [one for one in scene.of(_ROUTE) if any(_is_of(one, "routeTableId", table) for table in tables)]
    gateways = [one.properties["gatewayId"] for one in routes if "gatewayId" in one.properties]
    return max((_is_internet(scene, one) for one in gateways), default=Verdict.FAIL)


def _is_of(resource: Resource, name: str, value: Value) -> bool:
    return bool(resource.properties.get(name) == value)


def _is_internet(scene: Scene, gateway: Value) -> Verdict:
    if isinstance(gateway, str):
        return Verdict.of(gateway.startswith("igw-"))
    named = scene.named(gateway)
    return Verdict.UNKNOWN if named is None else Verdict.PASS if named.type == _GATEWAY else Verdict.FAIL
