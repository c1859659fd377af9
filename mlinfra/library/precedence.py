"""Precedence: what must come before what within a cluster, where no reference says so.

Namespace, definition, controller, webhook, custom resource: the API refuses what comes too early, and pods wait for
what comes too late. Called by `assembly`, once everything is declared. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.connections import HELM, KUBERNETES
from mlinfra.core.resource import Resource
from mlinfra.core.value import Value

# What the API server itself serves; every other group is somebody's definition.
# https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/ (read 2026-11-24).
_BUILT_IN = frozenset(
    {
        "core",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
_WORKLOADS = frozenset(
    {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}
)
# What pods are made with, and do not start without.
_MADE_WITH = frozenset(
    {
        "ServiceAccount",
        "ConfigMap",
        "Secret",
        "PersistentVolumeClaim",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "PersistentVolume",
        "LimitRange",
        "ResourceQuota",
        "NetworkPolicy",
    }
)
_HOOKED = frozenset({"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"})


class _Thing(msgspec.Struct, frozen=True):
    """One resource in the cluster; a release is of the group `helm.sh`."""

    resource: Resource
    group: str
    kind: str
    name: Value
    namespace: Value

    @property
    def address(self) -> Address:
        """Its address."""
        return self.resource.address

    @property
    def runs(self) -> bool:
        """Whether pods come of it."""
        return self.resource.connection.kind == HELM or (self.group in _BUILT_IN and self.kind in _WORKLOADS)

    @property
    def custom(self) -> bool:
        """Whether somebody else defines it."""
        return self.resource.connection.kind == KUBERNETES and self.group not in _BUILT_IN


def in_order(
    resources: Mapping[Address, Resource], before_pods: Iterable[Address], before_all: Iterable[Address] = ()
) -> dict[Address, Resource]:
    """`resources`, those in a cluster depending on all that must precede them.

    before_pods: what must stand before any pod can run: nodes, and the add-ons that connect them. before_all: what must
    stand before anything in the cluster, where the way to it leads through that.
    """
    things = [_thing(one) for one in resources.values() if one.connection.kind in (KUBERNETES, HELM)]
    if not things:
        return dict(resources)
    needs = {address: set(one.dependencies()) for address, one in resources.items()}
    inside = _Inside(things, tuple(before_pods), tuple(before_all))
    for rule in _RULES:
        for thing in things:
            for need in rule(thing, inside):
                if need != thing.address and not _reaches(need, thing.address, needs):
                    needs[thing.address].add(need)
    return {address: _with_needs(one, needs[address]) for address, one in resources.items()}


def _thing(resource: Resource) -> _Thing:
    group, _, rest = resource.type.removeprefix("kubernetes:").partition("/")
    kind = rest.rpartition(":")[2]
    properties = resource.properties
    if resource.connection.kind == HELM:
        return _Thing(resource, group, kind, properties.get("name"), properties.get("namespace"))
    metadata = properties.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _Thing(resource, group, kind, metadata.get("name"), metadata.get("namespace"))


class _Inside:
    """All in the cluster, by what the rules ask for. nodes: what must stand before any pod. road: before all."""

    def __init__(self, things: list[_Thing], nodes: tuple[Address, ...], road: tuple[Address, ...]) -> None:
        self.nodes, self.road = nodes, road
        self.releases: list[Address] = []
        self.hooks: list[Address] = []
        self.namespaces: dict[str, list[Address]] = {}
        self.definitions: dict[tuple[Value, Value], list[Address]] = {}
        self.made_with: dict[str, list[Address]] = {}  # by namespace; empty for what belongs to none
        self.servers: dict[str, list[Address]] = {}  # by namespace
        for thing in things:
            self._enter(thing)

    def _enter(self, thing: _Thing) -> None:
        space = thing.namespace if isinstance(thing.namespace, str) else ""
        if thing.runs or thing.kind == "Service":
            self.servers.setdefault(space, []).append(thing.address)
        if thing.resource.connection.kind == HELM:
            self.releases.append(thing.address)
        elif thing.kind == "Namespace" and isinstance(thing.name, str):
            self.namespaces.setdefault(thing.name, []).append(thing.address)
        elif thing.kind == "CustomResourceDefinition":
            self.definitions.setdefault(_defined(thing), []).append(thing.address)
        elif thing.kind in _HOOKED:
            self.hooks.append(thing.address)
        elif thing.kind in _MADE_WITH:
            self.made_with.setdefault(space, []).append(thing.address)


def _namespace(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    return inside.namespaces.get(thing.namespace, ()) if isinstance(thing.namespace, str) else ()


def _road(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    return inside.road


def _nodes(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    return inside.nodes if thing.runs else ()


def _definition(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    """A kind that no resource of the stack defines is taken to be defined by one of its releases."""
    return inside.definitions.get((thing.group, thing.kind), inside.releases) if thing.custom else ()


def _what_pods_are_made_with(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    if not thing.runs or thing.resource.connection.kind == HELM:
        return ()
    space = thing.namespace if isinstance(thing.namespace, str) else "default"
    return [*inside.made_with.get(space, ()), *inside.made_with.get("", ())]


def _servers(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    """A webhook whose server is not there yet refuses everything, its server's own pods included."""
    if thing.kind not in _HOOKED or thing.custom:
        return ()
    spaces = dict.fromkeys(_served_from(thing.resource.properties))
    return [address for space in spaces for address in inside.servers.get(space, ())]


def _webhooks(thing: _Thing, inside: _Inside) -> Iterable[Address]:
    return inside.hooks if thing.custom else ()


# In this order: what an earlier rule has put before, a later one does not put behind.
_RULES: tuple[Callable[[_Thing, _Inside], Iterable[Address]], ...] = (
    _road,
    _namespace,
    _nodes,
    _definition,
    _what_pods_are_made_with,
    _servers,
    _webhooks,
)


def _defined(definition: _Thing) -> tuple[Value, Value]:
    """The group and the kind that a definition is about."""
    spec = definition.resource.properties.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    names = spec.get("names")
    return spec.get("group"), names.get("kind") if isinstance(names, dict) else None


def _served_from(value: Value) -> Iterator[str]:
    """The namespaces of the services that a webhook configuration, or an API service, names."""
    if isinstance(value, dict):
        service = value.get("service")
        if isinstance(service, dict) and isinstance(service.get("namespace"), str):
            yield service["namespace"]
        for item in value.values():
            yield from _served_from(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _served_from(item)


def _reaches(start: Address, end: Address, needs: Mapping[Address, set[Address]]) -> bool:
    """Whether `start` already comes after `end`."""
    seen, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        if here == end:
            return True
        for need in needs.get(here, ()):
            if need not in seen:
                seen.add(need)
                ahead.append(need)
    return False


def _with_needs(resource: Resource, needs: set[Address]) -> Resource:
    further = needs - resource.dependencies()
    if not further:
        return resource
    return msgspec.structs.replace(resource, depends_on=(*resource.depends_on, *sorted(further)))
