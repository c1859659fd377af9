"""Stacks, and accounts that have room for them or have not.

A case is a stack's sections, what the account is granted, what others have there, and what is expected: of a stack
without room, which check of which address is short.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Sections = dict[str, Any]
Client = Any  # botocore's, made at run time

STANDARD, STANDARD_SPOT = ("ec2", "L-1216C47A"), ("ec2", "L-34B43A08")
G, G_SPOT = ("ec2", "L-DB2E81BA"), ("ec2", "L-3819A6DF")
P, P_SPOT = ("ec2", "L-417A185B"), ("ec2", "L-7212CCBC")
INF, INF_SPOT, TRN = ("ec2", "L-1945791B"), ("ec2", "L-B5D1601B"), ("ec2", "L-2C3B7624")
VPCS, GATEWAYS, NATS = ("vpc", "L-F678F1CE"), ("vpc", "L-A4707A72"), ("vpc", "L-FE5A380F")
ADDRESSES = ("ec2", "L-0263D0A3")

TYPES = (
    "m6i.large",
    "m6i.2xlarge",
    "m6i.8xlarge",
    "g4dn.xlarge",
    "g5.xlarge",
    "g5.48xlarge",
    "p4d.24xlarge",
    "trn1.2xlarge",
    "inf2.xlarge",
)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """See above. `prepare` gets EC2's client and answers ids by name, which `{name}` in the sections stands for."""

    sections: Sections
    granted: Mapping[tuple[str, str], float] = {}
    prepare: Callable[[Client], Mapping[str, str]] | None = None
    short: str = ""
    subject: str = ""


def stack(groups: Sections | None = None, **network: Any) -> Sections:
    """A cluster in two zones with a small group for the system, and `groups` besides."""
    system = {"instances": ["m6i.large"], "min": 1, "max": 2}
    return {
        "network": {"zones": 2, "nat": "single", "flowLogs": False, "vpcEndpoints": [], **network},
        "cluster": {},
        "nodeGroups": {"system": system, **(groups or {})},
    }


def group(*types: str, least: int = 1, most: int = 4, **about: Any) -> Sections:
    return {"instances": list(types), "min": least, "max": max(least, most), **about}


SPOT = {"type": "spot"}
RESERVED = {"type": "reserved", "reservation": "{reservation}"}


def machines(ec2: Client, kind: str, count: int, **more: Any) -> None:
    ec2.run_instances(ImageId="ami-12c6146b", InstanceType=kind, MinCount=count, MaxCount=count, **more)


def used(kind: str, count: int, **more: Any) -> Callable[[Client], Mapping[str, str]]:
    def prepare(ec2: Client) -> Mapping[str, str]:
        machines(ec2, kind, count, **more)
        return {}

    return prepare


def reserved(kind: str, count: int, zone: str = "us-east-1a", *, cancelled: bool = False) -> Callable[[Client], Any]:
    def prepare(ec2: Client) -> Mapping[str, str]:
        made = ec2.create_capacity_reservation(
            InstanceType=kind, InstancePlatform="Linux/UNIX", AvailabilityZone=zone, InstanceCount=count
        )
        key = made["CapacityReservation"]["CapacityReservationId"]
        if cancelled:
            ec2.cancel_capacity_reservation(CapacityReservationId=key)
        return {"reservation": key}

    return prepare


def narrow(ec2: Client) -> Mapping[str, str]:
    """A network of others with eleven free addresses in each of two zones."""
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/24")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.0.{16 * n}/28", AvailabilityZone=f"us-east-1{zone}")
        for n, zone in enumerate("ab")
    ]
    one, two = (subnet["Subnet"]["SubnetId"] for subnet in subnets)
    return {"vpc": vpc, "one": one, "two": two}


def addresses(count: int) -> Callable[[Client], Mapping[str, str]]:
    def prepare(ec2: Client) -> Mapping[str, str]:
        for _ in range(count):
            ec2.allocate_address(Domain="vpc")
        return {}

    return prepare


NARROW = {"use": {"vpcId": "{vpc}", "subnetIds": ["{one}", "{two}"]}}
FAR = ["us-east-1e", "us-east-1f"]
GPU, NET = "nodeGroups.gpu", "network"


def in_narrow(**groups: Sections) -> Sections:
    return {**stack(groups), "network": NARROW}


