"""A Kubernetes cluster on EKS.

The control plane with its role, key and log group; who may use it; add-ons; the identity provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core import connections
from mlinfra.core.facts import Facts, Wants
from mlinfra.core.value import Json
from mlinfra.library import Block, Check, Handle, Place, Problem, Scope, Wish
from mlinfra.library.codes import Code
from mlinfra.library.forms import Cidr
from mlinfra.library.outputs import Cluster, Network, NodeGroup

from .access import Access, access_problems, add_access
from .addons import (
    Addon,
    add_early_addons,
    add_late_addons,
    addon_problems,
    late_addons,
    versions_of,
    wanted_addons,
)

SECTION = Place("cluster")
NEEDS = (Network,)
USES = ("aws-ebs-csi-driver", "aws-efs-csi-driver", "aws-fsx-csi-driver")
Outputs = Cluster

_SERVICE = "eks.amazonaws.com"


class Endpoint(Block, frozen=True, kw_only=True):
    """Who can reach the Kubernetes API, and how `apply` does."""

    private: Annotated[bool, Meta(description="whether it is reached from within the network")] = True
    public: Annotated[bool, Meta(description="whether it is reached from the internet")] = False
    allowed_cidrs: Annotated[
        tuple[Cidr, ...],
        Meta(description="who reaches it from the internet; needed with `public`"),
    ] = ()
    reach: Annotated[
        Literal["direct", "proxy", "ssm"] | None,
        Meta(
            description="how apply gets there: by itself, through a proxy, or by a Session Manager tunnel; must be "
            "said of an API that is private before anything can be made within the cluster"
        ),
    ] = None
    proxy: Annotated[
        str,
        Meta(
            description="URL of the proxy, with `reach: proxy`; empty: that of HTTPS_PROXY, where one with a password "
            "belongs",
            pattern=r"^((https?|socks5h?)://[A-Za-z0-9.:\[\]-]+/?)?$",
            examples=["http://proxy.acme.example:3128"],
        ),
    ] = ""
    bastion: Annotated[
        str,
        Meta(
            description="machine that the tunnel leads through, with `reach: ssm`; empty: the first node that answers "
            "Session Manager, which nodes then may",
            pattern=r"^(m?i-[0-9a-f]+)?$",
            examples=["i-0123456789abcdef0"],
        ),
    ] = ""


class Inputs(Block, frozen=True, kw_only=True):
    """The Kubernetes cluster."""

    version: Annotated[
        str,
        Meta(
            description="Kubernetes version; empty: the newest that EKS offers",
            pattern=r"^(1\.[0-9]{2})?$",
            examples=["1.34"],
        ),
    ] = ""
    endpoint: Annotated[Endpoint, Meta(description="who can reach the Kubernetes API")] = Endpoint()
    secrets_encryption: Annotated[
        bool, Meta(description="whether Kubernetes secrets are encrypted with a key of the stack's own")
    ] = True
    logs: Annotated[
        tuple[Literal["api", "audit", "authenticator", "controllerManager", "scheduler"], ...],
        Meta(description="the control plane's logs that go to CloudWatch"),
    ] = ("api", "audit", "authenticator", "controllerManager", "scheduler")
    log_retention_days: Annotated[
        Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653],
        Meta(description="how long those logs are kept, in days"),
    ] = 90
    access: Annotated[tuple[Access, ...], Meta(description="who may use the cluster, besides whoever creates it")] = ()
    volumes: Annotated[
        tuple[Literal["ebs", "efs", "fsx"], ...],
        Meta(description="what pods may claim volumes of: disks (ebs), shared file systems (efs), Lustre (fsx)"),
    ] = ()
    addons: Annotated[
        dict[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", examples=["vpc-cni"])], Addon],
        Meta(
            description="EKS add-ons; vpc-cni, kube-proxy, coredns and eks-pod-identity-agent come by themselves, "
            "and are named here only to be pinned or configured"
        ),
    ] = {}


def _endpoint_problems(endpoint: Endpoint) -> list[Problem]:
    """Ways to the API that nobody, or everybody, could take."""

    def problem(summary: str, hint: str, field: str = "allowedCidrs") -> list[Problem]:
        return [Problem(Code.CLUSTER_ENDPOINT, summary, at=("endpoint", field), hint=hint)]

    for field, reach in (("proxy", "proxy"), ("bastion", "ssm")):
        if getattr(endpoint, field) and endpoint.reach != reach:
            hint = f"set endpoint.reach to {reach}, or take the {field} out"
            return problem(f"a {field} is named, and the API is not reached by {reach}", hint, field)
    if not endpoint.private and not endpoint.public:
        return problem("nobody could reach the cluster's API", "set private or public to true", "private")
    if endpoint.public and not endpoint.allowed_cidrs:
        hint = "list those who may: [203.0.113.0/24]; [0.0.0.0/0] lets everybody try"
        return problem("the API is public, and it is not said for whom", hint)
    if endpoint.allowed_cidrs and not endpoint.public:
        return problem("allowedCidrs is about a public API, and this one is not", "set public: true, or take them out")
    return []


CHECKS = (Check(_endpoint_problems, ("endpoint",)), Check(access_problems, ("access",)))


def wants(inputs: Inputs) -> Wants:
    """What EKS chooses for a cluster of this version."""
    return Wants(versions=frozenset({inputs.version}), addons=wanted_addons(inputs.addons))


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """The drivers of the volumes that pods may claim."""
    for kind in dict.fromkeys(inputs.volumes):
        yield Wish(f"aws-{kind}-csi-driver")


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make the control plane and what must stand before nodes join."""
    scope.report(*_version_problems(inputs.version, facts))
    version = inputs.version or facts.cluster_versions[-1]
    scope.report(*addon_problems(inputs.addons, version, facts))
    network = scope.one(Network)
    scope.settle(*_zone_problems(network))
    role = scope.add("role", "aws:iam/role:Role", {"assumeRolePolicy": Json(_trust())})
    attachment = scope.add(
        "role.cluster-policy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": role.id, "policyArn": f"arn:{facts.partition}:iam::aws:policy/AmazonEKSClusterPolicy"},
    )
    # EKS makes this log group by itself, without an end of retention, unless it is there first.
    logs = scope.add(
        "log-group",
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": f"/aws/eks/{scope.stack.name}/cluster", "retentionInDays": inputs.log_retention_days},
    )
    properties = _properties(scope, inputs, network, role, version)
    cluster = scope.add("", "aws:eks/cluster:Cluster", properties, depends_on=[attachment, logs])
    issuer = cluster["identities", 0, "oidcs", 0, "issuer"]
    identity = scope.add(
        "oidc-provider",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {"url": issuer, "clientIdLists": ["sts.amazonaws.com"]},
    )
    add_access(scope, cluster, inputs.access, facts)
    early = add_early_addons(scope, cluster, versions_of(inputs.addons, version, facts))
    return Cluster(
        name=cluster["name"],
        arn=cluster.arn,
        endpoint=cluster["endpoint"],
        certificate_authority=cluster["certificateAuthority", "data"],
        version=cluster["version"],
        security_group_id=cluster["vpcConfig", "clusterSecurityGroupId"],
        role_arn=role.arn,
        oidc_issuer=issuer,
        oidc_provider_arn=identity.arn,
        identity=connections.CLUSTER.reference(cluster.address),
        reach=inputs.endpoint.reach or ("direct" if inputs.endpoint.public else ""),
        through_nodes=inputs.endpoint.reach == "ssm" and not inputs.endpoint.bastion,
        service_cidr=cluster["kubernetesNetworkConfig", "serviceIpv4Cidr"],
        node_version=version,
        before_nodes=tuple(addon.address for addon in early),
        addons=tuple(inputs.addons),
    )


