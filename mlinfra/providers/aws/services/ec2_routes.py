"""Route tables, their routes, and the subnets that they are for: all read from one listing of the tables.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51, without inline
routes; of the destinations, IPv4 ranges.
"""

from __future__ import annotations

from mlinfra.core.errors import NotFound
from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import Exclusive, OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Update
from mlinfra.providers.aws.forms import IPV4_RANGE
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_gateways import INTERNET_GATEWAY, NAT_GATEWAY
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC, without_host_bits
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, call, dig
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"

_ROUTE_TABLE = AwsType(
    about=ResourceType(
        token=ROUTE_TABLE,
        inputs=block({"vpcId": text(required=True, replace=Replace.CREATE_FIRST, refers=VPC), "tags": TAGS_PROPERTY}),
    ),
    service="ec2",
    id="RouteTableId",
    made="RouteTable.RouteTableId",
    create=call("CreateRouteTable", "vpcId"),
    reading=Reading(
        listing=call("DescribeRouteTables"),
        items="RouteTables",
        one=call("DescribeRouteTables", RouteTableIds=[ID]),
        outputs={"arn": "arn:{partition}:ec2:{region}:{account}:route-table/{id}", "ownerId": "OwnerId"},
    ),
    tagging=ec2_tags("route-table"),
    delete=call("DeleteRouteTable", RouteTableId=ID),
)


def _tables(reader: Reader, owned: set[str]) -> list[Item]:
    tables = reader.pages("ec2", "DescribeRouteTables", "RouteTables")
    return [table for table in tables if table["RouteTableId"] in owned]


def _routes_of(table: Item) -> list[Item]:
    """Those that somebody made: AWS makes the local one, gateways propagate theirs, endpoints have prefix lists."""
    return [
        {"RouteTableId": table["RouteTableId"], **_with_endpoint(route)}
        for route in table.get("Routes", [])
        if route.get("Origin") == "CreateRoute" and route.get("DestinationCidrBlock")
    ]


def _with_endpoint(route: Item) -> Item:
    """An endpoint is set as `VpcEndpointId` and shown as a gateway: what AWS describes has no such field."""
    gateway = str(route.get("GatewayId", ""))
    return {**route, "GatewayId": None, "VpcEndpointId": gateway} if gateway.startswith("vpce-") else route


def _routes(reader: Reader, wanted: Wanted) -> list[Item]:
    return [route for table in _tables(reader, parents(_ROUTE, reader, wanted)) for route in _routes_of(table)]


def _table(work: Work, id: str) -> Item:
    found = work.call("DescribeRouteTables", RouteTableIds=[id])["RouteTables"]
    return dict(found[0]) if found else {}


def _route(work: Work) -> Item | None:
    destination = without_host_bits(work.value("destinationCidrBlock"))
    routes = _routes_of(_table(work, work.value("routeTableId")))
    return next((route for route in routes if route["DestinationCidrBlock"] == destination), None)


_TARGETS = (
    "gatewayId",
    "natGatewayId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "networkInterfaceId",
    "egressOnlyGatewayId",
    "vpcEndpointId",
)
_REFERRED = {"gatewayId": INTERNET_GATEWAY, "natGatewayId": NAT_GATEWAY}

_ROUTE = AwsType(
    about=ResourceType(
        token=ROUTE,
        inputs=block(
            {
                "routeTableId": text(required=True, replace=Replace.DELETE_FIRST, refers=ROUTE_TABLE),
                "destinationCidrBlock": text(
                    rules=IPV4_RANGE, required=True, replace=Replace.DELETE_FIRST, canonical=without_host_bits
                ),
                **{name: text(default=None, refers=_REFERRED.get(name, "")) for name in _TARGETS},
            }
        ),
        key=("routeTableId", "destinationCidrBlock"),
        owned_by=OwnedBy.PARENT,
        parent="routeTableId",
        exclusive=Exclusive(
            of=ROUTE_TABLE, by="{routeTableId}", said=lambda route: f"has a route to {route['destinationCidrBlock']}"
        ),
        volatile={"state": ()},
    ),
    service="ec2",
    id="{routeTableId}_{destinationCidrBlock}",
    names={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
    create=call("CreateRoute", "routeTableId", "destinationCidrBlock", *_TARGETS),
    reading=Reading(source=_routes, one=_route, outputs={"state": "State", "origin": "Origin"}),
    updates=(Update(_TARGETS, (call("ReplaceRoute", "routeTableId", "destinationCidrBlock", *_TARGETS),)),),
    delete=call("DeleteRoute", "routeTableId", "destinationCidrBlock"),
)


def _associations_of(table: Item) -> list[Item]:
    return [
        association
        for association in table.get("Associations", [])
        if association.get("SubnetId") and dig(association, "AssociationState.State") != "disassociated"
    ]


def _associations(reader: Reader, wanted: Wanted) -> list[Item]:
    owned = parents(_ROUTE_TABLE_ASSOCIATION, reader, wanted)
    tables = reader.pages("ec2", "DescribeRouteTables", "RouteTables")
    return [
        association
        for table in tables
        for association in _associations_of(table)
        if table["RouteTableId"] in owned or wanted.named(association["SubnetId"])
    ]


def _association(work: Work) -> Item | None:
    """That of the subnet, with whichever table: somebody may have put another in place of ours."""
    subnet = work.value("subnetId")
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    tables = work.pages("DescribeRouteTables", "RouteTables", Filters=filters)
    found = [association for table in tables for association in _associations_of(table)]
    return next((association for association in found if association["SubnetId"] == subnet), None)


def _associate_again(work: Work) -> None:
    """Change the table without a moment in which the subnet has none."""
    held = _association(work)
    if held is None:
        raise NotFound(f"{work.target.address}: {work.id} has no route table of its own any more")
    work.call(
        "ReplaceRouteTableAssociation",
        AssociationId=held["RouteTableAssociationId"],
        RouteTableId=work.value("routeTableId"),
    )


def _disassociate(work: Work) -> None:
    held = _association(work)
    if held is not None:
        work.call("DisassociateRouteTable", AssociationId=held["RouteTableAssociationId"])


_ROUTE_TABLE_ASSOCIATION = AwsType(
    about=ResourceType(
        token=ROUTE_TABLE_ASSOCIATION,
        inputs=block(
            {
                "subnetId": text(required=True, replace=Replace.DELETE_FIRST, refers=SUBNET),
                "routeTableId": text(required=True, refers=ROUTE_TABLE),
            }
        ),
        # A subnet has one table, whichever it is; AWS's own id changes with the table.
        key=("subnetId",),
        owned_by=OwnedBy.PARENT,
        parent="routeTableId",
    ),
    service="ec2",
    id="{subnetId}",
    create=call("AssociateRouteTable", "subnetId", "routeTableId"),
    reading=Reading(source=_associations, one=_association),
    updates=(Update(("routeTableId",), _associate_again),),
    delete=_disassociate,
)

TYPES = (_ROUTE_TABLE, _ROUTE, _ROUTE_TABLE_ASSOCIATION)
