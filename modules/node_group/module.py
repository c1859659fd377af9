"""A group of nodes: machines of the same kind that grow and shrink together.

An EKS managed group with its own role and launch template; where EKS has no such group, a scaling group of our own; or,
where the stack chooses Karpenter, a node pool of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts, Wants, image_key
from mlinfra.core.value import Base64, Concat, Properties, Value
from mlinfra.library import Block, Check, Handle, Place, Scope, Wish
from mlinfra.library.karpenter import NAME, NODE_ROLE
from mlinfra.library.node_role import add_entry, add_profile, add_role
from mlinfra.library.outputs import Autoscaling, Cluster, Network, NodeGroup, ScalingGroup, Subnet

from .autoscaling import add_scaling_tags, own_tags
from .bootstrap import Part, parted, user_data
from .capacity import Capacity, capacity_problems
from .division import division_part
from .fabric import add_fabric_group, fabric_interfaces, fabric_problems
from .idle import say_what_is_idle
from .labels import Taint, label_problems, labels_of, taints_of, tolerated
from .launch_template import Volume, add_launch_template, plain_interface, volume_problems
from .machines import Machines, image_problems, machine_problems
from .node_pool import add_node_class, add_node_pool, is_pool, pool_problems, rooted_problems
from .own_group import add_scaling_group, distribution_of, on_demand_alone
from .placement import Placement, add_placement_group, placement_problems
from .sharing import Sharing, sharing_problems
from .sizes import size_problems
from .zones import chosen_subnets, reservation_problems, zone_problems

SECTION = Place("nodeGroups", many=True)
NEEDS = (Network, Cluster, Autoscaling)
USES = ("nvidia-device-plugin", "neuron-device-plugin", "aws-efa-device-plugin", "aws-node-termination-handler")
Outputs = NodeGroup


class Inputs(Block, frozen=True, kw_only=True):
    """A group of nodes."""

    instances: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$", examples=["m6i.large"])], ...],
        Meta(description="instance types, in order of preference", min_length=1, max_length=20),
    ]
    max: Annotated[int, Meta(description="most nodes at once; with a fallback, of each group", ge=0, le=450)]
    min: Annotated[int, Meta(description="fewest nodes; 0 lets an autoscaler take all away", ge=0, le=450)] = 1
    capacity: Annotated[Capacity, Meta(description="how the machines are bought")] = Capacity()
    priority: Annotated[int, Meta(description="which group an autoscaler grows first: the highest", ge=1, le=100)] = 50
    volume: Annotated[Volume, Meta(description="each node's disk")] = Volume()
    zones: Annotated[tuple[str, ...], Meta(description="the zones to use; empty: that of the reservation, or all")] = ()
    labels: Annotated[
        dict[str, str],
        Meta(description="Kubernetes labels, besides mlinfra/node-group, mlinfra/gpu and workload (the group's name)"),
    ] = {}
    taints: Annotated[tuple[Taint, ...], Meta(description="Kubernetes taints; that of GPU nodes comes by itself")] = ()
    efa: Annotated[bool, Meta(description="whether nodes get Elastic Fabric Adapters, for training")] = False
    sharing: Annotated[Sharing, Meta(description="how pods share GPUs")] = Sharing()
    placement: Annotated[
        Placement,
        Meta(description="how nodes lie to each other: near (cluster), apart (spread), in partitions"),
    ] = "any"


CHECKS = (
    Check(size_problems, ("min", "max")),
    Check(capacity_problems, ("capacity", "max")),
    Check(volume_problems, ("volume",)),
    Check(label_problems, ("labels", "taints")),
)


def wants(inputs: Inputs) -> Wants:
    """What must be known of its instance types, of their image where it is ours to choose, and of a reservation.

    Where the group names its zones, whether that of the reservation is among them is for the capacity checks to say.
    """
    names = frozenset(inputs.instances)
    reservations = frozenset({inputs.capacity.reservation} - {""}) if not inputs.zones else frozenset[str]()
    return Wants(names, images=names if inputs.capacity.is_ours else frozenset(), reservations=reservations)


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """What announces to Kubernetes what its machines have, and what empties those of a scaling group of our own."""
    types = [kind for name in inputs.instances if (kind := facts.instance_types.get(name))]
    accelerators = {kind.accelerator for kind in types}
    if "nvidia.com/gpu" in accelerators:
        yield Wish("nvidia-device-plugin", {"sharings": [inputs.sharing.name]} if inputs.sharing.name else {})
    if "aws.amazon.com/neuron" in accelerators:
        yield Wish("neuron-device-plugin", {"instances": sorted({kind.name for kind in types})})
    if inputs.efa:
        yield Wish("aws-efa-device-plugin")
    if inputs.capacity.is_ours:
        yield Wish("aws-node-termination-handler")


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the group."""
    scope.report(*machine_problems(inputs.instances, facts))
    scaler = next(iter(scope.every(Autoscaling)), None)
    pooling = scaler if scaler is not None and scaler.nodes == NAME else None
    pooled = pooling is not None and is_pool(scope.name, inputs.capacity, efa=inputs.efa)
    if pooled:
        scope.report(*pool_problems(scope, inputs.min, inputs.capacity, inputs.sharing, inputs.labels))
    elif pooling is not None:
        scope.report(*rooted_problems(inputs.min))
    network, cluster = scope.one(Network), scope.one(Cluster)
    reservation = inputs.capacity.reservation
    subnets = chosen_subnets(inputs.zones, reservation, network, facts)
    scope.settle(
        *zone_problems(inputs.zones, network, tunnel=cluster.through_nodes),
        *reservation_problems(inputs.zones, reservation, network, facts),
        *placement_problems(inputs.placement, inputs.max, subnets),
        *(fabric_problems(inputs.instances, subnets, network, facts) if inputs.efa else ()),
        *(image_problems(inputs.instances, cluster.node_version, facts) if inputs.capacity.is_ours or pooled else ()),
    )
    say_what_is_idle(scope, inputs.capacity, inputs.max, scaler, pooled=pooled)
    machines = Machines.of(inputs.instances, facts)
    scope.settle(*sharing_problems(inputs.sharing, machines))
    asked = _Group(scope, inputs, facts, network, cluster, machines, subnets)
    if pooled and pooling is not None:
        return _pool(asked, pooling)
    return _own(asked) if inputs.capacity.is_ours else _managed(asked)


