"""Clusters.

Calls and fields: EKS API reference, 2017-11-01. Names and replacement: Pulumi's AWS schema 7.51, without automatic
compute, Outposts and hybrid networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlinfra.core import connections
from mlinfra.core.property import Replace, block, boolean, set_of, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.core.value import Properties
from mlinfra.providers.aws import wire
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Leaving, Reading, Shape, Update, Waiting
from mlinfra.providers.aws.forms import IPV4_RANGE, KUBERNETES, RANGE
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services import holders
from mlinfra.providers.aws.services.ec2_network import SUBNET, VPC
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.services.eks_updates import carry_through, health
from mlinfra.providers.aws.services.iam_roles import ROLE
from mlinfra.providers.aws.tags import eks_tags
from mlinfra.providers.aws.template import call, dig
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

CLUSTER = "aws:eks/cluster:Cluster"
_ARN = "arn:{partition}:eks:{region}:{account}:cluster/{id}"
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def one_minor_at_a_time(observed: Properties, desired: Properties) -> Sequence[Properties]:
    """The targets of an upgrade: EKS takes a cluster up by one minor version in each update."""
    here, there = _minor(observed.get("version")), _minor(desired.get("version"))
    if here is None or there is None or here[0] != there[0]:
        return [desired]
    return [*({**desired, "version": f"{here[0]}.{n}"} for n in range(here[1] + 1, there[1])), desired]


def _minor(version: Any) -> tuple[int, int] | None:
    major, _, minor = str(version).partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _log_setup(enabled: Any) -> Any:
    """All log types, on or off: what is not said stays as it is."""
    off = [name for name in LOG_TYPES if name not in enabled]
    groups = ((list(enabled), True), (off, False))
    return {"clusterLogging": [{"types": types, "enabled": on} for types, on in groups if types]}


def _enabled_logs(shown: Any) -> Any:
    setups = shown.get("clusterLogging", [])
    return sorted(name for setup in setups if setup.get("enabled") for name in setup["types"])


def _role_is_new(what: str) -> str:
    """The errors by which EKS says that it does not know a role yet."""
    return rf"(?i)InvalidParameter.*role.*({what})"


def _without_vpc(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "vpcId"}


def _as_it_is(config: dict[str, Any]) -> dict[str, Any]:
    return config


def _update_version(work: Work) -> None:
    force = bool(work.value("forceUpdateVersion"))
    carry_through(work, "UpdateClusterVersion", name=work.id, version=work.api("version"), force=force)


def _update_config(*names: str) -> Update:
    """One UpdateClusterConfig: EKS takes one of these at a time."""

    def apply(work: Work) -> None:
        params = {wire.api_name(work.kind, (name,)): work.api(name) for name in names}
        carry_through(work, "UpdateClusterConfig", name=work.id, **params)

    return Update(names, apply)


def _update_network(work: Work) -> None:
    """Endpoint access and placement are two updates; each takes only what changed."""
    config = work.api("vpcConfig")
    changed = {str(path[1]) for path in work.changed if path[0] == "vpcConfig" and len(path) > 1}
    for names in (
        ("subnetIds", "securityGroupIds"),
        ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"),
    ):
        if changed.intersection(names) or not changed:
            # Public ranges may only be named where the public endpoint is on.
            asked = {
                name: config[name]
                for name in names
                if name in config and (name != "publicAccessCidrs" or config.get("endpointPublicAccess", True))
            }
            carry_through(work, "UpdateClusterConfig", name=work.id, resourcesVpcConfig=asked)


def _encrypt(work: Work) -> None:
    config = work.api("encryptionConfig")
    carry_through(work, "AssociateEncryptionConfig", clusterName=work.id, encryptionConfig=config)


def _access(work: Work) -> None:
    mode = (work.value("accessConfig") or {}).get("authenticationMode")
    carry_through(work, "UpdateClusterConfig", name=work.id, accessConfig={"authenticationMode": mode})


def _clusters(reader: Reader, wanted: Wanted) -> list[Item]:
    """Those that are listed, or, once one is recorded, those of interest and those that bear the stack's tags.

    What a run begins is in the state before it is there, so that a listing shows nothing else that may be ours then.
    """
    if not wanted.interest.recorded:
        return [{"name": name} for name in reader.pages("eks", "ListClusters", "clusters")]
    tagged = reader.tagged(reader.site.spell(_ARN, id=""))
    return [{"name": name} for name in sorted(tagged | wanted.interest.ids | wanted.interest.names)]


def _describe(reader: Reader, item: Item) -> Item:
    if "arn" in item:
        return item
    found: Item = reader.one("eks", "DescribeCluster", {"name": item["name"]}, item["name"])["cluster"]
    return found


def _identities(item: Item) -> Any:
    issuer = dig(item, "identity.oidc.issuer")
    return [{"oidcs": [{"issuer": issuer}]}] if issuer else []


_ONE = Shape(outward=lambda value: [value], inward=lambda value: value[0] if value else None)

_INPUTS = {
    "name": text(replace=Replace.CREATE_FIRST),
    "roleArn": text(required=True, replace=Replace.CREATE_FIRST, refers=ROLE),
    "version": text(rules=KUBERNETES),
    "forceUpdateVersion": boolean(write_only=True, default=False),
    "vpcConfig": block(
        {
            "subnetIds": set_of(text(refers=SUBNET), required=True),
            "securityGroupIds": set_of(text(refers=SECURITY_GROUP), default=[]),
            "endpointPrivateAccess": boolean(default=False),
            "endpointPublicAccess": boolean(default=True),
            "publicAccessCidrs": set_of(text(rules=RANGE), default=["0.0.0.0/0"]),
            "clusterSecurityGroupId": text(initial=True, description="Shown, never set."),
            # Never said to EKS, which takes it from the subnets, and from which no cluster can move.
            "vpcId": text(replace=Replace.DELETE_FIRST, refers=VPC, description="The network of the subnets."),
        },
        required=True,
    ),
    "accessConfig": block(
        {
            "authenticationMode": text(default="API", floating=True),  # EKS begins with another
            "bootstrapClusterCreatorAdminPermissions": boolean(initial=True),
        }
    ),
    "bootstrapSelfManagedAddons": boolean(initial=True),
    "enabledClusterLogTypes": set_of(text(enum=list(LOG_TYPES)), default=[]),
    "encryptionConfig": block(
        {
            "provider": block({"keyArn": text(required=True, refers="aws:kms/key:Key")}, required=True),
            "resources": set_of(text(enum=["secrets"]), required=True),
        }
    ),
    "kubernetesNetworkConfig": block(
        {
            "ipFamily": text(replace=Replace.CREATE_FIRST),
            "serviceIpv4Cidr": text(rules=IPV4_RANGE, replace=Replace.CREATE_FIRST),
            "serviceIpv6Cidr": text(initial=True, description="Shown, never set."),
        }
    ),
    "upgradePolicy": block({"supportType": text()}),
    "deletionProtection": boolean(default=False),
    "zonalShiftConfig": block({"enabled": boolean(default=False)}),
    "tags": TAGS_PROPERTY,
}

_CLUSTER = AwsType(
    about=ResourceType(
        token=CLUSTER,
        irreplaceable="all that was put into it",
        inputs=block(_INPUTS),
        key=("name",),
        name=NameRule("name", longest=100),
        volatile={"platformVersion": (), "status": ()},
        hops=one_minor_at_a_time,
        opens=connections.CLUSTER,
    ),
    service="eks",
    upper=False,
    id="{name}",
    names={"vpcConfig": "resourcesVpcConfig", "enabledClusterLogTypes": "logging"},
    shapes={
        "vpcConfig": Shape(outward=_without_vpc, inward=_as_it_is),
        "enabledClusterLogTypes": Shape(outward=_log_setup, inward=_enabled_logs),
        "encryptionConfig": _ONE,
    },
    create=call(
        "CreateCluster",
        "name",
        "roleArn",
        "version",
        "vpcConfig",
        "accessConfig",
        "bootstrapSelfManagedAddons",
        "enabledClusterLogTypes",
        "encryptionConfig",
        "kubernetesNetworkConfig",
        "upgradePolicy",
        "deletionProtection",
        "zonalShiftConfig",
        lag=_role_is_new("not exist|not be assumed|cannot be assumed|trust"),
    ),
    reading=Reading(
        source=_clusters,
        details=_describe,
        one=call("DescribeCluster", "name"),
        item="cluster",
        outputs={
            "arn": "arn",
            "endpoint": "endpoint",
            "certificateAuthority": "certificateAuthority",
            "platformVersion": "platformVersion",
            "status": "status",
            "createdAt": "createdAt",
        },
        derived={"identities": _identities},
    ),
    tagging=eks_tags(_ARN),
    updates=(
        Update(("version",), _update_version),
        Update(("vpcConfig",), _update_network),
        Update(("accessConfig",), _access),
        Update(("encryptionConfig",), _encrypt),
        _update_config("enabledClusterLogTypes"),
        _update_config("upgradePolicy"),
        _update_config("deletionProtection"),
        _update_config("zonalShiftConfig"),
        Update(("forceUpdateVersion", "bootstrapSelfManagedAddons"), ()),
    ),
    waiting=Waiting(state="status", ready=("ACTIVE",), failed=("FAILED",), why=health, every=15.0, limit=3600.0),
    leaving=Leaving.SLOWLY,
    delete=call("DeleteCluster", "name"),
    conflicts=r"ResourceInUse",
    held=holders.CLUSTER,
)

TYPES = (_CLUSTER,)