WITHOUT_ROOM = {
    "no quota for GPUs": Case(
        sections=stack({"gpu": group("g5.xlarge")}), granted={G: 0}, short=GPU, subject="vCPU quota L-DB2E81BA"
    ),
    "no quota for GPUs, and none at first": Case(
        sections=stack({"gpu": group("g5.xlarge", least=0)}),
        granted={G: 0},
        short=GPU,
        subject="vCPU quota L-DB2E81BA",
    ),
    "no quota for spot GPUs": Case(
        sections=stack({"gpu": group("g5.xlarge", capacity=SPOT)}),
        granted={G_SPOT: 0},
        short=GPU,
        subject="vCPU quota L-3819A6DF",
    ),
    "no quota for spot GPUs of either type": Case(
        sections=stack({"gpu": group("g5.xlarge", "g4dn.xlarge", least=0, capacity=SPOT)}),
        granted={G_SPOT: 0},
        short=GPU,
        subject="vCPU quota L-3819A6DF",
    ),
    "no quota for training": Case(
        sections=stack({"gpu": group("p4d.24xlarge")}), granted={P: 0}, short=GPU, subject="vCPU quota L-417A185B"
    ),
    "less quota than one machine has": Case(
        sections=stack({"gpu": group("p4d.24xlarge", least=0, most=1)}),
        granted={P: 64},
        short=GPU,
        subject="vCPU quota L-417A185B",
    ),
    "no quota for spot training": Case(
        sections=stack({"gpu": group("p4d.24xlarge", capacity=SPOT)}),
        granted={P_SPOT: 0},
        short=GPU,
        subject="vCPU quota L-7212CCBC",
    ),
    "a new account": Case(
        sections=stack({"big": group("m6i.2xlarge")}),
        granted={STANDARD: 5},
        short="nodeGroups.big",
        subject="vCPU quota L-1216C47A",
    ),
    "a new account, spot": Case(
        sections=stack({"big": group("m6i.2xlarge", capacity=SPOT)}),
        granted={STANDARD_SPOT: 5},
        short="nodeGroups.big",
        subject="vCPU quota L-34B43A08",
    ),
    "no quota for Trainium": Case(
        sections=stack({"gpu": group("trn1.2xlarge")}, zones=["us-east-1c", "us-east-1f"]),
        granted={TRN: 0},
        short=GPU,
        subject="vCPU quota L-2C3B7624",
    ),
    "no quota for Inferentia": Case(
        sections=stack({"gpu": group("inf2.xlarge")}), granted={INF: 0}, short=GPU, subject="vCPU quota L-1945791B"
    ),
    "no quota for spot Inferentia": Case(
        sections=stack({"gpu": group("inf2.xlarge", capacity=SPOT)}),
        granted={INF_SPOT: 0},
        short=GPU,
        subject="vCPU quota L-B5D1601B",
    ),
    "fewer than the fewest": Case(
        sections=stack({"gpu": group("g5.xlarge", least=3)}),
        granted={G: 8},
        short=GPU,
        subject="vCPU quota L-DB2E81BA",
    ),
    "others use it up": Case(
        sections=stack({"gpu": group("g5.xlarge")}),
        granted={G: 8},
        prepare=used("g5.xlarge", 2),
        short=GPU,
        subject="vCPU quota L-DB2E81BA",
    ),
    "an unused reservation of others uses it up": Case(
        sections=stack({"gpu": group("g5.xlarge")}),
        granted={G: 8},
        prepare=reserved("g5.xlarge", 2),
        short=GPU,
        subject="vCPU quota L-DB2E81BA",
    ),
    "two groups, and room for one": Case(
        sections=stack({"first": group("g5.xlarge", least=2), "second": group("g4dn.xlarge", least=2)}),
        granted={G: 8},
        short="nodeGroups.second",
        subject="vCPU quota L-DB2E81BA",
    ),
    "the system's own machines take what is there": Case(
        sections=stack({"zoo": group("m6i.large")}),
        granted={STANDARD: 2},
        short="nodeGroups.zoo",
        subject="vCPU quota L-1216C47A",
    ),
    "zones without such machines": Case(
        sections=stack({"gpu": group("p4d.24xlarge", least=0)}, zones=FAR), short=GPU, subject="zones"
    ),
    "a zone of the group without such machines": Case(
        sections=stack({"gpu": group("g5.xlarge", zones=["us-east-1e"])}, zones=["us-east-1a", "us-east-1e"]),
        short=GPU,
        subject="zones",
    ),
    "subnets for fewer nodes": Case(
        sections=stack({"big": group("m6i.large", least=12, most=12)}, cidr="10.0.0.0/23"),
        short="nodeGroups.big",
        subject="subnet addresses",
    ),
    "subnets for smaller nodes": Case(
        sections=stack({"gpu": group("g5.48xlarge", least=3, most=3)}, cidr="10.0.0.0/23"),
        granted={G: 10_000},
        short=GPU,
        subject="subnet addresses",
    ),
    "a network of others that is full": Case(
        sections=in_narrow(big=group("m6i.large", least=3)),
        prepare=narrow,
        short="nodeGroups.big",
        subject="subnet addresses",
    ),
    "a network of others without room for one": Case(
        sections=in_narrow(big=group("m6i.8xlarge", least=0)),
        prepare=narrow,
        short="nodeGroups.big",
        subject="subnet addresses",
    ),
    "a reservation that is not there": Case(
        sections=stack({"gpu": group("p4d.24xlarge", capacity={**RESERVED, "reservation": "cr-0123456789abcdef0"})}),
        short=GPU,
        subject="reservation",
    ),
    "a reservation that was given back": Case(
        sections=stack({"gpu": group("p4d.24xlarge", capacity=RESERVED)}),
        prepare=reserved("p4d.24xlarge", 2, cancelled=True),
        short=GPU,
        subject="reservation",
    ),
    "a reservation of other machines": Case(
        sections=stack({"gpu": group("p4d.24xlarge", capacity=RESERVED)}),
        prepare=reserved("g5.xlarge", 2),
        short=GPU,
        subject="reservation",
    ),
    "a reservation in another zone": Case(
        sections=stack({"gpu": group("p4d.24xlarge", capacity=RESERVED)}),
        prepare=reserved("p4d.24xlarge", 2, "us-east-1c"),
        short=GPU,
        subject="reservation",
    ),
    "a reservation of fewer machines": Case(
        sections=stack({"gpu": group("p4d.24xlarge", least=2, capacity=RESERVED)}),
        prepare=reserved("p4d.24xlarge", 1),
        short=GPU,
        subject="reservation",
    ),
    "no address left": Case(
        sections=stack(nat="per-zone", zones=3),
        granted={ADDRESSES: 5},
        prepare=addresses(3),
        short="network.nat.us-east-1a.address",
        subject="elastic IP addresses in the region (L-0263D0A3)",
    ),
    "no NAT gateway left": Case(
        sections=stack(),
        granted={NATS: 0},
        short="network.nat.us-east-1a.gateway",
        subject="NAT gateways in a zone (L-FE5A380F)",
    ),
    "no network left": Case(
        sections=stack(), granted={VPCS: 1}, short="network.vpc", subject="VPCs in the region (L-F678F1CE)"
    ),
    "no internet gateway left": Case(
        sections=stack(),
        granted={GATEWAYS: 0},
        short="network.internet-gateway",
        subject="internet gateways in the region (L-A4707A72)",
    ),
}

