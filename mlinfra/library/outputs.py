"""What modules tell each other: the well-known outputs.

A module produces one by taking it as its `Outputs`, or as the base of it, and asks for one by its type: so a user's
own module stands in for a bundled one wherever it produces the same. Fields with a description are outputs that
stack files may name; those without one are between modules.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from mlinfra.core.address import Address
from mlinfra.core.gpu_parts import GPU
from mlinfra.core.value import Properties, Value


class Subnet(Struct, frozen=True):
    """A subnet: its identifier, and its zone, empty where that is not known."""

    id: Value
    zone: str = ""


class Network(Struct, frozen=True, kw_only=True, rename="camel"):
    """A network.

    subnets: where nodes and the cluster's own interfaces live.
    nodes_public: whether nodes get public addresses.
    way_out: whether nodes reach the internet, directly or through NAT.
    endpoints: the services reached without a way out (`s3`, `ecr.api`).
    routes: what must stand before a node starts and go after it has gone.
    """

    vpc_id: Annotated[Value, Meta(description="identifier of the VPC")]
    cidr: Annotated[Value, Meta(description="address range of the VPC; empty for one that is only used")] = ""
    subnet_ids: Annotated[Value, Meta(description="subnets of the nodes")] = ()
    private_subnet_ids: Annotated[Value, Meta(description="private subnets")] = ()
    public_subnet_ids: Annotated[Value, Meta(description="public subnets")] = ()
    zones: Annotated[Value, Meta(description="names of the zones in use")] = ()
    subnets: tuple[Subnet, ...] = ()
    nodes_public: bool = False
    way_out: bool = True
    endpoints: tuple[str, ...] = ()
    routes: tuple[Address, ...] = ()


class Cluster(Struct, frozen=True, kw_only=True, rename="camel"):
    """A Kubernetes cluster on EKS.

    identity: of the connections into it.
    reach: how apply gets to its API: `direct`, `proxy` or `ssm`; empty where that has not been said.
    through_nodes: whether apply's way to it leads through one of its nodes.
    service_cidr: the range of its services' addresses.
    node_version: the Kubernetes version that nodes follow.
    before_nodes: what must stand before a node can become ready.
    addons: the names of those EKS add-ons that the stack itself asks for.
    """

    name: Annotated[Value, Meta(description="name of the cluster")]
    arn: Annotated[Value, Meta(description="ARN of the cluster")]
    endpoint: Annotated[Value, Meta(description="URL of the Kubernetes API")]
    certificate_authority: Annotated[Value, Meta(description="certificate authority of the API, base64")]
    version: Annotated[Value, Meta(description="Kubernetes version")]
    security_group_id: Annotated[Value, Meta(description="security group that EKS gives control plane and nodes")]
    role_arn: Annotated[Value, Meta(description="role of the control plane")]
    oidc_issuer: Annotated[Value, Meta(description="URL of the cluster's OIDC issuer")] = None
    oidc_provider_arn: Annotated[Value, Meta(description="ARN of the IAM identity provider for it")] = None
    identity: Value = None
    reach: str = ""
    through_nodes: bool = False
    service_cidr: Value = None
    node_version: str = ""
    before_nodes: tuple[Address, ...] = ()
    addons: tuple[str, ...] = ()


class ScalingGroup(Struct, frozen=True):
    """A scaling group, and how early an autoscaler grows it: the highest priority first."""

    name: Value
    priority: int


class NodeGroup(Struct, frozen=True, kw_only=True, rename="camel"):
    """A group of nodes.

    address: what stands once the group has nodes.
    scaling_groups: all scaling groups behind it: the one above, and where there is one, that of a fallback.
    minimum: how many nodes there are at least. managed: whether EKS looks after them, and empties those that go.
    pool: whether Karpenter makes them, and no scaling group is behind it.
    hosts_anything: whether there is always a node that takes pods without a toleration.
    labels, gpus: what workloads are placed by; `gpus` counts those of the first instance type, parts as GPUs.
    gpu_resource: what pods ask for to have one of them.
    taints: what keeps pods away that do not tolerate it, as Kubernetes spells it.
    priority: which group an autoscaler grows first, the highest.
    """

    name: Annotated[Value, Meta(description="name of the node group")]
    arn: Annotated[Value, Meta(description="ARN of the node group; a pool has none")] = None
    role_arn: Annotated[Value, Meta(description="role of the nodes")]
    scaling_group: Annotated[Value, Meta(description="name of the scaling group behind it; a pool has none")] = None
    address: Address
    scaling_groups: tuple[ScalingGroup, ...] = ()
    labels: dict[str, str] = {}
    hosts_anything: bool = True
    minimum: int = 0
    managed: bool = True
    pool: bool = False
    gpus: int = 0
    gpu_resource: str = GPU
    taints: tuple[dict[str, str], ...] = ()
    priority: int = 50

    @property
    def key(self) -> str:
        """What the stack file calls it, and its nodes' label says: `gpu` of `nodeGroups.gpu`."""
        return self.address.parts[1]


