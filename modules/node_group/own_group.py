"""Scaling groups of our own: for what EKS's node groups do not offer, spot machines beside others and a price for them.

Their nodes join by an access entry of the kind EC2_LINUX, which lets a role's machines in and no one else.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.core.address import Address
from mlinfra.core.value import Concat, Properties, Value
from mlinfra.library import Handle, Scope

from .capacity import Capacity

# What EKS gives the scaling groups of its own node groups: the autoscaler, and not a wish for balance between zones,
# decides which machine goes.
_TERMINATION = ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"]
_SUSPENDED = ["AZRebalance"]
# As EKS rolls its own groups: a new machine is there, and had time to join, before an old one goes; what fails is
# undone. What is already as it should be, stays.
_REFRESH = {
    "strategy": "Rolling",
    "preferences": {
        "minHealthyPercentage": 100,
        "maxHealthyPercentage": 110,
        "instanceWarmup": "180",
        "autoRollback": True,
        "skipMatching": True,
    },
}


def add_scaling_group(
    scope: Scope,
    local_name: str,
    template: Handle,
    distribution: Properties,
    instances: Iterable[str],
    subnets: Iterable[Value],
    sizes: tuple[int, int],
    tags: list[Properties],
    after: Iterable[Handle | Address],
) -> Handle:
    """Add one; `sizes` are the fewest machines, which it begins with, and the most."""
    fewest, most = sizes
    specification = {"launchTemplateId": template.id, "version": Concat((template["latestVersion"],))}
    properties: Properties = {
        "minSize": fewest,
        "maxSize": most,
        "desiredCapacity": fewest,
        "vpcZoneIdentifiers": list(subnets),
        "mixedInstancesPolicy": {
            "launchTemplate": {
                "launchTemplateSpecification": specification,
                "overrides": [{"instanceType": name} for name in instances],
            },
            "instancesDistribution": distribution,
        },
        # A spot machine that is about to be taken is replaced before it is.
        "capacityRebalance": distribution["onDemandPercentageAboveBaseCapacity"] < 100,
        "instanceRefresh": _REFRESH,
        "terminationPolicies": _TERMINATION,
        "suspendedProcesses": _SUSPENDED,
        "tags": tags,
    }
    return scope.add(local_name, "aws:autoscaling/group:Group", properties, depends_on=after)


def distribution_of(capacity: Capacity) -> Properties:
    """How many machines are bought how; of spot machines those least likely to be taken, in the order of preference."""
    mixed = capacity.type == "mixed"
    return {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": capacity.on_demand_base if mixed else 0,
        "onDemandPercentageAboveBaseCapacity": capacity.on_demand_percent if mixed else 0,
        "spotAllocationStrategy": "capacity-optimized-prioritized",
        **({"spotMaxPrice": f"{capacity.max_price:g}"} if capacity.max_price else {}),
    }


def on_demand_alone() -> Properties:
    """What a fallback is bought by."""
    return {
        "onDemandAllocationStrategy": "prioritized",
        "onDemandBaseCapacity": 0,
        "onDemandPercentageAboveBaseCapacity": 100,
        "spotAllocationStrategy": "capacity-optimized-prioritized",
    }