class _Group(Struct, frozen=True):
    """All that both kinds of groups are made of."""

    scope: Scope
    inputs: Inputs
    facts: Facts
    network: Network
    cluster: Cluster
    machines: Machines
    subnets: list[Subnet]

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its nodes."""
        inputs = self.inputs
        more = {"sharing": inputs.sharing.name, "profile": inputs.sharing.profile}
        return labels_of(self.scope.name, self.machines, inputs.labels, efa=inputs.efa, **more)

    @property
    def offered(self) -> dict[str, int]:
        """What a node offers besides processors and memory, and how much: each GPU or part as often as it is shared."""
        machines, sharing = self.machines, self.inputs.sharing
        if machines.gpus:
            return {sharing.resource: machines.gpus * sharing.parts(machines) * sharing.replicas}
        return {machines.accelerator: machines.count} if machines.accelerator else {}

    @property
    def taints(self) -> list[dict[str, str]]:
        """The taints of its nodes, as EKS spells them."""
        return taints_of(self.machines, self.inputs.taints)

    @property
    def at_boot(self) -> tuple[Part, ...]:
        """What a machine does before it joins."""
        sharing = self.inputs.sharing
        return (division_part(sharing.profile, sharing.parts(self.machines)),) if sharing.profile else ()

    @property
    def after(self) -> tuple[Address, ...]:
        """What stands before a machine starts and goes after it has gone."""
        return (*self.network.routes, *self.cluster.before_nodes)

    @property
    def image(self) -> str:
        """The image of its machines, where it is ours to choose."""
        return self.facts.images[
            image_key(self.cluster.node_version, self.facts.instance_types[self.inputs.instances[0]])
        ]

    def outputs(self, group: Handle, name: Value, role: Handle, scaling: tuple[ScalingGroup, ...]) -> Outputs:
        """What others may know of the group; without a scaling group it is a node pool."""
        fewest = self.inputs.min if scaling else 0
        return NodeGroup(
            name=name,
            arn=group.arn if scaling else None,
            role_arn=role.arn,
            scaling_group=scaling[0].name if scaling else None,
            address=group.address,
            scaling_groups=scaling,
            labels=self.labels,
            hosts_anything=not self.taints and fewest > 0,
            minimum=fewest,
            managed=bool(scaling) and not self.inputs.capacity.is_ours,
            pool=not scaling,
            gpus=self.machines.gpus * self.inputs.sharing.parts(self.machines),
            gpu_resource=self.inputs.sharing.resource,
            taints=tolerated(self.taints),
            priority=self.inputs.priority,
        )


def _managed(asked: _Group) -> Outputs:
    """A node group of EKS."""
    scope, inputs, taints = asked.scope, asked.inputs, asked.taints
    role, attachments = add_role(scope, asked.facts, tunnel=asked.cluster.through_nodes)
    template = _template(asked, {"userData": Base64(parted(*asked.at_boot))} if asked.at_boot else {})
    properties: Properties = {
        "clusterName": asked.cluster.name,
        "nodeRoleArn": role.arn,
        "subnetIds": [subnet.id for subnet in asked.subnets],
        "version": asked.cluster.node_version,
        "amiType": asked.machines.image,
        "capacityType": inputs.capacity.eks_type,
        "instanceTypes": list(inputs.instances),
        "launchTemplate": {"id": template.id, "version": Concat((template["latestVersion"],))},
        "scalingConfig": {"minSize": inputs.min, "maxSize": max(inputs.max, 1), "desiredSize": inputs.min},
        "updateConfig": {"maxUnavailablePercentage": 33},
        "labels": asked.labels,
        **({"taints": taints} if taints else {}),
    }
    group = scope.add("", "aws:eks/nodeGroup:NodeGroup", properties, depends_on=[*attachments, *asked.after])
    scaling_group = group["resources", 0, "autoscalingGroups", 0, "name"]
    if inputs.min == 0:
        add_scaling_tags(scope, scaling_group, asked.offered, asked.labels, taints)
    return asked.outputs(group, group["nodeGroupName"], role, (ScalingGroup(scaling_group, inputs.priority),))


def _own(asked: _Group) -> Outputs:
    """A scaling group, and where that is asked for a second one that an autoscaler turns to when the first has none."""
    scope, inputs, facts = asked.scope, asked.inputs, asked.facts
    # A role of its own: of one that a node group of EKS has had, EKS keeps the access entry.
    role, attachments = add_role(scope, facts, "machine-role", tunnel=asked.cluster.through_nodes)
    own: Properties = {
        "imageId": asked.image,
        "iamInstanceProfile": {"arn": add_profile(scope, role).arn},
        "userData": user_data(asked.cluster, asked.labels, asked.taints, *asked.at_boot),
    }
    template = _template(asked, own)
    after: tuple[Handle | Address, ...] = (*attachments, add_entry(scope, asked.cluster, role), *asked.after)
    tags = own_tags(scope.stack, scope.name, asked.offered, asked.labels, asked.taints)
    where = [subnet.id for subnet in asked.subnets]
    most = max(inputs.max, 1)

    def add(local_name: str, distribution: Properties, fewest: int) -> Handle:
        sizes = (fewest, most)
        return add_scaling_group(scope, local_name, template, distribution, inputs.instances, where, sizes, tags, after)

    group = add("scaling-group", distribution_of(inputs.capacity), inputs.min)
    scaling = [ScalingGroup(group["name"], inputs.priority)]
    if inputs.capacity.fallback == "on-demand":
        scaling.append(ScalingGroup(add("fallback", on_demand_alone(), 0)["name"], inputs.priority - 1))
    return asked.outputs(group, group["name"], role, tuple(scaling))


def _pool(asked: _Group, autoscaling: Autoscaling) -> Outputs:
    """A node pool of Karpenter, and the class of its machines."""
    scope, inputs, subnets = asked.scope, asked.inputs, asked.subnets
    placement = add_placement_group(scope, inputs.placement)
    data = parted(*asked.at_boot) if asked.at_boot else None
    node_class = add_node_class(
        scope, inputs.volume, asked.image, asked.cluster, asked.network, subnets, placement, data
    )
    pool = add_node_pool(
        scope,
        inputs.instances,
        inputs.capacity,
        [subnet.zone for subnet in subnets],
        inputs.max,
        inputs.priority,
        asked.labels,
        tolerated(asked.taints),
        autoscaling,
        node_class,
    )
    return asked.outputs(pool, scope.name, NODE_ROLE, ())


def _template(asked: _Group, own: Properties) -> Handle:
    interfaces = _interfaces(asked)
    placement = add_placement_group(asked.scope, asked.inputs.placement)
    return add_launch_template(asked.scope, asked.inputs.volume, asked.inputs.capacity, interfaces, placement, own)


def _interfaces(asked: _Group) -> list[Properties]:
    if not asked.inputs.efa:
        return [plain_interface(asked.cluster, public=asked.network.nodes_public)]
    group = add_fabric_group(asked.scope, asked.network)
    return fabric_interfaces(asked.machines.adapters, [asked.cluster.security_group_id, group.id])