class Registry(Struct, frozen=True, kw_only=True, rename="camel"):
    """A registry of images: a repository, or the mirrors of others under one prefix."""

    url: Annotated[Value, Meta(description="what images are called by, without a tag")]
    arn: Annotated[Value, Meta(description="ARN of the repository; a mirror has none")] = None
    name: Annotated[Value, Meta(description="name of the repository, or prefix of the mirrors")] = None


class TargetGroup(Struct, frozen=True):
    """Addresses that a load balancer sends to: its ARN, and what metrics call it by."""

    arn: Value
    arn_suffix: Value


class Door(Struct, frozen=True):
    """The gateway within the cluster, behind a load balancer.

    name: of its namespace, and how routes call it: the gateway of Istio in it, or the class of ingresses.
    pods: their label `app.kubernetes.io/name`. address: what stands once it takes routes.
    tls: whether it ends TLS itself.
    """

    name: str
    pods: str
    address: Address
    tls: bool = False
    port: int = 80


class Exposure(Struct, frozen=True, kw_only=True):
    """Requests that a load balancer without a gateway is to send to pods itself.

    balancer: its address. name: whose they are, and which; unlike that of any other. host, paths: which requests,
    paths as regular expressions; none for every path. targets: target groups, and how many of a hundred each gets.
    port: on which the pods listen. sign_in: how it asks who somebody is before (`authenticateOidc` of a rule's action);
    tokens: how it judges the token that a request brings (`jwtValidation`), of requests that bring one; `None`: it does
    not. turn: of several that one request may be meant by, which is asked first; 0 where there are no others.
    """

    balancer: Address
    name: str
    host: str
    paths: tuple[str, ...]
    targets: tuple[tuple[Value, int], ...]
    port: int
    sign_in: Properties | None = None
    tokens: Properties | None = None
    turn: int = 0


class LoadBalancer(Struct, frozen=True, kw_only=True, rename="camel"):
    """An entrance to the cluster.

    address: of the load balancer itself.
    type, gateway, domain: as chosen in the stack.
    target_groups: what the gateway's pods are to be registered with, by the name of their port (`http`, `https`);
        none where each service brings its own.
    arn_suffix: what metrics call it by.
    door: its gateway within the cluster; `None` where it is its own (`gateway` is then `alb`).
    vpc_id: of the network that it stands in.
    tls: whether what comes to it is encrypted, wherever that ends. certified: whether by a certificate of the user's.
    everybody: whether any address of the internet may use it.
    """

    dns_name: Annotated[Value, Meta(description="DNS name of the load balancer")]
    zone_id: Annotated[Value, Meta(description="hosted zone of that name, for an alias record")] = None
    arn: Annotated[Value, Meta(description="ARN of the load balancer")]
    security_group_id: Annotated[Value, Meta(description="its security group")] = None
    listener_arn: Annotated[Value, Meta(description="ARN of the listener that takes requests")] = None
    address: Address
    type: str = "network"
    gateway: str = ""
    domain: str = ""
    target_groups: dict[str, TargetGroup] = {}
    arn_suffix: Value = None
    door: Door | None = None
    tls: bool = False
    certified: bool = False
    everybody: bool = False
    vpc_id: Value = None

    @property
    def takes_routes(self) -> bool:
        """Whether services can be reached through it by a name of their own."""
        return self.door is not None or self.gateway == "alb"


class Monitoring(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is measured and kept.

    told: ARNs of all topics that alerts go to, the stack's own included.
    logs: where logs go: `cloudwatch`, `loki` or `none`.
    log_groups: names of the log groups by what they hold (`application`, `host`, `dataplane`).
    dashboards: whether there is Grafana to show some.
    """

    alerts_topic_arn: Annotated[Value, Meta(description="ARN of the stack's own topic for alerts, if it has one")] = (
        None
    )
    prometheus_endpoint: Annotated[Value, Meta(description="URL of the Amazon Managed Prometheus workspace")] = None
    told: tuple[Value, ...] = ()
    logs: str = "none"
    log_groups: dict[str, Value] = {}
    dashboards: bool = False


class Autoscaling(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who makes nodes and pods more or fewer; `none` where nobody does.

    consolidate: whether Karpenter moves pods together. disruption_budget: how many nodes it may disturb at once.
    """

    nodes: str = "none"
    pods: str = "none"
    consolidate: bool = True
    disruption_budget: str = "10%"


class Component(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that is there once for all that want it; address: what stands once it runs."""

    address: Address


class ModelServing(Component, frozen=True, kw_only=True, rename="camel"):
    """Where models that are services live, and the images of what serves and fetches them."""

    namespace: str
    triton_image: str
    fetch_image: str


class Service(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something on the cluster that people or programs talk to.

    exposed: what load balancers that are their own gateways are to send to it.
    ingresses: the gateway of Istio that is to take the ingresses that it makes by itself; empty where there is none.
    """

    exposed: tuple[Exposure, ...] = ()
    ingresses: str = ""
    url: Annotated[Value, Meta(description="where it answers")]
