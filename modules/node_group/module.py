"""A group of nodes: machines of the same kind that grow and shrink together.

An EKS managed group with its own role and launch template.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.value import Concat, Properties
from mlinfra.library import Block, Handle, Place, Scope
from mlinfra.library.outputs import Cluster, Network, NodeGroup

from .autoscaling import add_scaling_tags
from .capacity import Capacity, capacity_problems
from .fabric import add_fabric_group, fabric_interfaces, fabric_problems
from .labels import Taint, label_problems, labels_of, taints_of, tolerated
from .launch_template import Volume, add_launch_template, plain_interface, volume_problems
from .machines import Machines, machine_problems
from .placement import Placement, add_placement_group, placement_problems
from .role import add_role
from .sizes import size_problems
from .zones import chosen_subnets, zone_problems

SECTION = Place("nodeGroups", many=True)
NEEDS = (Network, Cluster)
Outputs = NodeGroup


class Inputs(Block, frozen=True, kw_only=True):
    """A group of nodes."""

    instances: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")], ...],
        Meta(description="instance types, in order of preference", min_length=1, max_length=20),
    ]
    max: Annotated[int, Meta(description="most nodes at once", ge=0, le=450)]
    min: Annotated[int, Meta(description="fewest nodes; 0 lets an autoscaler take all away", ge=0, le=450)] = 1
    capacity: Annotated[Capacity, Meta(description="how the machines are bought")] = Capacity()
    priority: Annotated[int, Meta(description="which group an autoscaler grows first: the highest", ge=1, le=100)] = 50
    volume: Annotated[Volume, Meta(description="each node's disk")] = Volume()
    zones: Annotated[tuple[str, ...], Meta(description="the zones to use; empty: all of the network's")] = ()
    labels: Annotated[
        dict[str, str],
        Meta(description="Kubernetes labels, besides mlinfra/node-group, mlinfra/gpu and workload (the group's name)"),
    ] = {}
    taints: Annotated[tuple[Taint, ...], Meta(description="Kubernetes taints; that of GPU nodes comes by itself")] = ()
    efa: Annotated[bool, Meta(description="whether nodes get Elastic Fabric Adapters, for training")] = False
    placement: Annotated[
        Placement,
        Meta(description="how nodes lie to each other: near (cluster), apart (spread), in partitions"),
    ] = "any"


def wants(inputs: Inputs) -> Wants:
    """What must be known of its instance types."""
    return Wants(frozenset(inputs.instances))


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the group."""
    network, cluster = scope.one(Network), scope.one(Cluster)
    subnets = chosen_subnets(inputs.zones, network)
    problems = [
        *machine_problems(inputs.instances, facts),
        *size_problems(inputs.min, inputs.max),
        *capacity_problems(inputs.capacity),
        *volume_problems(inputs.volume),
        *zone_problems(inputs.zones, network),
        *label_problems(inputs.labels, inputs.taints),
        *placement_problems(inputs.placement, inputs.max, subnets),
        *(fabric_problems(inputs.instances, subnets, network, facts) if inputs.efa else ()),
    ]
    if problems:
        scope.refuse(*problems)
    machines = Machines.of(inputs.instances, facts)
    role, attachments = add_role(scope, facts)
    interfaces = _interfaces(scope, inputs, network, cluster, machines)
    placement = add_placement_group(scope, inputs.placement)
    template = add_launch_template(scope, inputs.volume, inputs.capacity, interfaces, placement)
    labels = labels_of(scope.name, machines, inputs.labels)
    taints = taints_of(machines, inputs.taints)
    properties: Properties = {
        "clusterName": cluster.name,
        "nodeRoleArn": role.arn,
        "subnetIds": [subnet.id for subnet in subnets],
        "version": cluster.node_version,
        "amiType": machines.image,
        "capacityType": inputs.capacity.eks_type,
        "instanceTypes": list(inputs.instances),
        "launchTemplate": {"id": template.id, "version": Concat((template["latestVersion"],))},
        "scalingConfig": {"minSize": inputs.min, "maxSize": max(inputs.max, 1), "desiredSize": inputs.min},
        "updateConfig": {"maxUnavailablePercentage": 33},
        "labels": labels,
        **({"taints": taints} if taints else {}),
    }
    after: tuple[Handle | Address, ...] = (*attachments, *network.routes, *cluster.before_nodes)
    group = scope.add("", "aws:eks/nodeGroup:NodeGroup", properties, depends_on=after)
    scaling_group = group["resources", 0, "autoscalingGroups", 0, "name"]
    if inputs.min == 0:
        add_scaling_tags(scope, scaling_group, machines, labels, taints)
    return NodeGroup(
        name=group["nodeGroupName"],
        arn=group.arn,
        role_arn=role.arn,
        scaling_group=scaling_group,
        address=group.address,
        labels=labels,
        hosts_anything=not taints and inputs.min > 0,
        gpus=machines.gpus,
        taints=tolerated(taints),
        priority=inputs.priority,
    )


def _interfaces(
    scope: Scope, inputs: Inputs, network: Network, cluster: Cluster, machines: Machines
) -> list[Properties]:
    if not inputs.efa:
        return [plain_interface(cluster, public=network.nodes_public)]
    group = add_fabric_group(scope, network)
    return fabric_interfaces(machines.adapters, [cluster.security_group_id, group.id])
