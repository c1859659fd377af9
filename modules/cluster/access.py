"""Who may use the cluster: EKS access entries and the policies associated with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code

# EKS user guide, "Review access policy permissions" (November 2026).
_POLICIES = {
    "cluster-admin": "AmazonEKSClusterAdminPolicy",
    "admin": "AmazonEKSAdminPolicy",
    "edit": "AmazonEKSEditPolicy",
    "view": "AmazonEKSViewPolicy",
    "admin-view": "AmazonEKSAdminViewPolicy",
    "secret-reader": "AmazonEKSSecretReaderPolicy",
}
# What the whole cluster's policies see lies in no namespace.
_CLUSTER_WIDE = frozenset({"cluster-admin", "admin-view"})
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/([\w+=,.@-]+/)*([\w+=,.@-]+)", re.ASCII)


class Access(Block, frozen=True, kw_only=True):
    """One identity, and what it may do."""

    principal: Annotated[
        str,
        Meta(description="IAM role or user", pattern="^arn:", examples=["arn:aws:iam::123456789012:role/ml-admins"]),
    ]
    policy: Annotated[
        Literal["cluster-admin", "admin", "edit", "view", "admin-view", "secret-reader"],
        Meta(description="what it may do, as one of the policies that EKS has for it"),
    ] = "view"
    namespaces: Annotated[tuple[str, ...], Meta(description="where; empty: in the whole cluster")] = ()
    name: Annotated[
        str,
        Meta(
            description="what it is called in plans; empty: the last part of the ARN",
            pattern=r"^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$",
            examples=["ml-admins"],
        ),
    ] = ""

    @property
    def local_name(self) -> str:
        """Its name, as a part of an address."""
        last = self.principal.rpartition("/")[2]
        return self.name or re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")


def access_problems(entries: tuple[Access, ...]) -> Iterator[Problem]:
    """What is wrong with the entries, each for itself and among each other."""
    principals: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(entries):
        at = ("access", index)
        if not _PRINCIPAL.fullmatch(entry.principal) or not entry.local_name[:1].isalpha():
            hint = "write the ARN of an IAM role or user; of a role session, the role's own ARN, and give it a name"
            summary = f"{entry.principal} cannot use a cluster"
            yield Problem(Code.ACCESS_PRINCIPAL, summary, at=(*at, "principal"), hint=hint)
        elif principals.setdefault(entry.local_name, entry.principal) != entry.principal:
            summary = f"two identities would both be called {entry.local_name}"
            yield Problem(Code.ACCESS_AMBIGUOUS, summary, at=at, hint="give one of them a name of its own: name: ...")
        elif (entry.principal, entry.policy) in seen:
            summary = f"{entry.local_name} has the policy {entry.policy} twice"
            yield Problem(Code.ACCESS_AMBIGUOUS, summary, at=at, hint="make one entry of both, with all namespaces")
        if entry.namespaces and entry.policy in _CLUSTER_WIDE:
            summary = f"the policy {entry.policy} is about the whole cluster and cannot be limited to namespaces"
            yield Problem(Code.ACCESS_NAMESPACES, summary, at=(*at, "namespaces"), hint="use admin, edit or view")
        seen.add((entry.principal, entry.policy))


def add_access(scope: Scope, cluster: Handle, entries: tuple[Access, ...], facts: Facts) -> None:
    """Add one entry for each identity, and an association for each of its policies."""
    added: dict[str, Handle] = {}
    for entry in entries:
        local_name = f"access.{entry.local_name}"
        who = {"clusterName": cluster["name"], "principalArn": entry.principal}
        if entry.principal not in added:
            properties = {**who, "type": "STANDARD"}
            added[entry.principal] = scope.add(local_name, "aws:eks/accessEntry:AccessEntry", properties)
        scope.add(
            f"{local_name}.{entry.policy}",
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
            {
                **who,
                "policyArn": f"arn:{facts.partition}:eks::aws:cluster-access-policy/{_POLICIES[entry.policy]}",
                "accessScope": _scope_of(entry),
            },
            depends_on=[added[entry.principal]],
        )


def _scope_of(entry: Access) -> dict[str, object]:
    return {"type": "namespace", "namespaces": list(entry.namespaces)} if entry.namespaces else {"type": "cluster"}
