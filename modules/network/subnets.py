"""A public and a private subnet in each zone."""

from __future__ import annotations

import msgspec

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope

from .address_plan import AddressPlan

# Where the AWS load balancer controller looks for subnets (EKS user guide, "Network requirements").
_PUBLIC_ROLE = {"kubernetes.io/role/elb": "1"}
_PRIVATE_ROLE = {"kubernetes.io/role/internal-elb": "1"}


class Subnets(msgspec.Struct, frozen=True):
    """The subnets by zone."""

    public: dict[str, Handle]
    private: dict[str, Handle]


def add_subnets(scope: Scope, vpc: Handle, plan: AddressPlan, *, public_addresses: bool) -> Subnets:
    """Add them; `public_addresses` says whether machines in public subnets get one by themselves."""

    def add(local_name: str, cidr: str, zone: str, more: Properties) -> Handle:
        where: Properties = {"vpcId": vpc.id, "cidrBlock": cidr, "availabilityZone": zone}
        return scope.add(local_name, "aws:ec2/subnet:Subnet", {**where, **more})

    public: Properties = {"mapPublicIpOnLaunch": public_addresses, "tags": _PUBLIC_ROLE}
    private: Properties = {"mapPublicIpOnLaunch": False, "tags": _PRIVATE_ROLE}
    return Subnets(
        {zone: add(f"public.{zone}.subnet", cidr, zone, public) for zone, cidr in plan.public.items()},
        {zone: add(f"private.{zone}.subnet", cidr, zone, private) for zone, cidr in plan.private.items()},
    )