def finish(scope: Scope, inputs: Inputs, facts: Facts, outputs: Outputs) -> None:
    """Add the add-ons that run as pods of their own: they come with the nodes, and are active only on them."""
    groups = scope.every(NodeGroup)
    hosts = [group.address for group in groups if group.hosts_anything]
    if hosts:
        addons = versions_of(inputs.addons, outputs.node_version, facts)
        add_late_addons(scope, Handle(scope.address), addons, hosts, facts)
    elif groups:
        summary = "no node group has room for the cluster's own pods: each has taints, or may be empty"
        hint = "add a node group without an accelerator and without taints, and with a min of 1 or more"
        if any(group.pool for group in groups):
            hint += ", and call it system: Karpenter, which makes the nodes of the others, must run itself"
        scope.refuse(Problem(Code.NO_ROOM, summary, hint=hint))
    else:
        because = "it runs as pods of its own, and the stack has no node group for them"
        for name in late_addons(inputs.addons):
            scope.idle("addons", name, because=because, hint="add a node group, or take it out until there is one")


def _properties(scope: Scope, inputs: Inputs, network: Network, role: Handle, version: str) -> dict[str, object]:
    endpoint = inputs.endpoint
    properties: dict[str, object] = {
        "name": scope.stack.name,
        "roleArn": role.arn,
        "version": version,
        "vpcConfig": {
            "vpcId": network.vpc_id,
            "subnetIds": list(network.private_subnet_ids or network.subnet_ids),
            "endpointPrivateAccess": endpoint.private,
            "endpointPublicAccess": endpoint.public,
            **({"publicAccessCidrs": list(endpoint.allowed_cidrs)} if endpoint.public else {}),
        },
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        # Networking, DNS and proxy are add-ons of ours: EKS need not install copies that nobody manages.
        "bootstrapSelfManagedAddons": False,
        "enabledClusterLogTypes": list(inputs.logs),
    }
    if inputs.secrets_encryption:
        properties["encryptionConfig"] = {"provider": {"keyArn": _key(scope).arn}, "resources": ["secrets"]}
    return properties


def _key(scope: Scope) -> Handle:
    key = scope.add(
        "key",
        "aws:kms/key:Key",
        {
            "description": f"Kubernetes secrets of {scope.stack.name}",
            "enableKeyRotation": True,
            "deletionWindowInDays": 30 if scope.stack.environment == "production" else 7,
        },
    )
    scope.add("key.alias", "aws:kms/alias:Alias", {"name": f"alias/{scope.stack.name}/cluster", "targetKeyId": key.id})
    return key


def _trust() -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": _SERVICE},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _version_problems(version: str, facts: Facts) -> list[Problem]:
    if facts.cluster_versions and version in ("", *facts.cluster_versions):
        return []
    hint = f"there is {', '.join(facts.cluster_versions) or 'none'}"
    summary = f"EKS does not offer Kubernetes {version} in {facts.region}"
    return [Problem(Code.CLUSTER_VERSION, summary, at=("version",), hint=hint)]


def _zone_problems(network: Network) -> list[Problem]:
    zones = {subnet.zone for subnet in network.subnets}
    if len(network.subnets) >= 2 and (len(zones) >= 2 or "" in zones):
        return []
    hint = "set network.zones to 2 or more"
    if any(not subnet.zone for subnet in network.subnets):  # the zone of what is only used is not known
        hint = "name another subnet, in another zone, in network.use.subnetIds"
    return [Problem(Code.CLUSTER_ZONES, "EKS needs subnets in two zones or more", hint=hint)]
