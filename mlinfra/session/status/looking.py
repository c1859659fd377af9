"""Looking: reads what the judges of health are given: the state, the cloud's word on the cluster, and what is in it.

The session calls it for `status` and `endpoints`. It only reads, all at once; what cannot be read is said, not raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.core.backend import Holder
from mlinfra.core.clock import Clock
from mlinfra.core.connections import CLUSTER, HELM, KUBERNETES, is_in_cluster, kind_of
from mlinfra.core.errors import AccessDenied, ProviderError
from mlinfra.core.facts import InstanceType
from mlinfra.core.resource import Connection
from mlinfra.core.state import Record, State
from mlinfra.documents.stream import UnreadableError
from mlinfra.health.backoff import STATUS
from mlinfra.health.growth import NO_GROWTH
from mlinfra.health.offers import Types
from mlinfra.health.seen import AddOn, Cluster, Database, Expected, Group, Live, Missing, Release, Seen, Targets
from mlinfra.library.contract import Workload
from mlinfra.library.library import Library
from mlinfra.providers.helm.definitions import lost_kinds
from mlinfra.providers.helm.manifest import read_manifest
from mlinfra.providers.helm.releases import GOOD, list_releases
from mlinfra.providers.helm.releases import Release as Stored
from mlinfra.providers.kubernetes.api import Api
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.session.connections.cloud import Cloud
from mlinfra.session.connections.release_cluster import ReleaseCluster
from mlinfra.session.status.belongings import declared, missing
from mlinfra.session.status.cloud_side import (
    ADD_ON,
    DATABASE,
    TARGETS,
    read_add_ons,
    read_cluster,
    read_databases,
    read_targets,
)
from mlinfra.session.status.groups import GROUPS, read_groups

_CLUSTER = "aws:eks/cluster:Cluster"
_READERS = 12
KINDS = (
    Kind("", "v1", "Node"),
    Kind("", "v1", "Pod"),
    Kind("", "v1", "PersistentVolumeClaim"),
    Kind("", "v1", "Service"),
    Kind("apps", "v1", "Deployment"),
    Kind("apps", "v1", "StatefulSet"),
    Kind("apps", "v1", "DaemonSet"),
    Kind("apps", "v1", "ReplicaSet"),
    Kind("batch", "v1", "Job"),
    Kind("discovery.k8s.io", "v1", "EndpointSlice"),
    Kind("networking.k8s.io", "v1", "Ingress"),
    Kind("storage.k8s.io", "v1", "StorageClass"),
    Kind("", "v1", "PersistentVolume"),
    Kind("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration"),
    Kind("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"),
    Kind("apiregistration.k8s.io", "v1", "APIService"),
    Kind("autoscaling", "v2", "HorizontalPodAutoscaler"),
    Kind("policy", "v1", "PodDisruptionBudget"),
    Kind("cert-manager.io", "v1", "Certificate"),
    Kind("keda.sh", "v1alpha1", "ScaledObject"),
    Kind("serving.kserve.io", "v1beta1", "InferenceService"),
    Kind("karpenter.sh", "v1", "NodePool"),
    Kind("karpenter.sh", "v1", "NodeClaim"),
    Kind("karpenter.k8s.aws", "v1", "EC2NodeClass"),
    Kind("", "v1", "Namespace"),
)
_EVENT = Kind("", "v1", "Event")
_SETTINGS = Kind("", "v1", "ConfigMap")


_One = TypeVar("_One")


class Look(msgspec.Struct, frozen=True):
    """What was seen, and what could not be."""

    seen: Seen
    unread: tuple[str, ...]


class _Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud says."""

    cluster: Cluster | None = None
    groups: tuple[Group, ...] = ()
    add_ons: tuple[AddOn, ...] = ()
    targets: tuple[Targets, ...] = ()
    databases: tuple[Database, ...] = ()


class _Inside(msgspec.Struct, frozen=True):
    """What is in the cluster."""

    objects: dict[str, tuple[Live, ...]] = {}
    releases: tuple[Release, ...] = ()
    missing: tuple[Missing, ...] = ()


