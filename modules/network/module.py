"""The network that the cluster lives in: a new one, or one that exists and is only used.

Public and private subnets in each zone, a way out, endpoints of AWS services, flow logs.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Place, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.forms import Cidr
from mlinfra.library.outputs import Component, Network, Subnet

from .address_plan import AddressPlan, zone_problems
from .endpoints import add_endpoints
from .flow_logs import add_flow_logs
from .routing import add_routing
from .subnets import add_subnets

SECTION = Place("network")
Outputs = Network

_DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"


class Use(Block, frozen=True, kw_only=True):
    """A network that exists: read, never owned, never destroyed."""

    vpc_id: Annotated[str, Meta(description="the VPC", pattern=r"^vpc-[0-9a-f]+$", examples=["vpc-0123456789abcdef0"])]
    subnet_ids: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^subnet-[0-9a-f]+$", examples=["subnet-0123456789abcdef0"])], ...],
        Meta(description="the subnets of nodes and control plane, in two zones or more", min_length=1),
    ]
    public_subnet_ids: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^subnet-[0-9a-f]+$", examples=["subnet-0123456789abcdef0"])], ...],
        Meta(description="the subnets of load balancers that face the internet"),
    ] = ()


class Inputs(Block, frozen=True, kw_only=True):
    """The network that everything lives in."""

    cidr: Annotated[Cidr, Meta(description="the address range, /16 to /23; each zone gets an eighth of it")] = (
        "10.0.0.0/16"
    )
    zones: Annotated[
        Annotated[int, Meta(ge=1, le=6)] | Annotated[tuple[str, ...], Meta(min_length=1, max_length=6)],
        Meta(description="how many availability zones, or their names"),
    ] = 3
    node_subnets: Annotated[
        Literal["private", "public"], Meta(description="where nodes live; in public subnets they get public addresses")
    ] = "private"
    nat: Annotated[
        Literal["none", "single", "per-zone"],
        Meta(description="how private subnets reach out; per-zone survives the loss of a zone, single is cheaper"),
    ] = "per-zone"
    vpc_endpoints: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*([.-][a-z0-9]+)*$", examples=["s3", "ecr.api"])], ...],
        Meta(description="services reached without leaving the network; s3 and dynamodb cost nothing"),
    ] = ("s3",)
    flow_logs: Annotated[bool, Meta(description="whether all traffic is logged to CloudWatch, for 30 days")] = True
    use: Annotated[Use | None, Meta(description="a network that exists; leave out all other fields then")] = None


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the network, or only say what is there."""
    if inputs.use is not None:
        return _used(scope, inputs, inputs.use)
    if problems := [*zone_problems(inputs.cidr, inputs.zones, facts), *_endpoint_problems(inputs)]:
        scope.refuse(*problems)
    plan = AddressPlan.of(inputs.cidr, inputs.zones, facts)
    vpc = scope.add(
        "vpc",
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": inputs.cidr, "enableDnsSupport": True, "enableDnsHostnames": True},
    )
    # Whoever is made without a security group gets this one: it lets nothing through.
    scope.add("vpc.default-security-group", _DEFAULT_GROUP, {"vpcId": vpc.id, "ingress": [], "egress": []})
    in_public = inputs.node_subnets == "public"
    subnets = add_subnets(scope, vpc, plan, public_addresses=in_public)
    routing = add_routing(scope, vpc, subnets, inputs.nat)
    endpoints = add_endpoints(scope, vpc, subnets, routing.private_tables, inputs.vpc_endpoints, inputs.cidr, facts)
    if inputs.flow_logs:
        add_flow_logs(scope, vpc, facts)
    chosen = subnets.public if in_public else subnets.private
    return Network(
        vpc_id=vpc.id,
        cidr=inputs.cidr,
        subnet_ids=tuple(subnet.id for subnet in chosen.values()),
        private_subnet_ids=tuple(subnet.id for subnet in subnets.private.values()),
        public_subnet_ids=tuple(subnet.id for subnet in subnets.public.values()),
        zones=plan.zones,
        subnets=tuple(Subnet(subnet.id, zone) for zone, subnet in chosen.items()),
        nodes_public=in_public,
        way_out=in_public or inputs.nat != "none",
        endpoints=inputs.vpc_endpoints,
        routes=(*(routing.public_routes if in_public else routing.private_routes), *endpoints),
    )


# Of the images of all that is installed, only those of EKS's own add-ons come from the region's ECR.
_FROM_EKS = "aws-ebs-csi-driver"


def finish(scope: Scope, inputs: Inputs, facts: Facts, outputs: Outputs) -> None:
    """Say what would wait for its images: endpoints of AWS lead to no registry but ECR, and only in the region."""
    if outputs.way_out:
        return
    installed = sorted({one.address.parts[1] for one in scope.every(Component)} - {_FROM_EKS})
    if installed:
        summary = "nodes have no way out, and the images of what runs on them are in registries of others"
        detail = f"needed by {', '.join(installed)}"
        hint = "set nat to single, unless the stack's own resources lead nodes out or nodes have a mirror of these"
        scope.note(Problem(Code.IMAGES_OUT_OF_REACH, summary, ("nat",), detail=detail, hint=hint))


def _used(scope: Scope, inputs: Inputs, use: Use) -> Network:
    """A network of others. Nothing is known of its ways out: its owner sees to them."""
    if inputs != Inputs(use=use):
        hint = "take the other fields of the network out: they describe a new one"
        scope.refuse(
            Problem(
                Code.NETWORK_USED_AND_CHANGED,
                "network.use names a network that exists: it is not changed",
                hint=hint,
            )
        )
    return Network(
        vpc_id=use.vpc_id,
        subnet_ids=use.subnet_ids,
        private_subnet_ids=use.subnet_ids,
        public_subnet_ids=use.public_subnet_ids,
        subnets=tuple(Subnet(subnet) for subnet in use.subnet_ids),
    )


def _endpoint_problems(inputs: Inputs) -> list[Problem]:
    return [
        Problem(Code.ENDPOINT_TWICE, f"the endpoint {name} is named twice", at=("vpcEndpoints", index))
        for index, name in enumerate(inputs.vpc_endpoints)
        if name in inputs.vpc_endpoints[:index]
    ]
