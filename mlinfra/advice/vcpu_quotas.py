"""vCPU quotas: which of EC2's quotas a machine type counts against, on demand and as a spot machine.

Families and codes: Amazon EC2 user guide, "On-Demand Instance quotas" and "Spot Instance quotas"
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html, .../using-spot-limits.html), read in
November 2026. P5 machines have a spot quota of their own; where P6 counts as spot is not documented there.
"""

from __future__ import annotations

import re

import msgspec


class VcpuQuota(msgspec.Struct, frozen=True):
    """One quota of the service `ec2`: how many vCPUs of some families may run at once."""

    code: str
    name: str


_STANDARD = "Standard (A, C, D, H, I, M, R, T, Z)"
_ON_DEMAND = {
    _STANDARD: "L-1216C47A",
    "G and VT": "L-DB2E81BA",
    "P": "L-417A185B",
    "DL": "L-6E869C2A",
    "Inf": "L-1945791B",
    "Trn": "L-2C3B7624",
    "X": "L-7295265B",
    "F": "L-74FC7D96",
}
_SPOT = {
    _STANDARD: "L-34B43A08",
    "G and VT": "L-3819A6DF",
    "P4, P3 and P2": "L-7212CCBC",
    "P5": "L-C4BD4855",
    "DL": "L-85EED4F7",
    "Inf": "L-B5D1601B",
    "Trn": "L-6B0D517C",
    "X": "L-E3A00192",
    "F": "L-88CF9481",
}
ON_DEMAND_CODES = frozenset(_ON_DEMAND.values())
_FAMILIES = {"g": "G and VT", "gr": "G and VT", "vt": "G and VT", "p": "P", "dl": "DL", "inf": "Inf"}
_FAMILIES |= {"trn": "Trn", "x": "X", "f": "F", **dict.fromkeys("acdhimrtz", _STANDARD)}
_FAMILIES |= dict.fromkeys(("im", "is"), _STANDARD)


def vcpu_quota(machine_type: str, *, spot: bool) -> VcpuQuota | None:
    """The quota of a type; `None` where it has one of its own that is not known here (`u-6tb1`, `hpc7g`, `mac2`)."""
    found = re.match(r"([a-z]+)(\d+)", machine_type)
    family = _FAMILIES.get(found.group(1)) if found else None
    if family is None or found is None:
        return None
    if not spot:
        return VcpuQuota(_ON_DEMAND[family], f"Running On-Demand {family} instances")
    if family == "P":
        generation = int(found.group(2))
        family = "P4, P3 and P2" if generation < 5 else "P5" if generation == 5 else ""
    return VcpuQuota(_SPOT[family], f"All {family} Spot Instance Requests") if family else None