def look(cloud: Cloud, library: Library, state: State, holder: Holder | None, clock: Clock) -> Look:
    """Look once at everything."""
    unread: list[str] = []
    records = list(state.records.values())
    owned = next((record for record in records if record.type == _CLUSTER), None)
    types = _types(state)
    outside = _cloud_side(cloud, owned, records, unread, clock.now(), types)
    inside = _Inside() if _is_gone(outside.cluster) else _inside(cloud, owned, state, unread)
    seen = Seen(
        now=clock.now(),
        applied=bool(records),
        pending=state.pending,
        failures=state.failures,
        holder=holder,
        cluster=outside.cluster,
        groups=outside.groups,
        types=types,
        add_ons=outside.add_ons,
        targets=outside.targets,
        databases=outside.databases,
        objects=inside.objects,
        releases=inside.releases,
        expected=tuple(_expected(library, records)) if inside.objects else (),
        missing=inside.missing,
        declared=tuple(declared(records)) if inside.objects else (),
        namespaces=None if owned is not None else _namespaces(records),
        addresses=_addresses(library, records),
    )
    return Look(seen, tuple(unread))


def _is_gone(cluster: Cluster | None) -> bool:
    return cluster is not None and cluster.status in ("GONE", "CREATING")


def _types(state: State) -> Types:
    """What is pinned of instance types."""
    return msgspec.convert(state.facts.get("instance_types") or {}, dict[str, InstanceType])


def _cloud_side(
    cloud: Cloud, owned: Record | None, records: list[Record], unread: list[str], now: datetime, types: Types
) -> _Outside:
    """What EKS, Auto Scaling and the load balancers say."""
    mine = [record for record in records if record.type in GROUPS]
    if owned is None and not mine:
        return _Outside()
    try:
        cloud.connect((owned or mine[0]).connection)  # refuses another account than the one that they are in
        cluster = read_cluster(cloud.calls, owned) if owned is not None else None
        there = cluster is not None and not _is_gone(cluster)
        return _Outside(
            cluster=cluster,
            groups=read_groups(cloud.calls, mine, now, types),
            add_ons=read_add_ons(cloud.calls, [one for one in records if there and one.type == ADD_ON]),
            targets=_others(cloud, records, TARGETS, read_targets, unread),
            databases=_others(cloud, records, DATABASE, read_databases, unread),
        )
    except ProviderError as error:
        unread.append(str(error))
    return _Outside()


def _others(
    cloud: Cloud,
    records: list[Record],
    type: str,
    read: Callable[[Calls, list[Record]], tuple[_One, ...]],
    unread: list[str],
) -> tuple[_One, ...]:
    """What is of another service: who may not read these is told so, and sees the rest."""
    mine = [one for one in records if one.type == type]
    try:
        return read(cloud.calls, mine) if mine else ()
    except ProviderError as error:
        unread.append(str(error))
        return ()


def _inside(cloud: Cloud, owned: Record | None, state: State, unread: list[str]) -> _Inside:
    try:
        connection = _entrance(cloud, owned, list(state.records.values()))
        if connection is None:
            return _Inside()
        api = cloud.api(connection)
        api.discovery.read_again()
    except ProviderError as error:
        hint = f" ({error.hint})" if error.hint else ""
        unread.append(f"the cluster cannot be looked into: {error}{hint}")
        return _Inside()
    with ThreadPoolExecutor(_READERS) as pool:
        reading = {kind.name: pool.submit(_listed, api, kind) for kind in KINDS}
        reading["Event"] = pool.submit(_events, api)
        reading["ConfigMap"] = pool.submit(_listed, api, _SETTINGS, fieldSelector=f"metadata.name={STATUS}")
        stored = pool.submit(_stored, ReleaseCluster(api))
    denied: list[str] = []
    found = _gathered(reading, stored, unread, denied)
    listed = {kind: found.objects[kind.name] for kind in KINDS if kind.name in found.objects}
    gone = missing(api, state, connection, listed, unread, denied)
    if denied:
        unread.append(f"these credentials may not list {', '.join(denied)} in all namespaces")
    return msgspec.structs.replace(found, missing=gone)


