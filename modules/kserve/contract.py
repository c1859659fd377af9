"""What KServe brings onto a cluster."""

from __future__ import annotations

from mlinfra.library.bucket import BUCKET_TYPES, READS
from mlinfra.library.contract import (
    Chart,
    Contract,
    Definition,
    Entrance,
    Namespace,
    Permission,
    Rival,
    Teardown,
    Workload,
)

NAMESPACE = "kserve"
MODELS = "kserve-models"
# Models of whoever names no other run under this account.
SERVERS = "default"

_REGISTRY = "oci://ghcr.io/kserve/charts"
_SOURCE = "https://github.com/kserve/kserve/tree/aaac4e294dae2c7b1aa1886447793f3aa1c30912"
_V1 = ("v1alpha1",)


def _chart(name: str) -> Chart:
    return Chart(
        name=name,
        version="v0.20.0",
        repository=_REGISTRY,
        app_version="v0.20.0",
        source=_SOURCE,
        looked_up="2026-08-21",
    )


CONTRACT = Contract(
    charts=(_chart("kserve-crd"), _chart("kserve-resources")),
    extras=(_chart("kserve-runtime-configs"),),
    namespaces=(
        Namespace(name=NAMESPACE, entrances=(Entrance("control-plane", (9443,)),)),
        # The containers that KServe puts into pods say nothing of system calls, as `restricted` wants it. Which port a
        # model answers at is its server's choice.
        Namespace(name=MODELS, level="baseline", entrances=(Entrance("pods"),)),
    ),
    crds=(
        Definition("clusterservingruntimes.serving.kserve.io", "ClusterServingRuntime", _V1, namespaced=False),
        Definition("clusterstoragecontainers.serving.kserve.io", "ClusterStorageContainer", _V1, namespaced=False),
        Definition("inferencegraphs.serving.kserve.io", "InferenceGraph", _V1),
        Definition("inferenceservices.serving.kserve.io", "InferenceService", ("v1beta1",)),
        Definition("servingruntimes.serving.kserve.io", "ServingRuntime", _V1),
        Definition("trainedmodels.serving.kserve.io", "TrainedModel", _V1),
    ),
    workloads=(Workload("Deployment", NAMESPACE, "kserve-controller-manager"),),
    permissions=(
        Permission(
            service_account=SERVERS,
            namespace=MODELS,
            statements=READS,
        ),
    ),
    cloud=BUCKET_TYPES,
    rivals=(
        Rival("kubeflow", "Kubeflow brings a KServe of its own, and a cluster has one of each definition"),
        Rival("kserve-crd", "both bring the definitions of KServe, of which a cluster has one", kind="chart"),
    ),
    teardown=Teardown(
        recipe="Its services first, then the releases, last of all that of its definitions, and the namespaces.",
        drain=("InferenceService.serving.kserve.io", "InferenceGraph.serving.kserve.io"),
        keeps=("the models, while their bucket is not empty, unless the stack is ephemeral",),
    ),
)