WITH_ROOM = {
    "nothing special": Case(sections=stack({"gpu": group("g5.xlarge")})),
    "reserved machines, and no quota at all": Case(
        sections=stack({"gpu": group("p4d.24xlarge", least=1, most=2, capacity=RESERVED)}),
        granted={P: 0, P_SPOT: 0},
        prepare=reserved("p4d.24xlarge", 2),
    ),
    "spot machines, and no quota on demand": Case(
        sections=stack({"gpu": group("g5.xlarge", capacity=SPOT)}), granted={G: 0}
    ),
    "machines on demand, and no quota for spot": Case(sections=stack({"gpu": group("g5.xlarge")}), granted={G_SPOT: 0}),
    "another type with quota": Case(sections=stack({"gpu": group("p4d.24xlarge", "g5.xlarge")}), granted={P: 0}),
    "all of the quota": Case(sections=stack({"gpu": group("g5.xlarge", least=4)}), granted={G: 16}),
    "others run on spot": Case(
        sections=stack({"gpu": group("g5.xlarge", least=2, most=2)}),
        granted={G: 8},
        prepare=used("g5.xlarge", 2, InstanceMarketOptions={"MarketType": "spot"}),
    ),
    "a wide network": Case(sections=stack({"big": group("m6i.large", least=50, most=100)}), granted={STANDARD: 10_000}),
    "the last address": Case(sections=stack(), granted={ADDRESSES: 5}, prepare=addresses(4)),
    "the last network": Case(sections=stack(), granted={VPCS: 2, GATEWAYS: 1, NATS: 1}),
    "two groups that share all there is": Case(
        sections=stack({"first": group("g5.xlarge", most=2), "second": group("g4dn.xlarge", most=2)}),
        granted={G: 16},
    ),
}