def _gathered(
    reading: Mapping[str, Future[tuple[Live, ...]]],
    stored: Future[list[tuple[Stored, list[str]]]],
    unread: list[str],
    denied: list[str],
) -> _Inside:
    """What was read. What was not is said; what these credentials may not read stands in `denied`."""
    objects: dict[str, tuple[Live, ...]] = {}
    releases: tuple[Release, ...] = ()
    for name, future in reading.items():
        try:
            objects[name] = future.result()
        except AccessDenied:
            denied.append(name)
        except ProviderError as error:
            unread.append(str(error))
    try:
        releases = tuple(_release(one, lost) for one, lost in stored.result())
    except AccessDenied:
        denied.append("Secret (of Helm's releases)")
    except ProviderError as error:
        unread.append(f"releases: {error}")
    return _Inside(objects, releases)


def _entrance(cloud: Cloud, owned: Record | None, records: list[Record]) -> Connection | None:
    """The way into the stack's cluster, or the one that the stack's objects are in."""
    if owned is not None:
        return Connection(KUBERNETES, CLUSTER.identity_of(owned.outputs))
    inside = next((record.connection for record in records if is_in_cluster(record.connection.kind)), None)
    if inside is not None:
        return Connection(KUBERNETES, inside.identity)
    return cloud.connection if cloud.leads_inside else None


def _listed(api: Api, kind: Kind, **query: str) -> tuple[Live, ...]:
    place = api.find(kind)
    return tuple(api.each(place, **query)) if place is not None else ()


def _events(api: Api) -> tuple[Live, ...]:
    """The warnings, and what an autoscaler says of the pods that it does nothing for, which is none."""
    asked = ("type=Warning", f"reason={NO_GROWTH}")
    return tuple(live for which in asked for live in _listed(api, _EVENT, fieldSelector=which))


def _stored(cluster: ReleaseCluster) -> list[tuple[Stored, list[str]]]:
    """All releases, each with the kinds of its chart that the cluster lost."""
    found = list_releases(cluster, "owner=helm")
    lost = lost_kinds(cluster, (one for one in found if one.last.status in GOOD))
    return [(one, lost.get(one.last.id, [])) for one in found]


def _release(stored: Stored, lost: list[str]) -> Release:
    last = stored.last
    titles: frozenset[str] = frozenset()
    if last.status not in GOOD and last.manifest:
        with suppress(UnreadableError):  # what it is made of explains it; without that it is told all the same
            titles = frozenset(piece.title for piece in read_manifest(last.manifest, last.namespace))
    return Release(
        id=last.id,
        number=last.number,
        status=last.status,
        description=last.broken or last.description,
        objects=titles,
        lost=tuple(lost),
    )


def _expected(library: Library, records: Iterable[Record]) -> Iterable[Expected]:
    """What the modules of the stack's entries promise, once their releases were applied."""
    releases: dict[str, list[Record]] = {}
    for record in records:
        if kind_of(record.type) == HELM:
            releases.setdefault(".".join(record.address.parts[:2]), []).append(record)
    for address, made in sorted(releases.items()):
        section, _, entry = address.partition(".")
        module = library.module_for(section, entry)
        for workload in module.contract.workloads if module is not None and module.contract is not None else ():
            for name in _named(workload, made):
                yield Expected(subject=name, address=address)


def _named(workload: Workload, releases: Iterable[Record]) -> Iterable[str]:
    """What a workload is called: of a chart of its own, once for each release of that."""
    if not workload.chart:
        return (str(workload),)
    of_chart = (one for one in releases if (one.inputs or {}).get("chart") == workload.chart)
    return [str(workload).replace("{release}", one.id.rpartition("/")[2]) for one in of_chart]


def _namespaces(records: Iterable[Record]) -> frozenset[str]:
    """Where the stack has something; a cluster that is another's has much besides."""
    found = set()
    for record in records:
        if is_in_cluster(record.connection.kind):
            namespace, slash, name = record.id.rpartition("/")
            found.add(namespace if slash else name)
    return frozenset(found)


def _addresses(library: Library, records: list[Record]) -> dict[str, str]:
    """Where the stack causes what findings name."""
    found = {one.subject: one.address for one in _expected(library, records)}
    for record in records:
        kind = kind_of(record.type)
        if kind == KUBERNETES:
            found[f"{Kind.of(record.type).name} {record.id}"] = str(record.address)
        elif kind == HELM:
            found[f"release {record.id}"] = str(record.address)
    return found
