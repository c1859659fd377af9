"""Networks, what is in them and what leads out of them."""

from __future__ import annotations

import json

from ..things import Thing
from .table import IDENTITY, IMMUTABLE, Deletes, Edit, Edits, Exceptions, Places, edit, of

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EIP = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"

tagged = edit("ec2", "create_tags", Resources=lambda thing: [thing.id], Tags=[{"Key": "team", "Value": "edited"}])
untagged = edit("ec2", "delete_tags", Resources=lambda thing: [thing.id], Tags=[{"Key": "team"}])


def _attribute(of_what: str, name: str, value: bool) -> Edit:
    return edit("ec2", f"modify_{of_what}_attribute", f"{of_what.title()}Id", **{name: {"Value": value}})


_detach = edit(
    "ec2", "detach_internet_gateway", "InternetGatewayId", VpcId=lambda thing: thing.other("resources.vpc-spare").id
)
_reroute = edit(
    "ec2",
    "replace_route",
    RouteTableId=of("routeTableId"),
    DestinationCidrBlock=of("destinationCidrBlock"),
    GatewayId=lambda thing: thing.other("resources.gateway-other").id,
)


_lead_to_nat = edit(
    "ec2",
    "replace_route",
    RouteTableId=of("routeTableId"),
    DestinationCidrBlock=of("destinationCidrBlock"),
    NatGatewayId=lambda thing: thing.other("resources.nat").id,
)


def _another_table(thing: Thing) -> None:
    ec2 = thing.client("ec2")
    shown = ec2.describe_route_tables(RouteTableIds=[thing.inputs["routeTableId"]])["RouteTables"][0]["Associations"]
    held = next(one["RouteTableAssociationId"] for one in shown if one.get("SubnetId") == thing.inputs["subnetId"])
    ec2.replace_route_table_association(AssociationId=held, RouteTableId=thing.other("resources.table-spare").id)


def _rule(name: str, value: object) -> Edit:
    """Modify a rule as the console does: as a whole."""

    def make(thing: Thing) -> None:
        ec2 = thing.client("ec2")
        shown = ec2.describe_security_group_rules(SecurityGroupRuleIds=[thing.id])["SecurityGroupRules"][0]
        kept = ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6", "PrefixListId", "Description")
        rule = {key: shown[key] for key in kept if shown.get(key) is not None}
        if group := shown.get("ReferencedGroupInfo"):
            rule["ReferencedGroupId"] = group["GroupId"]
        rule[name] = value(thing) if callable(value) else value
        ec2.modify_security_group_rules(
            GroupId=shown["GroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": thing.id, "SecurityGroupRule": rule}],
        )

    return make


def _let_through(direction: str) -> Edit:
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return edit("ec2", f"authorize_security_group_{direction}", "GroupId", IpPermissions=[everything])


_RULE_EDITS = {
    "ipProtocol": _rule("IpProtocol", "udp"),
    "fromPort": _rule("FromPort", 1),
    "toPort": _rule("ToPort", 65535),
    "cidrIpv4": _rule("CidrIpv4", "0.0.0.0/0"),
    "cidrIpv6": _rule("CidrIpv6", "::/0"),
    "prefixListId": _rule("PrefixListId", "pl-0edited"),
    "referencedSecurityGroupId": _rule("ReferencedGroupId", lambda thing: thing.other("resources.group-spare").id),
    "description": _rule("Description", "by hand"),
    "tags": tagged,
}
_ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)


def _endpoint(**params: object) -> Edit:
    return edit("ec2", "modify_vpc_endpoint", "VpcEndpointId", **params)


EDITS: Edits = {
    DEFAULT_GROUP: {"ingress": _let_through("ingress"), "egress": _let_through("egress")},
    VPC: {
        "instanceTenancy": edit("ec2", "modify_vpc_tenancy", "VpcId", InstanceTenancy="default"),
        "enableDnsSupport": _attribute("vpc", "EnableDnsSupport", False),
        "enableDnsHostnames": _attribute("vpc", "EnableDnsHostnames", False),
        "enableNetworkAddressUsageMetrics": _attribute("vpc", "EnableNetworkAddressUsageMetrics", False),
        "tags": tagged,
    },
    SUBNET: {
        "mapPublicIpOnLaunch": _attribute("subnet", "MapPublicIpOnLaunch", False),
        "assignIpv6AddressOnCreation": _attribute("subnet", "AssignIpv6AddressOnCreation", False),
        "enableDns64": _attribute("subnet", "EnableDns64", False),
        "tags": untagged,
    },
    INTERNET_GATEWAY: {"vpcId": _detach, "tags": tagged},
    EIP: {"tags": tagged},
    NAT_GATEWAY: {"tags": tagged},
    ROUTE_TABLE: {"tags": tagged},
    ROUTE: {
        "gatewayId": _lead_to_nat,
        "natGatewayId": _reroute,
        "transitGatewayId": _reroute,
        "vpcPeeringConnectionId": _reroute,
        "networkInterfaceId": _reroute,
        "egressOnlyGatewayId": _reroute,
        "vpcEndpointId": _reroute,
    },
    ASSOCIATION: {"routeTableId": _another_table},
    SECURITY_GROUP: {"tags": tagged},
    INGRESS_RULE: _RULE_EDITS,
    EGRESS_RULE: _RULE_EDITS,
    ENDPOINT: {
        "routeTableIds": _endpoint(
            AddRouteTableIds=lambda thing: [thing.other("resources.table-spare").id],
            RemoveRouteTableIds=of("routeTableIds"),
        ),
        "subnetIds": _endpoint(AddSubnetIds=lambda thing: [thing.other("resources.subnet-b").id]),
        "securityGroupIds": _endpoint(
            AddSecurityGroupIds=lambda thing: [thing.other("resources.group-spare").id],
            RemoveSecurityGroupIds=of("securityGroupIds"),
        ),
        "privateDnsEnabled": _endpoint(PrivateDnsEnabled=False),
        "policy": _endpoint(PolicyDocument=_ANYBODY),
        "tags": tagged,
    },
    FLOW_LOG: {"tags": tagged},
}

