"""Before a cluster goes, what its controllers made outside of it goes, or it is said what holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from mlinfra.core.errors import Conflict
from mlinfra.core.plan import Action
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.drain import Drain
from mlinfra.providers.kubernetes.provider import KubernetesProvider
from mlinfra.sandbox.kubernetes.values import Object
from tests.providers.kubernetes.cluster import SERVICE, Cluster, Operation, cluster_with
from tests.sandbox.kubernetes.client import eventually

_PROGRAMS = ("aws-load-balancer-controller", "aws-ebs-csi-driver")
_BALANCED = {"type": "LoadBalancer", "selector": {"app": "x"}, "ports": [{"port": 80}]}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with cluster_with(standing=_PROGRAMS) as made:
        yield made


def drain(cluster: Cluster, **about: Any) -> Drain:
    return Drain(cluster.provider.api, **about)


def service(cluster: Cluster, name: str, **spec: Any) -> Object:
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {**_BALANCED, **spec}}
    return cluster.kubectl.create("v1/services", body)


def store(cluster: Cluster, name: str, policy: str = "Delete") -> None:
    """A StatefulSet with a volume, made by somebody else, that runs."""
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
    about = {"provisioner": "ebs.csi.aws.com", "reclaimPolicy": policy, "volumeBindingMode": "WaitForFirstConsumer"}
    cluster.kubectl.create("storage.k8s.io/v1/storageclasses", {**kind, **about}, namespace=None)
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": name,
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    container = {"name": "main", "image": "example.com/db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    labels = {"app": name}
    spec = {
        "replicas": 2,
        "serviceName": name,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        "volumeClaimTemplates": [claim],
    }
    body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}
    cluster.kubectl.create("apps/v1/statefulsets", body)
    assert eventually(lambda: ready(cluster, name) == 2), cluster.kubectl.get("apps/v1/statefulsets", name)


def ready(cluster: Cluster, name: str) -> int:
    found: int = cluster.kubectl.get("apps/v1/statefulsets", name)["status"].get("readyReplicas", 0)
    return found


def volumes(cluster: Cluster) -> list[str]:
    items = cluster.kubectl.get("v1/persistentvolumes", namespace=None)["items"]
    return [item["metadata"]["name"] for item in items]


def test_balancers_of_all_namespaces_go_whoever_made_them(cluster: Cluster) -> None:
    service(cluster, "theirs")
    service(cluster, "plain", type="ClusterIP")
    cluster.make(SERVICE, {"metadata": {"name": "ours", "namespace": "default"}, "spec": _BALANCED})
    planned = {part.name: part.note for part in drain(cluster).outside()}
    assert planned == {
        "Service default/theirs": "with its load balancer; not in the stack",
        "Service default/ours": "with its load balancer",
    }
    drain(cluster).run(Operation())
    assert cluster.kubectl.names("v1/services") == ["kubernetes", "plain"]
    assert drain(cluster).outside() == ()


def test_volumes_go_once_their_pods_are_gone(cluster: Cluster) -> None:
    store(cluster, "db")
    assert len(volumes(cluster)) == 2
    operation = Operation()
    drain(cluster).run(operation)
    assert "scales StatefulSet default/db down, whose pods use volumes" in operation.words
    assert volumes(cluster) == []


def test_volumes_that_are_to_be_retained_are_kept_and_named(cluster: Cluster) -> None:
    store(cluster, "db", policy="Retain")
    kept = [part for part in drain(cluster).outside() if part.action is Action.NO_OP]
    assert len(kept) == 2
    assert all("reclaim policy is Retain (vol-" in part.note for part in kept)
    drain(cluster).run(Operation())
    assert len(volumes(cluster)) == 2


def test_data_goes_where_that_is_asked_for(cluster: Cluster) -> None:
    store(cluster, "db", policy="Retain")
    thorough = drain(cluster, delete_data=True)
    assert all(part.action is Action.DELETE for part in thorough.outside())
    thorough.run(Operation())
    assert volumes(cluster) == []


def test_a_pod_without_an_owner_lets_go_of_its_volume(cluster: Cluster) -> None:
    store(cluster, "db")
    claim = {"metadata": {"name": "lone"}, "spec": {**_claim_spec(cluster)}}
    cluster.kubectl.create("v1/persistentvolumeclaims", {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim})
    container = {"name": "main", "image": "x"}
    spec = {
        "containers": [container],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "lone"}}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone"}, "spec": spec}
    cluster.kubectl.create("v1/pods", pod)
    operation = Operation()
    drain(cluster).run(operation)
    assert "deletes Pod default/lone, whose pods use volumes" in operation.words
    assert cluster.kubectl.names("v1/persistentvolumeclaims") == []


def _claim_spec(cluster: Cluster) -> Object:
    live = cluster.kubectl.get("v1/persistentvolumeclaims", "data-db-0")
    return {key: value for key, value in live["spec"].items() if key != "volumeName"}


def test_a_finalizer_that_nobody_takes_off_is_named_with_whose_it_is() -> None:
    def obstacle(operation: str, detail: Mapping[str, str]) -> str | None:
        return "the controller is gone" if operation == "finalize:services" else None

    words = r"Service default/held: .*service\.k8s\.aws/resources \(of the AWS Load Balancer Controller\)"
    with cluster_with(obstacle, standing=_PROGRAMS) as stuck:
        service(stuck, "held", loadBalancerClass="service.k8s.aws/nlb")
        assert eventually(lambda: bool(stuck.kubectl.get("v1/services", "held")["metadata"].get("finalizers")))
        with pytest.raises(Conflict, match=words) as refused:
            drain(stuck, patience=1).run(Operation())
    assert refused.value.code == Code.HELD


def test_what_comes_back_is_named(cluster: Cluster) -> None:
    service(cluster, "stubborn")
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stubborn"}, "spec": _BALANCED}
    back = lambda: cluster.kubectl.create("v1/services", body, fieldManager="argocd")  # noqa: E731
    cluster.faults.before("list:nodepools.karpenter.sh", back)
    cluster.faults.before("list:persistentvolumeclaims", back)
    with pytest.raises(Conflict, match=r"came back: Service default/stubborn \(made by argocd\)") as refused:
        drain(cluster).run(Operation())
    assert refused.value.code == Code.CAME_BACK


def test_a_cluster_that_cannot_be_reached_is_said_to_be_so() -> None:
    with cluster_with() as alive:
        endpoint = msgspec.structs.replace(alive.endpoint, server="https://127.0.0.1:9")
        gone = KubernetesProvider(endpoint, alive.clock, alive.secret)
        operation = Operation()
        Drain(gone.api).run(operation)
    assert len(operation.words) == 1
    assert "cannot be reached" in operation.words[0]


def test_ingresses_and_gateways_go_before_the_services_that_their_controllers_make(cluster: Cluster) -> None:
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": _backend("x")}]}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "door"},
        "spec": {"ingressClassName": "alb", "rules": [rule]},
    }
    cluster.kubectl.create("networking.k8s.io/v1/ingresses", ingress)
    service(cluster, "behind")
    drain(cluster).run(Operation())
    deleted = [call for call in cluster.faults.calls if call.startswith("delete:")]
    assert deleted == ["delete:ingresses.networking.k8s.io", "delete:services"]


def _backend(name: str) -> Mapping[str, Any]:
    return {"service": {"name": name, "port": {"number": 80}}}


def test_the_nodes_of_karpenter_go_last(cluster: Cluster) -> None:
    for plural, kind in (("nodepools", "NodePool"), ("nodeclaims", "NodeClaim")):
        free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": free}}
        names = {"plural": plural, "kind": kind, "singular": kind.lower(), "listKind": f"{kind}List"}
        spec = {"group": "karpenter.sh", "scope": "Cluster", "names": names, "versions": [version]}
        head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
        body = {**head, "metadata": {"name": f"{plural}.karpenter.sh"}, "spec": spec}
        cluster.kubectl.create("apiextensions.k8s.io/v1/customresourcedefinitions", body, namespace=None)
        one = {"apiVersion": "karpenter.sh/v1", "kind": kind, "metadata": {"name": "gpu"}, "spec": {}}
        cluster.kubectl.create(f"karpenter.sh/v1/{plural}", one, namespace=None)
    service(cluster, "web")
    assert [part.name for part in drain(cluster).outside()] == ["Service default/web", "NodePool gpu", "NodeClaim gpu"]
    drain(cluster).run(Operation())
    deleted = [call for call in cluster.faults.calls if call.startswith("delete:")]
    assert deleted == ["delete:services", "delete:nodepools.karpenter.sh", "delete:nodeclaims.karpenter.sh"]
    assert drain(cluster).outside() == ()
