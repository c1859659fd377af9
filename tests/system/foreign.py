"""What others made before: the stacks of these tests refer to it, and never own it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml

from .account import Account

Made = dict[str, str]  # inputs of the stack


STACKS = Path(__file__).with_name("stacks")


def prepare(account: Account, name: str) -> str:
    """Make what the stack called `name` needs to be there, and a file of it that has all of this for its inputs."""
    document = yaml.safe_load((STACKS / f"{name}.yaml").read_text())
    for key, value in (_MAKERS[name](account) if name in _MAKERS else {}).items():
        document["inputs"][key]["default"] = value
    Path("stack.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    account.note()
    return "stack.yaml"


def _ways_out(account: Account) -> Made:
    ec2 = account.client("ec2")
    ours, theirs = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (90, 91))
    subnet = ec2.create_subnet(VpcId=ours, CidrBlock="10.90.1.0/24")["Subnet"]["SubnetId"]
    lists = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "203.0.113.0/24"}],
    )
    inspection = ec2.create_vpc_endpoint(
        VpcEndpointType="GatewayLoadBalancer",
        VpcId=ours,
        ServiceName="com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0",
        SubnetIds=[subnet],
    )
    return {
        "inspection": inspection["VpcEndpoint"]["VpcEndpointId"],
        "transitGateway": ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"],
        "peering": ec2.create_vpc_peering_connection(VpcId=ours, PeerVpcId=theirs)["VpcPeeringConnection"][
            "VpcPeeringConnectionId"
        ],
        "interface": ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"],
        "egressOnly": ec2.create_egress_only_internet_gateway(VpcId=ours)["EgressOnlyInternetGateway"][
            "EgressOnlyInternetGatewayId"
        ],
        "prefixList": lists["PrefixList"]["PrefixListId"],
    }


_MAKERS: dict[str, Callable[[Account], Made]] = {"networks": _ways_out}
