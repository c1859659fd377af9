"""Who may do what: EKS's access policies and RBAC, and the reviews that ask about them.

An EKS access policy grants what the cluster role of the same standing grants (`view`, `edit`, `admin`, ...;
docs.aws.amazon.com/eks, "Review access policy permissions", and kubernetes.io, "User-facing roles"). RBAC objects in
the store count as well. Called by `api` and `reviews`. It must not authenticate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from mlinfra.sandbox.kubernetes.requests import Identity
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Json, Object, Objects

_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_CHANGE = ["create", "delete", "deletecollection", "patch", "update"]
_WORKLOADS: dict[str, list[str]] = {
    "": ["configmaps", "endpoints", "persistentvolumeclaims", "pods", "replicationcontrollers",
         "replicationcontrollers/scale", "serviceaccounts", "services"],
    "apps": ["controllerrevisions", "daemonsets", "deployments", "deployments/scale", "replicasets",
             "replicasets/scale", "statefulsets", "statefulsets/scale"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}  # fmt: skip
_SEEN: dict[str, list[str]] = {
    "": ["bindings", "events", "limitranges", "namespaces", "namespaces/status", "persistentvolumeclaims/status",
         "pods/log", "pods/status", "resourcequotas", "resourcequotas/status", "services/status"],
    "apps": ["daemonsets/status", "deployments/status", "replicasets/status", "statefulsets/status"],
    "autoscaling": ["horizontalpodautoscalers/status"],
    "batch": ["cronjobs/status", "jobs/status"],
    "discovery.k8s.io": ["endpointslices"],
    "networking.k8s.io": ["ingresses/status"],
    "policy": ["poddisruptionbudgets/status"],
}  # fmt: skip


def _rules(groups: dict[str, list[str]], verbs: list[str]) -> Objects:
    return [{"apiGroups": [group], "resources": names, "verbs": verbs} for group, names in groups.items()]


_VIEW = _rules(_WORKLOADS, _READ) + _rules(_SEEN, _READ)
_EDIT = [
    *_VIEW,
    *_rules(_WORKLOADS, _CHANGE),
    {"apiGroups": [""], "resources": ["secrets"], "verbs": _READ + _CHANGE},
    {"apiGroups": [""], "resources": ["pods/eviction", "serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": _READ + _CHANGE},
]
_ADMIN = [
    *_EDIT,
    {"apiGroups": [_RBAC], "resources": ["roles", "rolebindings"], "verbs": _READ + _CHANGE},
    {"apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews"], "verbs": ["create"]},
]
_ALL: Objects = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
]
USER_ROLES: dict[str, Objects] = {"view": _VIEW, "edit": _EDIT, "admin": _ADMIN, "cluster-admin": _ALL}
"""The rules of the cluster roles that every cluster has for its people."""

_SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": _READ}]
_RBAC_READ = [{"apiGroups": [_RBAC], "resources": ["*"], "verbs": _READ}]
POLICIES: dict[str, Objects] = {
    "AmazonEKSClusterAdminPolicy": _ALL,
    "AmazonEKSAdminPolicy": _ADMIN,
    "AmazonEKSEditPolicy": _EDIT,
    "AmazonEKSViewPolicy": _VIEW,
    "AmazonEKSSecretReaderPolicy": _SECRETS,
    "AmazonEKSAdminViewPolicy": [{"apiGroups": ["*"], "resources": ["*"], "verbs": _READ}, *_SECRETS, *_RBAC_READ],
}
"""What each of EKS's access policies allows."""

_FOR_ALL: Objects = [
    {"apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
     "verbs": ["create"]},
    {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
    {"nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/livez/*", "/openapi",
                         "/openapi/*", "/readyz", "/readyz/*", "/version", "/version/"], "verbs": ["get"]},
]  # fmt: skip


class Attributes(msgspec.Struct, frozen=True):
    """What is asked for: a verb on a resource (with its subresource, `pods/log`), or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Authorizer:
    """Decides by access policies and by the RBAC objects of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, identity: Identity, asked: Attributes) -> bool:
        """Whether an identity may do what is asked."""
        if "system:masters" in identity.groups:
            return True
        return any(_covers(rule, asked) for rule in self.rules(identity, asked.namespace))

    def rules(self, identity: Identity, namespace: str) -> Iterator[Object]:
        """Give the policy rules that an identity has in a namespace (empty: in the cluster as a whole)."""
        if "system:masters" in identity.groups:
            yield from _ALL
        yield from _FOR_ALL
        for grant in identity.grants:
            scoped = any(fnmatchcase(namespace, pattern) for pattern in grant.namespaces)
            if not grant.namespaces or (namespace and scoped):
                yield from POLICIES.get(grant.policy, [])
        yield from self._bound("clusterrolebindings", identity, None)
        if namespace:
            yield from self._bound("rolebindings", identity, namespace)

    def _bound(self, plural: str, identity: Identity, namespace: str | None) -> Iterator[Object]:
        kind = self._store.registry.by_path(_RBAC, "v1", plural)
        if kind is None:
            return
        for binding in self._store.peek(kind, namespace):
            if any(_is(subject, identity, namespace) for subject in binding.get("subjects") or ()):
                role = binding.get("roleRef") or {}
                yield from self._role(role.get("kind", ""), role.get("name", ""), namespace)

    def _role(self, kind: str, name: str, namespace: str | None) -> Iterable[Object]:
        if kind == "Role":
            found = self._store.exists(f"roles.{_RBAC}", name, namespace or "")
        else:
            found = self._store.exists(f"clusterroles.{_RBAC}", name)
        return (found or {}).get("rules") or ()


def _is(subject: Object, identity: Identity, namespace: str | None) -> bool:
    name = subject.get("name", "")
    if subject.get("kind") == "User":
        return bool(name == identity.username)
    if subject.get("kind") == "Group":
        return name in identity.groups
    place = subject.get("namespace") or namespace or ""
    return identity.username == f"system:serviceaccount:{place}:{name}"


def _covers(rule: Object, asked: Attributes) -> bool:
    if not _one_of(rule.get("verbs"), asked.verb):
        return False
    if asked.path:
        return any(fnmatchcase(asked.path, pattern) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames")
    return (
        _one_of(rule.get("apiGroups"), asked.group)
        and _has_resource(rule.get("resources") or (), asked.resource)
        and (not names or asked.name in names)
    )


def _one_of(allowed: Json, wanted: str) -> bool:
    return bool(allowed) and ("*" in allowed or wanted in allowed)


def _has_resource(allowed: Iterable[str], wanted: str) -> bool:
    part = wanted.partition("/")[2]
    return any(name in ("*", wanted) or (part and name == f"*/{part}") for name in allowed)
