"""The scaling groups whose machines join a cluster, and what their nodes are like.

Managed node groups say so in EKS. Groups of one's own join when they bear the cluster's tag and their role has an
access entry of type EC2_LINUX (https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html, 2026); the labels
and taints of their nodes stand in the user data. Called by `cluster_cloud`, under the account's lock.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mlinfra.sandbox.aws import machine_shapes
from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.eks.store import Body, Cluster
from mlinfra.sandbox.kubernetes.controllers.cloud import NodeGroup, Shape

_LABELS = re.compile(r"--node-labels[= ]\"?'?([^\s\"']+)")
_TAINTS = re.compile(r"--register-with-taints[= ]\"?'?([^\s\"']+)")


class Group(msgspec.Struct, frozen=True):
    """A scaling group (moto's) of a cluster; `body` is its node group's in EKS, or empty."""

    scaling: Any
    name: str
    body: Body
    template: Body

    def shape(self, instance_type: str, zone: str, *, spot: bool) -> Shape:
        """A node of the group."""
        efa = any(i.get("InterfaceType") in ("efa", "efa-only") for i in self.template.get("NetworkInterfaces") or ())
        announced = ("nvidia.com/gpu",) if "BOTTLEROCKET" in self.ami_type and "NVIDIA" in self.ami_type else ()
        labels, taints = self._labels(spot=spot), self.body.get("taints") or _taints(self.template)
        return machine_shapes.shape(
            instance_type, zone, spot=spot, labels=labels, taints=taints, efa=efa, announced=announced
        )

    @property
    def ami_type(self) -> str:
        """EKS's image type: of Bottlerocket's, those for NVIDIA bring the device plugin along."""
        return str(self.body.get("amiType") or "")

    def _labels(self, *, spot: bool) -> Mapping[str, str]:
        if not self.body:
            return _pairs(_LABELS, self.template)
        own = {
            "eks.amazonaws.com/nodegroup": self.body["nodegroupName"],
            "eks.amazonaws.com/capacityType": "SPOT" if spot else str(self.body.get("capacityType") or "ON_DEMAND"),
        }
        return {**(self.body.get("labels") or {}), **own}

    def describe(self) -> NodeGroup:
        """The group as an autoscaler sees it."""
        spot = bool(self.body.get("capacityType") == "SPOT")
        pools = [(name, zone) for name in self.scaling._types()[:1] for zone in _zones(self.scaling)]
        return NodeGroup(
            name=self.name,
            minimum=int(self.scaling.min_size or 0),
            maximum=int(self.scaling.max_size or 0),
            desired=int(self.scaling.desired_capacity or 0),
            shapes=[self.shape(name, zone, spot=spot) for name, zone in pools],
            tags=tags_of(self.scaling),
        )


def tags_of(scaling: Any) -> dict[str, str]:
    """The tags of a scaling group."""
    return {tag.get("Key") or tag.get("key"): tag.get("Value") or tag.get("value") or "" for tag in scaling.tags}


def groups_of(account: Account, cluster: Cluster, region: str) -> Iterator[Group]:
    """The scaling groups of a cluster."""
    known = account.backend("autoscaling", region).autoscaling_groups
    managed = {group.group: group.body for group in cluster.node_groups.values() if group.group}
    for name, scaling in known.items():
        template = _template(scaling)
        if name in managed:
            yield Group(scaling, name, managed[name], template)
        elif f"kubernetes.io/cluster/{cluster.name}" in tags_of(scaling) and _may_join(account, cluster, template):
            yield Group(scaling, name, {}, template)


def _template(scaling: Any) -> Body:
    template = scaling.ec2_launch_template
    if template is None:
        return {}
    data: Body = template.get_version(scaling.launch_template_version).data
    return data


def _may_join(account: Account, cluster: Cluster, template: Body) -> bool:
    profile = template.get("IamInstanceProfile") or {}
    name = profile.get("Name") or str(profile.get("Arn") or "").rpartition("/")[2]
    found = account.iam.instance_profiles.values()
    roles = [role.arn for item in found if name in (item.name, item.id) for role in item.roles]
    entries = (cluster.access_entries.get(arn) for arn in roles)
    return any(entry is not None and entry.body.get("type") == "EC2_LINUX" for entry in entries)


def _zones(scaling: Any) -> list[str]:
    ids = [key for key in (scaling.vpc_zone_identifier or "").split(",") if key]
    ec2 = scaling.autoscaling_backend.ec2_backend
    return [ec2.get_subnet(key).availability_zone for key in ids] or list(scaling.availability_zones)


def _user_data(template: Body) -> str:
    text = str(template.get("UserData") or "")
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return text


def _pairs(pattern: re.Pattern[str], template: Body) -> dict[str, str]:
    found = pattern.search(_user_data(template))
    return dict(part.split("=", 1) for part in found[1].split(",") if "=" in part) if found else {}


def _taints(template: Body) -> list[dict[str, str]]:
    taints = []
    for key, text in _pairs(_TAINTS, template).items():
        value, _, effect = text.rpartition(":")
        taints.append({"key": key, "value": value, "effect": effect})
    return taints
