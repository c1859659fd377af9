"""The servers of an endpoint: pods that fetch the model and serve it with Triton, and how they are reached.

Ports, probes and metrics: Triton user guide, "Deploying your trained model" and "Metrics" (26.10, November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from mlinfra.core.address import Address
from mlinfra.core.value import Properties
from mlinfra.library import Handle, Scope
from mlinfra.library.node_labels import GROUP
from mlinfra.library.outputs import ModelServing, NodeGroup
from mlinfra.library.placement import on_nodes_with, tolerations
from mlinfra.library.pod_security import CONTAINER, POD

_MODELS = "/models"
PORTS = {"http": 8000, "grpc": 8001, "metrics": 8002}
GRPC_CALLS = "/inference.GRPCInferenceService/"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of each pod. replicas: how many; `None` where something else says so.

    variant: which of several models that share the requests it runs; empty for the only one. called: what requests call
    the model by, whichever variant answers them. in_flight: how many requests each is to have at once.
    sleeps: whether there may be none, so that its name is that of who wakes it, and its pods have another.
    gates: what must hold of a pod besides, before it is ready and an older one goes.
    """

    name: str
    called: str
    variant: str
    serving: ModelServing
    model: str
    region: str
    resources: dict[str, str]
    hosts: tuple[NodeGroup, ...]
    preferred: tuple[str, ...]
    replicas: int | None
    rollout: dict[str, int | str]
    in_flight: int
    sleeps: bool = False
    gates: tuple[str, ...] = ()

    def local(self, name: str = "") -> str:
        """The local name of something of its own."""
        return ".".join(filter(None, (self.variant, name)))

    @property
    def pods_service(self) -> str:
        """The service with its pods behind it."""
        return f"{self.name}-pods" if self.sleeps else self.name

    @property
    def labels(self) -> dict[str, str]:
        """By which its pods are found."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/component": "model-server"}

    @property
    def metadata(self) -> Properties:
        """Of everything that bears its name."""
        return {"name": self.name, "namespace": self.serving.namespace, "labels": self.labels}


def add_deployment(scope: Scope, server: Server, *, after: Iterable[Handle]) -> Handle:
    """Add its pods. One at most is disturbed at a time, and old ones answer until new ones do."""
    spec: Properties = {
        "selector": {"matchLabels": server.labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": server.rollout},
        # Loading a large model takes a while; only then has a rollout failed.
        "progressDeadlineSeconds": 1800,
        "template": {"metadata": {"labels": server.labels}, "spec": _pod(server)},
        **({"replicas": server.replicas} if server.replicas is not None else {}),
    }
    properties = {"metadata": server.metadata, "spec": spec}
    deployment = scope.add(server.local(), "kubernetes:apps/v1:Deployment", properties, depends_on=after)
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": server.labels}}
    scope.add(
        server.local("budget"),
        "kubernetes:policy/v1:PodDisruptionBudget",
        {"metadata": server.metadata, "spec": budget},
    )
    return deployment


def add_entrance(scope: Scope, server: Server, *, measured_by: Address) -> None:
    """Add what its pods are called by within the cluster, and have them measured."""
    # Of a port that says nothing, what stands before it takes HTTP/1.
    said: dict[str, Properties] = {"grpc": {"appProtocol": "kubernetes.io/h2c"}} if server.sleeps else {}
    ports = [
        {"name": name, "port": port, "targetPort": name, **said.get(name, {})}
        for name, port in PORTS.items()
        if name != "metrics"
    ]
    spec: Properties = {"selector": server.labels, "ports": ports}
    metadata = {**server.metadata, "name": server.pods_service}
    local_name = server.local("pods" if server.sleeps else "service")
    scope.add(local_name, "kubernetes:core/v1:Service", {"metadata": metadata, "spec": spec})
    monitor: Properties = {
        "selector": {"matchLabels": server.labels},
        "podMetricsEndpoints": [{"port": "metrics", "interval": "15s"}],
    }
    token = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
    scope.add(server.local("monitor"), token, {"metadata": server.metadata, "spec": monitor}, depends_on=[measured_by])


def _pod(server: Server) -> dict[str, Any]:
    return {
        "serviceAccountName": server.name,
        "automountServiceAccountToken": False,  # its account says so as well; auditors look at either
        "securityContext": {**POD, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
        "affinity": _affinity(server),
        "tolerations": tolerations(server.hosts),
        "topologySpreadConstraints": _spread(server),
        "terminationGracePeriodSeconds": 60,
        **({"readinessGates": [{"conditionType": gate} for gate in server.gates]} if server.gates else {}),
        "initContainers": [_fetching(server)],
        "containers": [_serving(server)],
        "volumes": [
            {"name": "models", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
            # Back ends in Python hand tensors over through shared memory.
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        ],
    }


def _fetching(server: Server) -> dict[str, Any]:
    """Takes the model out of its bucket: the folder is what Triton calls a model, with a folder for each version."""
    return {
        "name": "model",
        "image": server.serving.fetch_image,
        "args": ["s3", "sync", "--no-progress", server.model, f"{_MODELS}/{server.called}"],
        "env": [{"name": "AWS_REGION", "value": server.region}, {"name": "HOME", "value": "/tmp"}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": CONTAINER,
        "volumeMounts": [{"name": "models", "mountPath": _MODELS}, {"name": "tmp", "mountPath": "/tmp"}],
    }


def _serving(server: Server) -> dict[str, Any]:
    # Memory and GPUs are what a replica has; processors it may borrow while nobody else wants them.
    limits = {name: amount for name, amount in server.resources.items() if name != "cpu"}
    return {
        "name": "triton",
        "image": server.serving.triton_image,
        "command": ["tritonserver"],
        "args": [f"--model-repository={_MODELS}", "--exit-on-error=true", "--disable-auto-complete-config"],
        "ports": [{"name": name, "containerPort": port} for name, port in PORTS.items()],
        "resources": {"requests": server.resources, "limits": limits},
        "startupProbe": {**_probe("ready"), "periodSeconds": 10, "failureThreshold": 180},
        "readinessProbe": {**_probe("ready"), "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**_probe("live"), "periodSeconds": 10, "failureThreshold": 6},
        # Its address is taken out of the service meanwhile; what is on its way still finds it.
        "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
        "securityContext": CONTAINER,
        "volumeMounts": [
            {"name": "models", "mountPath": _MODELS, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "shm", "mountPath": "/dev/shm"},
        ],
    }


def _probe(what: str) -> dict[str, Any]:
    return {"httpGet": {"path": f"/v2/health/{what}", "port": "http"}}


def _affinity(server: Server) -> dict[str, Any]:
    """On these groups only; the first that was named is liked best."""
    affinity = on_nodes_with(GROUP, tuple(group.key for group in server.hosts))
    if len(server.preferred) > 1:
        liked = [
            {
                "weight": 100 - index,
                "preference": {"matchExpressions": [{"key": GROUP, "operator": "In", "values": [name]}]},
            }
            for index, name in enumerate(server.preferred)
        ]
        affinity["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] = liked
    return affinity


def _spread(server: Server) -> list[dict[str, Any]]:
    keys = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": server.labels},
        }
        for key in keys
    ]
