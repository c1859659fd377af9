"""A cost and a capacity made by hand, with one of everything."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.capacity import Capacity, Check, Room, Verdict
from mlinfra.core.cost import Amount, Budget, Cost, CostLine, Uncounted
from mlinfra.core.diagnostic import Diagnostic
from mlinfra.core.diagnostic import Severity as Gravity
from mlinfra.core.endpoint import Endpoint, Standing
from mlinfra.core.health import Health, Severity, Trouble

GPU, SYSTEM, NAT = Address("nodeGroups.gpu"), Address("nodeGroups.system"), Address("network.nat.us-east-1a.gateway")


def amount(minimum: str, expected: str, maximum: str) -> Amount:
    return Amount(Decimal(minimum), Decimal(expected), Decimal(maximum))


COST = Cost(
    region="us-east-1",
    monthly=amount("173.01", "915.39", "3142.53"),
    change=amount("0.00", "742.38", "2969.52"),
    lines=(
        CostLine(
            address=GPU,
            what="0 to 4 (now 1) g5.xlarge, spot",
            monthly=amount("0.00", "742.38", "2969.52"),
            note="spot at the typical price; at the most, at the on-demand price",
        ),
        CostLine(address=SYSTEM, what="2 m6i.large, on demand", monthly=amount("140.16", "140.16", "140.16")),
        CostLine(address=NAT, what="a NAT gateway", monthly=amount("32.85", "32.85", "32.85")),
    ),
    unknown=(Uncounted(address=GPU, what="g7.xlarge, on demand", reason="no price is known in us-east-1"),),
    usage=(Uncounted(address=NAT, what="traffic through the NAT gateway", reason="paid by use"),),
    prices_of="2026-01-19",
    budget=Budget(monthly=Decimal("900"), fails=True),
)
BEFORE = CostLine(
    address=SYSTEM, what="1 m6i.large, on demand", monthly=Amount(), change=amount("-70.08", "-70.08", "-70.08")
)
CHANGED = msgspec.structs.replace(
    COST,
    lines=(msgspec.structs.replace(COST.lines[0], change=COST.lines[0].monthly), *COST.lines[1:]),
    gone=(BEFORE,),
    change=amount("-70.08", "672.30", "2899.44"),
)
CAPACITY = Capacity(
    region="us-east-1",
    rooms=(
        Room(
            address=GPU,
            what="0 to 4 of g5.xlarge",
            checks=(
                Check(
                    subject="vCPU quota L-3819A6DF",
                    verdict=Verdict.SHORT,
                    words="0 granted, 0 used by others, and 4 to 16 wanted (All G and VT Spot Instance Requests)",
                    hint="ask for more",
                ),
                Check(subject="zones", verdict=Verdict.FITS, words="us-east-1a offer g5.xlarge"),
                Check(subject="spot capacity", verdict=Verdict.NOT_CHECKED, words="AccessDenied: <b>no</b>"),
            ),
        ),
        Room(
            address=SYSTEM,
            what="2 to 2 of m6i.large",
            checks=(Check(subject="zones", verdict=Verdict.FITS, words="us-east-1a offer m6i.large"),),
        ),
    ),
)

HEALTH = Health(
    stack="demo",
    troubles=(
        Trouble(
            severity=Severity.BROKEN,
            title="Deployment serving/ranker (2 pods)",
            words="each needs 1 nvidia.com/gpu, and the only node that has it is full",
            remedy="group gpu has 1 of at most 1: raise nodeGroups.gpu.max",
            subjects=("Pod serving/ranker-a", "Pod serving/ranker-b"),
            explains=("Deployment serving/ranker",),
            address="endpoints.ranker",
        ),
        Trouble(severity=Severity.NOTE, title="the lock", words="ada@laptop holds it for apply"),
    ),
    counts=(("nodes ready", 3, 3), ("pods ready", 10, 12)),
)

ENDPOINTS = (
    Endpoint(
        name="ranker",
        kind="realtime",
        runtime="triton",
        traffic={"stable": 90, "canary": 10},
        ready=1,
        wanted=2,
        url="http://ranker.serving.svc.cluster.local:8000",
        standing=Standing.PARTLY,
        why="each needs 1 nvidia.com/gpu",
    ),
    Endpoint(name="scorer", kind="batch", runtime="custom", model="s3://models/scorer", standing=Standing.ABSENT),
)
UNREAD = (
    Diagnostic(
        severity=Gravity.WARNING, code="MLI8072", summary="1 price was not read: machine.spot.g5.xlarge", detail="no"
    ),
)
