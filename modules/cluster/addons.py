"""EKS add-ons: those without which no node becomes ready, then those that need nodes themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts
from mlinfra.core.value import Json, Properties
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.eks_addons import KNOWN, meant
from mlinfra.library.pod_identity import trust

# These run on every node and are active while there is none; every cluster gets them.
_EARLY = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
# Pods of its own, hence after the nodes; every cluster gets it.
_LATE = ("coredns",)


class _Identity(msgspec.Struct, frozen=True):
    """The service account that an add-on calls AWS with, and the managed policy it needs."""

    service_account: str
    policy: str


# EKS user guide, "AWS add-ons" (November 2026): what each needs to be given by pod identity. Add-ons whose
# documented policy reaches all buckets or file systems of an account are left to the user's own association.
_IDENTITIES = {
    "aws-ebs-csi-driver": _Identity("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
    "aws-efs-csi-driver": _Identity("efs-csi-controller-sa", "service-role/AmazonEFSCSIDriverPolicy"),
    "amazon-cloudwatch-observability": _Identity("cloudwatch-agent", "CloudWatchAgentServerPolicy"),
}


# What EKS leaves off, and a stack may set otherwise. Without the first, network policies are taken and not enforced
# (EKS user guide, "Limit Pod traffic with Kubernetes network policies", November 2026).
_SETTINGS: dict[str, dict[str, Any]] = {"vpc-cni": {"enableNetworkPolicy": "true"}}


class Addon(Block, frozen=True, kw_only=True):
    """One add-on."""

    version: Annotated[
        str,
        Meta(
            description="its version, such as v2.1.4-eksbuild.1; empty: what EKS gives a cluster of this version",
            pattern=r"^(v[0-9]+\.[0-9]+\.[0-9]+-eksbuild\.[0-9]+)?$",
            examples=["v2.1.4-eksbuild.1"],
        ),
    ] = ""
    configuration: Annotated[
        dict[str, Any], Meta(description="its configuration, as `aws eks describe-addon-configuration` describes it")
    ] = {}


def addon_problems(addons: Mapping[str, Addon], kubernetes: str, facts: Facts) -> Iterator[Problem]:
    """Names and versions that EKS does not know: misspelt ones, and those that it does not offer the cluster."""
    for name, addon in addons.items():
        at = ("addons", name)
        if near := meant(name):
            yield Problem(Code.ADDON, f"EKS has no add-on {name}", at=at, hint=f"did you mean {near}?")
        elif name in _asked(addons) and f"{kubernetes}/{name}" not in facts.addons:
            summary = f"EKS offers no add-on {name} for Kubernetes {kubernetes} in {facts.region}"
            hint = f"`aws eks describe-addon-versions --kubernetes-version {kubernetes}` lists those that there are"
            yield Problem(Code.ADDON, summary, at=at, hint=hint)
        elif (offered := facts.addons.get(_key(name, addon, kubernetes), addon.version)) != addon.version:
            summary = f"EKS offers no {name} {addon.version} for Kubernetes {kubernetes}"
            hint = f"the nearest is {offered}; without a version it is the one that EKS gives such a cluster"
            yield Problem(Code.ADDON_VERSION, summary, at=(*at, "version"), hint=hint)


def _key(name: str, addon: Addon, kubernetes: str) -> str:
    """By which it is known whether EKS offers that version; nobody looked where facts have no such key."""
    return f"{kubernetes}/{name}/{addon.version}"


def _asked(addons: Mapping[str, Addon]) -> frozenset[str]:
    """Those that a stack names and EKS is asked about: whose version it is to say, or whose name only it may know."""
    return frozenset(name for name, addon in addons.items() if not addon.version or name not in KNOWN)


def wanted_addons(addons: Mapping[str, Addon]) -> frozenset[str]:
    """The add-ons of a cluster that EKS is asked about, and the versions that the stack chooses: `vpc-cni/VERSION`."""
    own = frozenset(name for name in (*_EARLY, *_LATE) if not addons.get(name, Addon()).version)
    chosen = frozenset(f"{name}/{addon.version}" for name, addon in addons.items() if addon.version and not meant(name))
    return own | chosen | frozenset(name for name in _asked(addons) if not meant(name))


def versions_of(addons: Mapping[str, Addon], kubernetes: str, facts: Facts) -> dict[str, Addon]:
    """The add-ons with the versions that they are to have: those of the stack, else EKS's own for the cluster's."""
    names = dict.fromkeys((*_EARLY, *_LATE, *addons))
    chosen = {name: addons.get(name, Addon()) for name in names}
    return {
        name: addon
        if addon.version
        else msgspec.structs.replace(addon, version=facts.addons.get(f"{kubernetes}/{name}", ""))
        for name, addon in chosen.items()
    }


def add_early_addons(scope: Scope, cluster: Handle, addons: Mapping[str, Addon]) -> list[Handle]:
    """Add those that nodes need to become ready."""
    return [_add(scope, cluster, name, addons[name], {}, ()) for name in _EARLY]


def late_addons(addons: Iterable[str]) -> list[str]:
    """Those that need nodes."""
    return [name for name in addons if name not in _EARLY]


def add_late_addons(
    scope: Scope, cluster: Handle, addons: Mapping[str, Addon], nodes: Iterable[Address], facts: Facts
) -> None:
    """Add those that need nodes, after `nodes`."""
    after = tuple(nodes)
    for name in late_addons(addons):
        more: Properties = {}
        depends: list[Handle | Address] = list(after)
        if identity := _IDENTITIES.get(name):
            role, attachment = _add_role(scope, name, identity, facts)
            account = {"roleArn": role.arn, "serviceAccount": identity.service_account}
            more = {"podIdentityAssociations": [account]}
            depends += [attachment, Address(f"{scope.address}.addons.eks-pod-identity-agent")]
        _add(scope, cluster, name, addons[name], more, depends)


def _add(
    scope: Scope, cluster: Handle, name: str, addon: Addon, more: Properties, after: Iterable[Handle | Address]
) -> Handle:
    configuration = {**_SETTINGS.get(name, {}), **addon.configuration}
    properties: Properties = {
        "clusterName": cluster["name"],
        "addonName": name,
        "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "OVERWRITE",
        **({"addonVersion": addon.version} if addon.version else {}),
        **({"configurationValues": Json(configuration)} if configuration else {}),
        **more,
    }
    return scope.add(f"addons.{name}", "aws:eks/addon:Addon", properties, depends_on=after)


def _add_role(scope: Scope, name: str, identity: _Identity, facts: Facts) -> tuple[Handle, Handle]:
    role = scope.add(f"addons.{name}.role", "aws:iam/role:Role", {"assumeRolePolicy": Json(trust())})
    attachment = scope.add(
        f"addons.{name}.role.policy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": role.id, "policyArn": f"arn:{facts.partition}:iam::aws:policy/{identity.policy}"},
    )
    return role, attachment