# AWS does not let go of a gateway behind which there are public addresses.
AT: Places = {
    INTERNET_GATEWAY: {"vpcId": "resources.gateway-other"},
    DEFAULT_GROUP: dict.fromkeys(("ingress", "egress"), "resources.vpc-group"),
}

EXCEPTIONS: Exceptions = {
    VPC: {"cidrBlock": "immutable: ranges are added to a network, the first one stays"},
    SUBNET: {"vpcId": IMMUTABLE, "cidrBlock": IMMUTABLE, "availabilityZone": IMMUTABLE},
    EIP: {"domain": IMMUTABLE, "publicIpv4Pool": IMMUTABLE},
    NAT_GATEWAY: {
        "subnetId": IMMUTABLE,
        "allocationId": "immutable: secondary addresses come and go, the first one stays",
        "connectivityType": IMMUTABLE,
        "privateIp": IMMUTABLE,
    },
    ROUTE_TABLE: {"vpcId": IMMUTABLE},
    ROUTE: {"routeTableId": IDENTITY, "destinationCidrBlock": IDENTITY},
    ASSOCIATION: {"subnetId": IDENTITY},
    DEFAULT_GROUP: {"vpcId": IDENTITY},
    SECURITY_GROUP: {"name": IMMUTABLE, "description": IMMUTABLE, "vpcId": IMMUTABLE},
    INGRESS_RULE: {"securityGroupId": IDENTITY},
    EGRESS_RULE: {"securityGroupId": IDENTITY},
    ENDPOINT: {"vpcId": IMMUTABLE, "serviceName": IMMUTABLE, "vpcEndpointType": IMMUTABLE},
    FLOW_LOG: dict.fromkeys(
        (
            "vpcId",
            "trafficType",
            "logDestinationType",
            "logDestination",
            "iamRoleArn",
            "logFormat",
            "maxAggregationInterval",
        ),
        IMMUTABLE,
    ),
}


def _delete_gateway(thing: Thing) -> None:
    ec2 = thing.client("ec2")
    if attached := thing.outputs.get("vpcId"):
        ec2.detach_internet_gateway(InternetGatewayId=thing.id, VpcId=attached)
    ec2.delete_internet_gateway(InternetGatewayId=thing.id)


def _disassociate(thing: Thing) -> None:
    ec2 = thing.client("ec2")
    shown = ec2.describe_route_tables(RouteTableIds=[thing.inputs["routeTableId"]])["RouteTables"][0]["Associations"]
    held = next(one["RouteTableAssociationId"] for one in shown if one.get("SubnetId") == thing.inputs["subnetId"])
    ec2.disassociate_route_table(AssociationId=held)


def _revoke(direction: str) -> Edit:
    return lambda thing: getattr(thing.client("ec2"), f"revoke_security_group_{direction}")(
        GroupId=thing.inputs["securityGroupId"], SecurityGroupRuleIds=[thing.id]
    )


DELETES: Deletes = {
    VPC: edit("ec2", "delete_vpc", "VpcId"),
    SUBNET: edit("ec2", "delete_subnet", "SubnetId"),
    INTERNET_GATEWAY: _delete_gateway,
    EIP: edit("ec2", "release_address", "AllocationId"),
    NAT_GATEWAY: edit("ec2", "delete_nat_gateway", "NatGatewayId"),
    ROUTE_TABLE: edit("ec2", "delete_route_table", "RouteTableId"),
    ROUTE: edit(
        "ec2", "delete_route", RouteTableId=of("routeTableId"), DestinationCidrBlock=of("destinationCidrBlock")
    ),
    ASSOCIATION: _disassociate,
    SECURITY_GROUP: edit("ec2", "delete_security_group", "GroupId"),
    # AWS deletes none: it is missed once it does not say any more that it is a stack's affair.
    DEFAULT_GROUP: edit(
        "ec2",
        "delete_tags",
        Resources=lambda thing: [thing.id],
        Tags=[{"Key": "mlinfra:default-security-group"}],
    ),
    INGRESS_RULE: _revoke("ingress"),
    EGRESS_RULE: _revoke("egress"),
    ENDPOINT: edit("ec2", "delete_vpc_endpoints", VpcEndpointIds=lambda thing: [thing.id]),
    FLOW_LOG: edit("ec2", "delete_flow_logs", FlowLogIds=lambda thing: [thing.id]),
}
