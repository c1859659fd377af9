"""Machines become nodes and go again; kubelets run pods on them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlinfra.sandbox.kubernetes.controllers.catalog import (
    API_SERVICE,
    BUDGET,
    CONFIG_MAP,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    SERVICE_ACCOUNT,
)
from mlinfra.sandbox.kubernetes.controllers.clock import read
from mlinfra.sandbox.kubernetes.controllers.eviction import evict
from mlinfra.sandbox.kubernetes.controllers.options import Options, Timings
from mlinfra.sandbox.kubernetes.controllers.programs import TERMINATION_HANDLER
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import GPU_TAINT, GPUS, NOW, World, meta, pod, workload


def world_of(nodes: int = 1, options: Options = Options()) -> World:  # noqa: B008
    world = World(options)
    world.group("system", nodes)
    world.settle()
    return world


def container_state(world: World, name: str) -> Object:
    found: Object = world.get(POD, name)["status"]["containerStatuses"][0]
    return found


def ready(obj: Object) -> str:
    return str(next(item["status"] for item in obj["status"]["conditions"] if item["type"] == "Ready"))


# Nodes


def test_a_machine_becomes_a_node_with_its_labels_taints_and_provider() -> None:
    world = World()
    world.group("gpu", 1, GPUS, instance="p4d.24xlarge", taints=[GPU_TAINT], labels={"workload": "training"})
    world.runtime.advance(timedelta(seconds=1))
    node = world.store.list(NODE)[0]
    assert ready(node) == "False"
    world.settle()
    node = world.store.list(NODE)[0]
    labels = node["metadata"]["labels"]
    assert ready(node) == "True"
    assert labels["workload"] == "training"
    assert labels["node.kubernetes.io/instance-type"] == "p4d.24xlarge"
    assert labels["eks.amazonaws.com/nodegroup"] == "gpu"
    assert labels["topology.kubernetes.io/zone"] == "eu-west-1a"
    assert node["spec"]["taints"] == [GPU_TAINT]
    assert node["spec"]["providerID"].startswith("aws:///eu-west-1a/i-")
    assert node["status"]["allocatable"]["cpu"] == "95920m"


def test_a_node_keeps_its_lease_fresh() -> None:
    world = world_of()
    name = world.nodes()[0]
    first = read(world.get(LEASE, name, "kube-node-lease")["spec"]["renewTime"])
    world.advance(minutes=5)
    assert read(world.get(LEASE, name, "kube-node-lease")["spec"]["renewTime"]) - first > timedelta(minutes=4)


def test_a_node_reports_every_five_minutes() -> None:
    world = world_of()

    def reported() -> str:
        return str(world.store.list(NODE)[0]["status"]["conditions"][0]["lastHeartbeatTime"])

    first = reported()
    world.advance(minutes=2)
    assert reported() == first
    world.advance(minutes=4)
    assert read(reported()) - read(first) >= timedelta(minutes=5)
    assert world.store.list(NODE)[0]["status"]["allocatable"]["memory"] == "16189440Ki"


def test_a_lost_machine_takes_its_node_and_its_pods_go_elsewhere() -> None:
    world = world_of(2)
    world.create(workload("Deployment", "web", replicas=2))
    world.settle()
    lost = world.cloud.machines()[0]
    world.cloud.lose(lost.instance_id)
    world.settle()
    assert lost.name not in world.nodes()
    assert len(world.nodes()) == 2
    assert [item["status"]["phase"] for item in world.pods()] == ["Running", "Running"]
    assert lost.name not in {item["spec"]["nodeName"] for item in world.pods()}


def test_a_cordoned_node_takes_no_new_pods_and_a_drained_one_is_empty() -> None:
    world = world_of(2)
    world.create(workload("Deployment", "web", replicas=4))
    world.settle()
    drained = world.nodes()[0]
    world.store.merge(NODE, drained, None, {"spec": {"unschedulable": True}})
    for item in world.store.list(POD, fields=f"spec.nodeName={drained}"):
        world.store.delete(POD, item["metadata"]["name"], "default")
    world.settle()
    assert {item["spec"]["nodeName"] for item in world.pods()} == {world.nodes()[1]}
    assert len(world.pods()) == 4
    taints = world.get(NODE, drained, None)["spec"]["taints"]
    assert taints == [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    world.store.merge(NODE, drained, None, {"spec": {"unschedulable": None}})
    world.settle()
    assert not world.get(NODE, drained, None)["spec"].get("taints")


def test_a_no_execute_taint_drives_pods_away() -> None:
    world = world_of()
    world.create(pod("web"))
    world.settle()
    taint = {"key": "maintenance", "effect": "NoExecute"}
    world.store.merge(NODE, world.nodes()[0], None, {"spec": {"taints": [taint]}})
    world.settle()
    assert world.pods() == []


@pytest.mark.parametrize(
    ("managed", "handler", "emptied"), [(False, True, True), (False, False, False), (True, False, True)]
)
def test_a_spot_interruption_empties_the_nodes_that_somebody_looks_after(
    managed: bool, handler: bool, emptied: bool
) -> None:
    world = World(Options(standing=frozenset({TERMINATION_HANDLER}) if handler else frozenset()))
    world.group("system", 2, managed=managed)
    world.settle()
    world.create(workload("Deployment", "web", replicas=2))
    world.settle()
    machine = world.cloud.machines()[0]
    world.cloud.interrupt(machine.instance_id, world.clock() + timedelta(minutes=2))
    world.advance(seconds=30)
    here = world.store.list(POD, fields=f"spec.nodeName={machine.name}")
    assert (here == []) is emptied
    assert len(world.said(machine.name, "SpotInterruption")) == 1
    world.advance(minutes=3)
    assert machine.name not in world.nodes()
    assert [item["status"]["phase"] for item in world.pods()] == ["Running", "Running"]


# Kubelets


def test_a_pod_takes_its_time_and_says_what_it_does() -> None:
    world = world_of(1, Options(timings=Timings(image_pull=5, readiness=5)))
    world.create(pod("web"))
    world.advance(seconds=3)
    assert container_state(world, "web")["state"]["waiting"]["reason"] == "ContainerCreating"
    world.advance(seconds=4)
    assert (world.get(POD, "web")["status"]["phase"], ready(world.get(POD, "web"))) == ("Running", "False")
    world.advance(seconds=5)
    assert ready(world.get(POD, "web")) == "True"
    status = world.get(POD, "web")["status"]
    assert status["podIP"].startswith("100.64.")
    assert status["hostIP"].startswith("10.0.")
    assert len(world.said("web")) == 3


def test_pods_have_addresses_of_their_own() -> None:
    world = world_of(3)
    world.create(workload("Deployment", "web", replicas=20))
    world.settle()
    assert len({item["status"]["podIP"] for item in world.pods()}) == 20


def test_an_image_that_cannot_be_pulled_keeps_a_pod_waiting() -> None:
    world = world_of()
    world.create(pod("web", note="image-pull"))
    world.settle()
    assert world.get(POD, "web")["status"]["phase"] == "Pending"
    assert container_state(world, "web")["state"]["waiting"]["reason"] == "ImagePullBackOff"
    assert 'Failed to pull image "app:1": simulated failure' in world.said("web", "Failed")


def test_a_crashing_pod_is_restarted_ever_more_slowly() -> None:
    world = world_of()
    world.create(pod("web", note="crash"))
    world.settle()
    assert container_state(world, "web")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    world.advance(minutes=2)
    assert container_state(world, "web")["restartCount"] == 3


def test_a_pod_that_never_becomes_ready_runs() -> None:
    world = world_of()
    world.create(pod("web", note="never-ready"))
    world.settle()
    assert (world.get(POD, "web")["status"]["phase"], ready(world.get(POD, "web"))) == ("Running", "False")
    assert world.said("web", "Unhealthy") == ["Readiness probe failed: simulated failure"]


def test_a_pod_without_its_secret_waits_until_it_comes() -> None:
    world = world_of()
    volume = {"name": "keys", "secret": {"secretName": "keys"}}
    world.create(pod("web", volumes=[volume]))
    world.settle()
    assert world.said("web", "FailedMount") == ['MountVolume.SetUp failed for volume "keys" : secret "keys" not found']
    world.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta("keys"), "data": {}})
    world.settle()
    assert world.phases() == {"web": "Running"}


def test_a_pod_with_a_grace_period_ends_and_leaves() -> None:
    world = world_of()
    world.create(pod("web"))
    world.settle()
    world.store.delete(POD, "web", "default")
    assert "deletionTimestamp" in world.get(POD, "web")["metadata"]
    world.settle()
    assert world.store.find(POD, "web", "default") is None


def test_a_pod_held_by_a_finalizer_ends_but_stays() -> None:
    world = world_of()
    held = pod("web")
    held["metadata"]["finalizers"] = ["acme.example/hold"]
    world.create(held)
    world.settle()
    world.store.delete(POD, "web", "default")
    world.settle()
    assert world.get(POD, "web")["status"]["phase"] == "Succeeded"
    world.store.merge(POD, "web", "default", {"metadata": {"finalizers": None}})
    assert world.store.find(POD, "web", "default") is None


# What every cluster has


def test_every_namespace_gets_a_service_account_and_the_root_certificate() -> None:
    world = World(Options(certificate="-----BEGIN CERTIFICATE-----"))
    world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    world.settle()
    assert world.get(SERVICE_ACCOUNT, "default", "team")["metadata"]["name"] == "default"
    assert world.get(CONFIG_MAP, "kube-root-ca.crt", "team")["data"] == {"ca.crt": "-----BEGIN CERTIFICATE-----"}
    world.store.delete(SERVICE_ACCOUNT, "default", "team")
    world.settle()
    assert world.store.find(SERVICE_ACCOUNT, "default", "team") is not None
    world.store.delete(NAMESPACE, "team")
    world.settle()
    assert world.store.find(NAMESPACE, "team") is None


def test_an_aggregated_api_is_available_once_its_service_has_a_pod() -> None:
    world = world_of()
    spec = {"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100}
    body = {**spec, "service": {"name": "metrics-server", "namespace": "default"}}
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
    }
    world.create({**api, "spec": body})
    world.settle()

    def reason() -> str:
        found = world.get(API_SERVICE, "v1beta1.metrics.k8s.io", None)["status"]["conditions"]
        return str(found[0]["reason"])

    assert reason() == "ServiceNotFound"
    service = {"selector": {"app": "metrics-server"}, "ports": [{"port": 443}]}
    world.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("metrics-server"), "spec": service})
    world.settle()
    assert reason() == "MissingEndpoints"
    world.create(workload("Deployment", "metrics-server", replicas=1))
    world.settle()
    assert reason() == "Passed"


def test_a_budget_counts_what_may_go() -> None:
    world = world_of(2)
    world.create(workload("Deployment", "web", replicas=4))
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    world.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("web"), "spec": spec})
    world.settle()
    budget = world.get(BUDGET, "web")
    assert (budget["status"]["expectedPods"], budget["status"]["desiredHealthy"]) == (4, 3)
    assert budget["status"]["disruptionsAllowed"] == 1
    name = world.pods()[0]["metadata"]["name"]
    world.store.merge(POD, name, "default", {"metadata": {"labels": {"app": "other"}}})
    world.advance(seconds=0)
    budget = world.get(BUDGET, "web")
    assert budget["status"]["disruptionsAllowed"] == 0
    refusing = evict(world.store, next(p for p in world.pods(app="web") if ready(p) == "True"))
    assert refusing is not None
    assert refusing["metadata"]["name"] == "web"


def test_a_drain_keeps_to_the_budget_and_comes_to_its_end() -> None:
    world = world_of(2)
    world.create(workload("Deployment", "web", replicas=4))
    spec = {"minAvailable": 3, "selector": {"matchLabels": {"app": "web"}}}
    world.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("web"), "spec": spec})
    world.settle()
    drained = world.nodes()[0]
    world.store.merge(NODE, drained, None, {"spec": {"unschedulable": True}})
    refused = 0
    for _ in range(10):
        here = world.store.list(POD, fields=f"spec.nodeName={drained}")
        refused += sum(evict(world.store, item) is not None for item in here)
        assert sum(ready(item) == "True" and "deletionTimestamp" not in item["metadata"] for item in world.pods()) >= 3
        world.settle()
    assert world.store.list(POD, fields=f"spec.nodeName={drained}") == []
    assert len(world.pods()) == 4
    assert refused > 0


def test_an_ill_pod_may_be_evicted_where_the_others_suffice() -> None:
    world = world_of()
    world.create(pod("ill", note="never-ready"))
    selector = {"matchLabels": {"app": "ill"}}
    head = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("ill")}
    world.create({**head, "spec": {"minAvailable": 1, "selector": selector}})
    world.settle()
    assert evict(world.store, world.get(POD, "ill")) is not None
    world.store.merge(BUDGET, "ill", "default", {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}})
    assert evict(world.store, world.get(POD, "ill")) is None


def test_events_that_repeat_are_counted_and_old_ones_forgotten() -> None:
    world = world_of(1, Options(events=10))
    world.create(workload("Deployment", "web", replicas=20))
    world.settle()
    assert len(world.said("web")) + len([p for p in world.pods() if world.said(p["metadata"]["name"])]) <= 11
    assert world.clock() > NOW
