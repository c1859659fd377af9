"""Ways out: the internet gateway, NAT gateways, and the tables that lead to them.

Each private subnet has a table of its own in every case, so that a change of `nat` only turns routes.
"""

from __future__ import annotations

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope

from .subnets import Subnets

_ANYWHERE = "0.0.0.0/0"


class Routing(msgspec.Struct, frozen=True):
    """The private tables, and what must stand before a node in a public or private subnet can reach out."""

    private_tables: tuple[Handle, ...]
    public_routes: tuple[Address, ...]
    private_routes: tuple[Address, ...]


def add_routing(scope: Scope, vpc: Handle, subnets: Subnets, nat: str) -> Routing:
    """Add gateways, tables, routes and associations."""
    gateway = scope.add("internet-gateway", "aws:ec2/internetGateway:InternetGateway", {"vpcId": vpc.id})
    table = _table(scope, "public.route-table", vpc)
    out = _route(scope, "public.default-route", table, {"gatewayId": gateway.id})
    public = [_associate(scope, f"public.{zone}", subnet, table) for zone, subnet in subnets.public.items()]
    gateways = _nat_gateways(scope, subnets, nat, gateway, out)
    tables, private = [], []
    for zone, subnet in subnets.private.items():
        own = _table(scope, f"private.{zone}.route-table", vpc)
        tables.append(own)
        private.append(_associate(scope, f"private.{zone}", subnet, own))
        if zone in gateways:
            private.append(_route(scope, f"private.{zone}.default-route", own, {"natGatewayId": gateways[zone].id}))
    public_routes = (out.address, *(one.address for one in public))
    return Routing(tuple(tables), public_routes, tuple(one.address for one in private))


def _nat_gateways(scope: Scope, subnets: Subnets, nat: str, gateway: Handle, out: Handle) -> dict[str, Handle]:
    """The NAT gateway that each zone's private subnet uses."""
    zones = list(subnets.public)
    if nat == "none":
        return {}
    if nat == "single":
        first = _nat_gateway(scope, zones[0], subnets.public[zones[0]], gateway, out)
        return dict.fromkeys(zones, first)
    return {zone: _nat_gateway(scope, zone, subnets.public[zone], gateway, out) for zone in zones}


def _nat_gateway(scope: Scope, zone: str, subnet: Handle, gateway: Handle, out: Handle) -> Handle:
    # An address that is mapped through a gateway keeps that gateway from being detached: it goes first.
    address = scope.add(f"nat.{zone}.address", "aws:ec2/eip:Eip", {"domain": "vpc"}, depends_on=[gateway])
    properties: Properties = {
        "allocationId": address["allocationId"],
        "subnetId": subnet.id,
        "connectivityType": "public",
    }
    return scope.add(f"nat.{zone}.gateway", "aws:ec2/natGateway:NatGateway", properties, depends_on=[gateway, out])


def _table(scope: Scope, local_name: str, vpc: Handle) -> Handle:
    return scope.add(local_name, "aws:ec2/routeTable:RouteTable", {"vpcId": vpc.id})


def _route(scope: Scope, local_name: str, table: Handle, target: Properties) -> Handle:
    properties = {"routeTableId": table.id, "destinationCidrBlock": _ANYWHERE, **target}
    return scope.add(local_name, "aws:ec2/route:Route", properties)


def _associate(scope: Scope, prefix: str, subnet: Handle, table: Handle) -> Handle:
    properties = {"subnetId": subnet.id, "routeTableId": table.id}
    return scope.add(f"{prefix}.association", "aws:ec2/routeTableAssociation:RouteTableAssociation", properties)
