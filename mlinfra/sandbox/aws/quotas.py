"""Service quotas: their real defaults, what this account was granted, and what is used up.

Operations of Service Quotas, and the checks that launches make. Codes and defaults:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#on-demand-instance-limits,
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (2026). New accounts get no GPU at all; the
simulated one was granted some, or nothing for machine learning could be rehearsed in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import hexadecimal, page


class Quota(msgspec.Struct, frozen=True):
    """One quota. `granted` is what this account has, the default where it asked for no more."""

    service: str
    code: str
    name: str
    default: float
    granted: float = 0
    is_global: bool = False

    @property
    def applied(self) -> float:
        """What holds in the account."""
        return self.granted or self.default


_STANDARD, _GVT, _P, _DL, _INF, _TRN, _X, _F = (
    "L-1216C47A",
    "L-DB2E81BA",
    "L-417A185B",
    "L-6E869C2A",
    "L-1945791B",
    "L-2C3B7624",
    "L-7295265B",
    "L-74FC7D96",
)
_SPOT = {
    _STANDARD: "L-34B43A08", _GVT: "L-3819A6DF", _P: "L-7212CCBC", _DL: "L-85EED4F7",
    _INF: "L-B5D1601B", _TRN: "L-6B0D517C", _X: "L-E3A00192", _F: "L-88CF9481",
}  # fmt: skip

QUOTAS = (
    Quota("ec2", _STANDARD, "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5, 1152),
    Quota("ec2", _GVT, "Running On-Demand G and VT instances", 0, 768),
    Quota("ec2", _P, "Running On-Demand P instances", 0, 768),
    Quota("ec2", _DL, "Running On-Demand DL instances", 0),
    Quota("ec2", _INF, "Running On-Demand Inf instances", 0, 192),
    Quota("ec2", _TRN, "Running On-Demand Trn instances", 0, 256),
    Quota("ec2", _X, "Running On-Demand X instances", 0, 128),
    Quota("ec2", _F, "Running On-Demand F instances", 0),
    Quota("ec2", _SPOT[_STANDARD], "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5, 1152),
    Quota("ec2", _SPOT[_GVT], "All G and VT Spot Instance Requests", 0, 768),
    Quota("ec2", _SPOT[_P], "All P4, P3 and P2 Spot Instance Requests", 0, 768),
    Quota("ec2", _SPOT[_DL], "All DL Spot Instance Requests", 0),
    Quota("ec2", _SPOT[_INF], "All Inf Spot Instance Requests", 0, 192),
    Quota("ec2", _SPOT[_TRN], "All Trn Spot Instance Requests", 0, 256),
    Quota("ec2", _SPOT[_X], "All X Spot Instance Requests", 0, 128),
    Quota("ec2", _SPOT[_F], "All F Spot Instance Requests", 0),
    Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, 20),
    Quota("vpc", "L-F678F1CE", "VPCs per Region", 5, 50),
    Quota("vpc", "L-A4707A72", "Internet gateways per Region", 5, 50),
    Quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5),
    Quota("vpc", "L-407747CB", "Subnets per VPC", 200),
    Quota("vpc", "L-589F43AA", "Route tables per VPC", 200),
    Quota("vpc", "L-E79EC296", "VPC security groups per Region", 2500),
    Quota("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60),
    Quota("vpc", "L-2AFB9258", "Security groups per network interface", 5),
    Quota("vpc", "L-DF5E4CA3", "Network interfaces per Region", 5000),
    Quota("eks", "L-1194D53C", "Clusters", 100),
    Quota("eks", "L-6D54EA21", "Managed node groups per cluster", 30),
    Quota("eks", "L-BD136A63", "Nodes per managed node group", 450),
    Quota("eks", "L-23414FF3", "Fargate profiles per cluster", 10),
    Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50),
    Quota("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region", 50),
    Quota("autoscaling", "L-CDE20ADC", "Auto Scaling groups per region", 500),
    Quota("ecr", "L-CFEB8E8D", "Registered repositories", 100_000),
    Quota("iam", "L-FE177D64", "Roles per account", 1000, is_global=True),
    Quota("iam", "L-E95E4862", "Customer managed policies per account", 1500, is_global=True),
    Quota("iam", "L-858F3967", "OpenId connect providers per account", 100, is_global=True),
)  # fmt: skip

_FAMILIES = {"p": _P, "g": _GVT, "vt": _GVT, "dl": _DL, "inf": _INF, "trn": _TRN, "x": _X, "f": _F, "u": "", "hpc": ""}


def quota_of_type(instance_type: str, *, spot: bool) -> str:
    """The code of the vCPU quota that a type counts against; empty for types with quotas of their own."""
    family = instance_type.partition(".")[0].partition("-")[0]
    letters = family[: next((i for i, c in enumerate(family) if c.isdigit()), len(family))]
    code = _FAMILIES.get(letters, _STANDARD)
    return _SPOT[code] if spot and code else code


@dataclass
class Grants:
    """What was asked for and granted in one region: the values by service and code, the requests by id."""

    values: dict[tuple[str, str], float] = field(default_factory=dict)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a quota is to be from now on, less than the default included. Without a region, in the sandbox's own."""

    service: str
    code: str
    value: float
    region: str = ""


def grant(account: Account, region: str, asked: Grant) -> dict[str, Any]:
    """Have a quota be so much, whoever asks. Raises `ValueError` where there is no such quota, and below zero."""
    found = next((one for one in QUOTAS if (one.service, one.code) == (asked.service, asked.code)), None)
    if found is None:
        raise ValueError(f"there is no quota {asked.code} of service {asked.service}")
    if asked.value < 0:
        raise ValueError("a quota is 0 at least")
    account.store(Grants, asked.region or region).values[asked.service, asked.code] = asked.value
    return {"name": found.name, "value": asked.value}


