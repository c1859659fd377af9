"""Node groups as resources: a launch template and the group that uses it, as modules make them."""

from __future__ import annotations

from typing import Any

from mlinfra.core.address import Address
from mlinfra.core.resource import Connection, Graph, Resource
from mlinfra.core.value import Properties, Ref

AWS = Connection("aws", "123456789012/us-east-1")
GROUP, TEMPLATE = Address("nodeGroups.gpu"), Address("nodeGroups.gpu.launch-template")


def resource(address: str, type: str, properties: Properties) -> Resource:
    return Resource(Address(address), type, properties, AWS)


def node_group(
    types: list[str],
    sizes: tuple[int, int, int],
    *,
    disk: dict[str, Any] | None = None,
    spot: bool = False,
    reservation: str = "",
    public: bool = False,
) -> Graph:
    """sizes: fewest, desired, most."""
    template: Properties = {
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3", **(disk or {})}}
        ],
        "networkInterfaces": [{"deviceIndex": 0, "associatePublicIpAddress": "true" if public else "false"}],
    }
    if reservation:
        target = {"capacityReservationId": reservation}
        template["capacityReservationSpecification"] = {"capacityReservationTarget": target}
    group: Properties = {
        "clusterName": "demo",
        "instanceTypes": types,
        "capacityType": "SPOT" if spot else "ON_DEMAND",
        "scalingConfig": {"minSize": sizes[0], "desiredSize": sizes[1], "maxSize": sizes[2]},
        "launchTemplate": {"id": Ref(TEMPLATE), "version": "1"},
    }
    return Graph.of(
        [
            Resource(TEMPLATE, "aws:ec2/launchTemplate:LaunchTemplate", template, AWS),
            Resource(GROUP, "aws:eks/nodeGroup:NodeGroup", group, AWS),
        ]
    )


def mixed_group(types: list[str], sizes: tuple[int, int, int], distribution: Properties) -> Graph:
    """A scaling group with a mixed policy and volumes of 100 GiB gp3."""
    template: Properties = {"blockDeviceMappings": [{"ebs": {"volumeSize": 100, "volumeType": "gp3"}}]}
    policy = {
        "instancesDistribution": distribution,
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": Ref(TEMPLATE)},
            "overrides": [{"instanceType": name} for name in types],
        },
    }
    group: Properties = {
        "minSize": sizes[0],
        "desiredCapacity": sizes[1],
        "maxSize": sizes[2],
        "mixedInstancesPolicy": policy,
    }
    return Graph.of(
        [
            Resource(TEMPLATE, "aws:ec2/launchTemplate:LaunchTemplate", template, AWS),
            Resource(GROUP, "aws:autoscaling/group:Group", group, AWS),
        ]
    )
