"""Whole clusters in memory for tests: a store, a still clock, an account, and every controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mlinfra.sandbox.kubernetes.builtin_kinds import builtin_kinds
from mlinfra.sandbox.kubernetes.controllers.catalog import EVENT, NODE, POD
from mlinfra.sandbox.kubernetes.controllers.clock import SimulatedClock
from mlinfra.sandbox.kubernetes.controllers.cloud import Cloud, NodeGroup
from mlinfra.sandbox.kubernetes.controllers.control_plane import ControlPlane
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import MemoryCloud, shape
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.garbage import GarbageCollector
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind, Kind, Registry
from mlinfra.sandbox.kubernetes.namespaces import NamespaceLifecycle
from mlinfra.sandbox.kubernetes.rules import ApiRules
from mlinfra.sandbox.kubernetes.schema import Schemas, load_definitions
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Object, Objects

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SMALL = {"cpu": "4", "memory": "16Gi"}
GPUS = {"cpu": "96", "memory": "1152Gi", "nvidia.com/gpu": "8"}
GPU_TAINT = {"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}
GPU_TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


class World:
    """A cluster to play with."""

    def __init__(
        self,
        options: Options = Options(),  # noqa: B008 (frozen)
        kinds: Sequence[Kind] = (),
        account: Cloud | None = None,
        start: datetime = NOW,
        rules: type[ApiRules] = ApiRules,
    ) -> None:
        self.clock = SimulatedClock(start)
        schemas = Schemas(load_definitions("1.33"))
        served = builtin_kinds(lambda gvk: schemas.get(gvk) is not None)
        self.store = Store(Registry([*served, *kinds]), self.clock, rules(schemas, self.clock))
        GarbageCollector(self.store)
        NamespaceLifecycle(self.store, self.clock)
        self.cloud = MemoryCloud(self.clock)
        self.plane = ControlPlane("ml", self.store, self.clock, account or self.cloud, options)
        self.runtime = self.plane.runtime

    def group(
        self,
        name: str,
        count: int,
        capacity: Mapping[str, str] = SMALL,
        *,
        instance: str = "m6i.xlarge",
        zones: Sequence[str] = ("eu-west-1a",),
        labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] = (),
        bounds: tuple[int, int] | None = None,
        tags: Mapping[str, str] | None = None,
        capacity_type: str = "on-demand",
        managed: bool = True,
    ) -> None:
        eks = name if managed else ""
        shapes = [
            shape(instance, zone, capacity, labels=labels, taints=taints, group=eks, capacity_type=capacity_type)
            for zone in zones
        ]
        low, high = bounds or (0, max(count, 1))
        group = NodeGroup(name=name, minimum=low, maximum=high, desired=count, shapes=shapes, tags=tags or {})
        self.cloud.add_group(group)

    def settle(self) -> None:
        self.runtime.settle()
        assert self.runtime.failing() == []

    def advance(self, **by: float) -> None:
        self.runtime.advance(timedelta(**by))

    def create(self, obj: Object) -> Object:
        return self.store.create(obj)

    def get(self, gvk: GroupVersionKind, name: str, namespace: str | None = "default") -> Object:
        return self.store.get(gvk, name, namespace)

    def pods(self, **labels: str) -> Objects:
        return self.store.list(POD, labels=labels or None)

    def phases(self) -> dict[str, str]:
        return {pod["metadata"]["name"]: pod["status"]["phase"] for pod in self.pods()}

    def nodes(self) -> list[str]:
        return [node["metadata"]["name"] for node in self.store.list(NODE)]

    def said(self, name: str, reason: str = "") -> list[str]:
        """What the events about an object say."""
        return [
            event["message"]
            for event in sorted(self.store.list(EVENT), key=lambda item: int(item["metadata"]["resourceVersion"]))
            if event["involvedObject"]["name"] == name and reason in ("", event["reason"])
        ]


def meta(name: str, **more: object) -> Object:
    return {"name": name, "namespace": "default", **more}


def container(requests: Mapping[str, str] | None = None, **more: object) -> Object:
    devices = {name: amount for name, amount in (requests or {}).items() if "/" in name}  # never given out twice
    limits = {"limits": devices} if devices else {}
    resources = {"resources": {"requests": dict(requests), **limits}} if requests else {}
    return {"name": "main", "image": "app:1", **resources, **more}


def pod(name: str, requests: Mapping[str, str] | None = None, *, note: str = "", **spec: object) -> Object:
    notes = {"annotations": {"sandbox.mlinfra.dev/fail": note}} if note else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta(name, labels={"app": name}, **notes),
        "spec": {"containers": [container(requests)], **spec},
    }


def workload(
    kind: str,
    name: str,
    *,
    replicas: int | None = None,
    requests: Mapping[str, str] | None = None,
    image: str = "app:1",
    labels: Mapping[str, str] | None = None,
    pod_spec: Object | None = None,
    notes: Mapping[str, str] | None = None,
    namespace: str = "default",
    **spec: object,
) -> Object:
    """A Deployment, StatefulSet, DaemonSet or ReplicaSet."""
    own = {"app": name, **(labels or {})}
    template = {
        "metadata": {"labels": own, **({"annotations": dict(notes)} if notes else {})},
        "spec": {"containers": [container(requests, image=image)], **(pod_spec or {})},
    }
    size = {} if replicas is None else {"replicas": replicas}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": own},
        "spec": {**size, "selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def job(name: str, *, notes: Mapping[str, str] | None = None, restart: str = "Never", **spec: object) -> Object:
    template = {
        "metadata": {"labels": {"app": name}, **({"annotations": dict(notes)} if notes else {})},
        "spec": {"containers": [container()], "restartPolicy": restart},
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name), "spec": {"template": template, **spec}}
