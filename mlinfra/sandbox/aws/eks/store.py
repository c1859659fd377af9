"""What EKS keeps: clusters and all that belongs to them, in the shape in which the API shows it.

Bodies are plain dicts under the API's names; what the API does not show stands beside them. Handlers read and change
them under the account's lock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mlinfra.sandbox.aws.call import AwsError, Params

Body: TypeAlias = dict[str, Any]


@dataclass
class Item:
    """One object. `asked` are the parameters that it was created with, its client token among them."""

    body: Body
    asked: Params

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.body.get("status", "ACTIVE"))

    @property
    def token(self) -> str:
        """The client token that it was created with."""
        return str(self.asked.get("clientRequestToken") or "")


@dataclass
class NodeGroup(Item):
    """A node group. `group` is its scaling group's name, `template` the id of the launch template made by EKS."""

    group: str = ""
    template: str = ""


@dataclass
class AccessEntry(Item):
    """An access entry with its policies, by ARN."""

    policies: dict[str, Body] = field(default_factory=dict)


@dataclass
class Cluster(Item):
    """A cluster. `interfaces` are the control plane's in the VPC; `updates` by id, those of its parts included.

    `creator` is the ARN of the user or role that made it.
    """

    node_groups: dict[str, NodeGroup] = field(default_factory=dict)
    add_ons: dict[str, Item] = field(default_factory=dict)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)
    pod_identities: dict[str, Item] = field(default_factory=dict)
    fargate_profiles: dict[str, Item] = field(default_factory=dict)
    updates: dict[str, Body] = field(default_factory=dict)
    update_of: dict[str, tuple[str, str]] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    creator: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["name"])

    @property
    def security_group(self) -> str:
        """The id of the security group that EKS made for it."""
        return str(self.body["resourcesVpcConfig"]["clusterSecurityGroupId"])

    @property
    def vpc(self) -> str:
        """The id of its VPC."""
        return str(self.body["resourcesVpcConfig"]["vpcId"])


@dataclass
class Clusters:
    """The clusters of one region, by name."""

    by_name: dict[str, Cluster] = field(default_factory=dict)

    def find(self, name: str) -> Cluster:
        """The cluster of that name. Raises EKS's error where there is none."""
        if name not in self.by_name:
            raise not_found(f"No cluster found for name: {name}.", clusterName=name)
        return self.by_name[name]

    def find_active(self, name: str) -> Cluster:
        """The cluster of that name, refused unless it is active."""
        cluster = self.find(name)
        if cluster.status == "UPDATING":
            raise in_use(f"Cluster {name} currently has an update in progress", clusterName=name)
        if cluster.status != "ACTIVE":
            raise invalid_request(f"Cluster '{name}' is not in ACTIVE status", clusterName=name)
        return cluster

    def find_node_group(self, cluster: str, name: str) -> tuple[Cluster, NodeGroup]:
        """The node group of that name."""
        owner = self.find(cluster)
        if name not in owner.node_groups:
            raise not_found(f"No node group found for name: {name}.", clusterName=cluster, nodegroupName=name)
        return owner, owner.node_groups[name]


def not_found(message: str, **details: str) -> AwsError:
    """`ResourceNotFoundException`."""
    return AwsError("ResourceNotFoundException", message, details=details)


def in_use(message: str, **details: str) -> AwsError:
    """`ResourceInUseException`."""
    return AwsError("ResourceInUseException", message, details=details)


def invalid_parameter(message: str, **details: str) -> AwsError:
    """`InvalidParameterException`."""
    return AwsError("InvalidParameterException", message, details=details)


def invalid_request(message: str, **details: str) -> AwsError:
    """`InvalidRequestException`."""
    return AwsError("InvalidRequestException", message, details=details)


def replay(existing: Item | None, call: Params) -> bool:
    """Whether a creation repeats the one that made `existing`: same token, same parameters.

    Raises `InvalidRequestException` for the same token with other parameters. Other tokens are the caller's affair.
    """
    token = call.get("clientRequestToken")
    if existing is None or not token or existing.token != token:
        return False
    if existing.asked != call:
        raise invalid_request("The client request token was used before with different parameters")
    return True