def quotas(account: Account, region: str) -> list[dict[str, Any]]:
    """Every quota as it holds."""
    return [
        {"service": one.service, "code": one.code, "name": one.name, "value": applied(account, region, *_of(one))}
        for one in QUOTAS
    ]


def _of(quota: Quota) -> tuple[str, str]:
    return quota.service, quota.code


def applied(account: Account, region: str, service: str, code: str) -> float:
    """The value of a quota in the account."""
    found = _find(service, code)
    return account.store(Grants, region).values.get((service, code), found.applied)


def vcpus(instance_type: str) -> int:
    """How many vCPUs a type has; none where it is unknown."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # a large table: read at first use

    about = INSTANCE_TYPES.get(instance_type, {})
    return int(about.get("VCpuInfo", {}).get("DefaultVCpus", 0))


def vcpu_shortage(account: Account, region: str, instance_type: str, *, spot: bool) -> AwsError | None:
    """EC2's error where one more instance of that type would exceed its quota."""
    code = quota_of_type(instance_type, spot=spot)
    if not code:
        return None
    limit = applied(account, region, "ec2", code)
    used = sum(
        vcpus(instance.instance_type)
        for instance in running(account, region)
        if quota_of_type(instance.instance_type, spot=instance.lifecycle == "spot") == code
    )
    if used + vcpus(instance_type) <= limit:
        return None
    if spot:
        return AwsError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
    return AwsError(
        "VcpuLimitExceeded",
        f"You have requested more vCPU capacity than your current vCPU limit of {limit:.0f} allows for the instance "
        "bucket that the specified instance type belongs to. Please visit "
        "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
    )


def running(account: Account, region: str) -> Iterator[Any]:
    """The instances that have not ended."""
    for reservation in account.ec2(region).reservations.values():
        for instance in reservation.instances:
            if instance.state not in ("terminated", "shutting-down"):
                yield instance


class QuotaOperations(Extension):
    """Service Quotas. Requests for more are granted at once."""

    service = "service-quotas"

    def list_services(self, call: Call, proceed: Proceed) -> Answer:
        """The services that have quotas here."""
        services = sorted({quota.service for quota in QUOTAS})
        return {"Services": [{"ServiceCode": code, "ServiceName": code} for code in services]}

    def list_service_quotas(self, call: Call, proceed: Proceed) -> Answer:
        """The quotas of a service as they hold in the account."""
        return self._list(call, lambda quota: self._applied(quota, call.region))

    def list_aws_default_service_quotas(self, call: Call, proceed: Proceed) -> Answer:
        """The quotas of a service as accounts get them."""
        return self._list(call, lambda quota: quota.default)

    def get_service_quota(self, call: Call, proceed: Proceed) -> Answer:
        """One quota as it holds in the account."""
        quota = _find(call["ServiceCode"], call["QuotaCode"])
        return {"Quota": self._shown(quota, self._applied(quota, call.region), call.region)}

    def get_aws_default_service_quota(self, call: Call, proceed: Proceed) -> Answer:
        """One quota as accounts get it."""
        quota = _find(call["ServiceCode"], call["QuotaCode"])
        return {"Quota": self._shown(quota, quota.default, call.region)}

    def request_service_quota_increase(self, call: Call, proceed: Proceed) -> Answer:
        """Ask for more, and get it."""
        quota = _find(call["ServiceCode"], call["QuotaCode"])
        wanted = float(call["DesiredValue"])
        if wanted <= self._applied(quota, call.region):
            raise AwsError(
                "IllegalArgumentException", "You must provide a quota value greater than the current quota value"
            )
        grants = self.account.store(Grants, call.region)
        grants.values[quota.service, quota.code] = wanted
        now = self.account.now()
        number = hexadecimal(32)
        request = {
            "Id": number,
            "ServiceCode": quota.service,
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "DesiredValue": wanted,
            "Status": "APPROVED",
            "Created": now,
            "LastUpdated": now,
        }
        grants.requests[number] = request
        return {"RequestedQuota": request}

    def list_requested_service_quota_change_history(self, call: Call, proceed: Proceed) -> Answer:
        """What was asked for."""
        return {"RequestedQuotas": list(self.account.store(Grants, call.region).requests.values())}

    def _list(self, call: Call, value: Callable[[Quota], float]) -> Answer:
        quotas = [quota for quota in QUOTAS if quota.service == call["ServiceCode"]]
        if not quotas:
            raise AwsError("NoSuchResourceException", f"Service {call['ServiceCode']} has no quotas here")
        found, token = page(quotas, call.get("MaxResults"), call.get("NextToken"))
        return {"Quotas": [self._shown(quota, value(quota), call.region) for quota in found], "NextToken": token}

    def _applied(self, quota: Quota, region: str) -> float:
        return applied(self.account, region, quota.service, quota.code)

    def _shown(self, quota: Quota, value: float, region: str) -> dict[str, Any]:
        return {
            "ServiceCode": quota.service,
            "ServiceName": quota.service,
            "QuotaArn": self.account.arn("servicequotas", f"{quota.service}/{quota.code}", region=region),
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "Value": value,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": quota.is_global,
        }


def _find(service: str, code: str) -> Quota:
    for quota in QUOTAS:
        if (quota.service, quota.code) == (service, code):
            return quota
    raise AwsError("NoSuchResourceException", f"There is no quota {code} of service {service}")
