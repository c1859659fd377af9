"""The cluster autoscaler, Karpenter and the HorizontalPodAutoscaler."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from mlinfra.sandbox.kubernetes.controllers.catalog import (
    AUTOSCALER,
    DEPLOYMENT,
    EVENT,
    NODE,
    NODE_CLAIM,
    NODE_CLASS,
    NODE_POOL,
    POD,
)
from mlinfra.sandbox.kubernetes.controllers.cloud import Offering
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import shape
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.programs import CLUSTER_AUTOSCALER, KARPENTER
from mlinfra.sandbox.kubernetes.kinds import Kind
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import GPU_TAINT, GPU_TOLERATION, GPUS, World, meta, pod, workload

DISCOVERED = {"k8s.io/cluster-autoscaler/enabled": "true", "eks:nodegroup-name": "x"}
TOLERANT: Object = {"tolerations": [GPU_TOLERATION]}
EIGHT = {"nvidia.com/gpu": "8"}


def scaled_world(*standing: str, plugins: str = "implied") -> World:
    world = World(Options(standing=frozenset(standing or (CLUSTER_AUTOSCALER,)), device_plugins=plugins))
    world.group("system", 1)
    world.settle()
    return world


def gpu_group(world: World, name: str = "gpu", bounds: tuple[int, int] = (0, 4), **more: object) -> None:
    given = {"instance": "p4d.24xlarge", "taints": [GPU_TAINT], "tags": DISCOVERED, **more}
    world.group(name, bounds[0], GPUS, bounds=bounds, **given)  # type: ignore[arg-type]


def sizes(world: World) -> dict[str, int]:
    return {group.name: group.desired for group in world.cloud.node_groups()}


def test_one_pending_gpu_pod_brings_exactly_one_node() -> None:
    world = scaled_world()
    gpu_group(world)
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world) == {"gpu": 1, "system": 1}
    assert world.phases() == {"train": "Running"}
    assert world.said("train", "TriggeredScaleUp") == ["pod triggered scale-up: [{gpu 0->1 (max: 4)}]"]


def test_a_gpu_node_whose_plugin_is_late_is_waited_for() -> None:
    world = scaled_world(plugins="required")
    gpu_group(world)
    labels = {"app.kubernetes.io/name": "nvidia-device-plugin"}
    tolerant = {"tolerations": [GPU_TOLERATION]}
    world.create(workload("DaemonSet", "nvdp", labels=labels, pod_spec=tolerant, namespace="kube-system"))
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world)["gpu"] == 1
    assert world.get(POD, "train")["status"]["phase"] == "Running"


def test_pods_that_share_a_node_bring_one() -> None:
    world = scaled_world()
    world.group("cpu", 0, {"cpu": "16", "memory": "64Gi"}, bounds=(0, 10), tags=DISCOVERED, labels={"pool": "cpu"})
    for number in range(6):
        world.create(pod(f"web-{number}", {"cpu": "5"}, nodeSelector={"pool": "cpu"}))
    world.settle()
    assert sizes(world)["cpu"] == 2
    assert set(world.phases().values()) == {"Running"}


def test_nothing_grows_without_an_autoscaler_in_the_cluster() -> None:
    world = World(Options(device_plugins="implied"))
    world.group("system", 1)
    gpu_group(world)
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world)["gpu"] == 0
    labels = {"app.kubernetes.io/name": "aws-cluster-autoscaler"}
    world.create(workload("Deployment", "ca", replicas=1, labels=labels, namespace="kube-system"))
    world.settle()
    assert sizes(world)["gpu"] == 1


def test_a_full_group_says_so() -> None:
    world = scaled_world()
    gpu_group(world, bounds=(0, 1))
    for name in ("one", "two"):
        world.create(pod(name, EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world)["gpu"] == 1
    waiting = next(name for name, phase in world.phases().items() if phase == "Pending")
    assert "pod didn't trigger scale-up: 1 max node group size reached" in world.said(waiting, "NotTriggerScaleUp")


def test_a_pod_that_no_group_suits_is_told_why() -> None:
    world = scaled_world()
    gpu_group(world)
    world.create(pod("train", EIGHT))
    world.settle()
    assert world.said("train", "NotTriggerScaleUp") == [
        "pod didn't trigger scale-up: 1 node(s) had untolerated taint(s)"
    ]


def test_a_capacity_shortage_falls_through_to_the_next_group() -> None:
    world = scaled_world()
    gpu_group(world, "gpu-spot", capacity_type="spot")
    gpu_group(world, "gpu-on-demand", instance="p4de.24xlarge")
    ranks = "50:\n  - .*spot.*\n10:\n  - .*\n"
    head = {"name": "cluster-autoscaler-priority-expander", "namespace": "kube-system"}
    world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": head, "data": {"priorities": ranks}})
    world.cloud.shortages.add(("p4d.24xlarge", ""))
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world) == {"gpu-on-demand": 1, "gpu-spot": 0, "system": 1}
    assert "InsufficientInstanceCapacity" in world.said("train", "FailedScaleUp")[0]


def test_the_priority_expander_decides_between_groups() -> None:
    world = scaled_world()
    gpu_group(world, "a")
    gpu_group(world, "b")
    head = {"name": "cluster-autoscaler-priority-expander", "namespace": "kube-system"}
    data = {"priorities": "1:\n  - ^a$\n90:\n  - ^b$\n"}
    world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": head, "data": data})
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world) == {"a": 0, "b": 1, "system": 1}


def test_an_empty_group_that_is_not_managed_is_known_by_its_tags_alone() -> None:
    silent = {"k8s.io/cluster-autoscaler/enabled": "true"}
    template = "k8s.io/cluster-autoscaler/node-template"
    for told in (False, True):
        world = scaled_world()
        tags = {**silent, f"{template}/label/pool": "mixed"} if told else silent
        world.group("mixed", 0, bounds=(0, 2), labels={"pool": "mixed"}, tags=tags)
        world.create(pod("web", nodeSelector={"pool": "mixed"}))
        world.settle()
        assert sizes(world)["mixed"] == int(told)


def test_an_idle_node_goes_after_ten_minutes_but_not_below_the_minimum() -> None:
    world = scaled_world()
    gpu_group(world, bounds=(1, 4))
    for number in range(3):
        world.create(pod(f"train-{number}", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    assert sizes(world)["gpu"] == 3
    for number in range(3):
        world.store.delete(POD, f"train-{number}", "default")
    world.advance(minutes=9)
    assert sizes(world)["gpu"] == 3
    world.advance(minutes=3)
    assert sizes(world)["gpu"] == 1
    assert len(world.nodes()) == 2


# Karpenter

KARPENTER_KINDS = tuple(
    Kind(
        group=gvk.group,
        version=gvk.version,
        kind=gvk.kind,
        plural=plural,
        singular=plural.removesuffix("s"),
        namespaced=False,
        subresources=("status",),
        custom=True,
    )
    for gvk, plural in ((NODE_POOL, "nodepools"), (NODE_CLAIM, "nodeclaims"), (NODE_CLASS, "ec2nodeclasses"))
)


def karpenter_world(*, standing: bool = True) -> World:
    options = Options(standing=frozenset({KARPENTER}) if standing else frozenset(), device_plugins="implied")
    world = World(options, KARPENTER_KINDS)
    world.group("system", 1)
    head = {"name": "default"}
    world.create(
        {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": head, "spec": {"role": "node"}}
    )
    world.cloud.offer(
        [
            Offering(shape=shape("g5.xlarge", "eu-west-1a", gpus(1), capacity_type="spot"), price=0.4),
            Offering(shape=shape("g5.xlarge", "eu-west-1a", gpus(1)), price=1.0),
            Offering(shape=shape("p4d.24xlarge", "eu-west-1b", GPUS), price=32.8),
            Offering(shape=shape("m6i.2xlarge", "eu-west-1a", {"cpu": "8", "memory": "32Gi"}), price=0.4),
        ]
    )
    return world


def gpus(count: int) -> dict[str, str]:
    return {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": str(count)}


def pool(
    name: str = "gpu", limits: Mapping[str, str] | None = None, values: Sequence[str] = ("spot", "on-demand")
) -> Object:
    spec = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
        "requirements": [
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": list(values)},
            {"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["g", "p"]},
        ],
        "taints": [GPU_TAINT],
    }
    template = {"metadata": {"labels": {"team": "ml"}}, "spec": spec}
    body = {
        "template": template,
        "disruption": {"consolidateAfter": "2m"},
        **({"limits": dict(limits)} if limits else {}),
    }
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": body}


def train(name: str = "train", count: int = 1) -> Object:
    return pod(name, {"nvidia.com/gpu": str(count)}, tolerations=[GPU_TOLERATION])


def test_karpenter_starts_the_cheapest_machine_that_fits() -> None:
    world = karpenter_world()
    world.create(pool())
    world.create(train())
    world.settle()
    (claim,) = world.store.list(NODE_CLAIM)
    node = world.get(NODE, claim["status"]["nodeName"], None)
    labels = node["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] == "g5.xlarge"
    assert labels["karpenter.sh/capacity-type"] == "spot"
    assert (labels["karpenter.sh/nodepool"], labels["team"]) == ("gpu", "ml")
    assert node["metadata"]["finalizers"] == ["karpenter.sh/termination"]
    assert {item["type"]: item["status"] for item in claim["status"]["conditions"]}["Ready"] == "True"
    assert world.get(POD, "train")["spec"]["nodeName"] == node["metadata"]["name"]


def test_karpenter_goes_on_to_the_next_offering_when_one_is_sold_out() -> None:
    world = karpenter_world()
    world.create(pool())
    world.cloud.shortages.add(("g5.xlarge", "eu-west-1a"))
    world.create(train())
    world.settle()
    (claim,) = world.store.list(NODE_CLAIM)
    assert claim["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "p4d.24xlarge"
    told = [event for event in world.store.list(EVENT) if event["reason"] == "InsufficientCapacityError"]
    assert {event["involvedObject"]["kind"] for event in told} == {"NodeClaim"}
    assert sorted(event["message"].rpartition("; ")[2] for event in told) == [
        "g5.xlarge (on-demand) in eu-west-1a",
        "g5.xlarge (spot) in eu-west-1a",
    ]


@pytest.mark.parametrize("limit", ["nvidia.com/gpu", "nodes"])
def test_karpenter_keeps_to_the_limits_of_its_pool(limit: str) -> None:
    world = karpenter_world()
    world.create(pool(limits={limit: "2"}))
    for number in range(3):
        world.create(train(f"train-{number}"))
    world.settle()
    assert len(world.store.list(NODE_CLAIM)) == 2
    assert sorted(world.phases().values()) == ["Pending", "Running", "Running"]


def test_karpenter_removes_what_is_empty() -> None:
    world = karpenter_world()
    world.create(pool())
    world.create(train())
    world.settle()
    world.store.delete(POD, "train", "default")
    world.advance(minutes=1)
    assert len(world.store.list(NODE_CLAIM)) == 1
    world.advance(minutes=3)
    assert world.store.list(NODE_CLAIM) == []
    assert len(world.nodes()) == len(world.cloud.machines()) == 1


def test_a_deleted_pool_takes_its_machines_and_then_its_class() -> None:
    world = karpenter_world()
    world.create(pool())
    world.create(train())
    world.settle()
    world.store.delete(NODE_CLASS, "default")
    world.settle()
    assert world.store.find(NODE_CLASS, "default") is not None
    world.store.delete(NODE_POOL, "gpu")
    world.settle()
    assert (world.store.list(NODE_CLAIM), world.store.list(NODE_CLASS)) == ([], [])
    assert len(world.nodes()) == len(world.cloud.machines()) == 1


def test_a_machine_that_is_taken_back_is_emptied_first_and_another_offering_takes_its_place() -> None:
    world = karpenter_world()
    world.create(pool())
    world.create(workload("Deployment", "train", replicas=1, requests={"nvidia.com/gpu": "1"}, pod_spec=TOLERANT))
    world.settle()
    (first,) = world.store.list(NODE_CLAIM)
    machine = next(one for one in world.cloud.machines() if one.name == first["status"]["nodeName"])
    world.cloud.interrupt(machine.instance_id, world.clock() + timedelta(minutes=2))
    world.advance(seconds=100)
    (second,) = world.store.list(NODE_CLAIM)
    assert second["metadata"]["labels"]["karpenter.sh/capacity-type"] == "on-demand"
    assert machine.instance_id not in {one.instance_id for one in world.cloud.machines()}
    assert list(world.phases().values()) == ["Running"]
    name = first["metadata"]["name"]
    assert world.said(name, "TerminatingOnInterruption") == ["Interruption triggered termination for the NodeClaim"]


def test_a_pod_that_tolerates_everything_keeps_no_machine_that_karpenter_takes_away() -> None:
    world = karpenter_world()
    world.create(pool())
    anywhere = {"tolerations": [{"operator": "Exists"}]}
    world.create(workload("Deployment", "train", replicas=1, requests={"nvidia.com/gpu": "1"}, pod_spec=anywhere))
    world.settle()
    assert len(world.store.list(NODE_CLAIM)) == 1
    world.store.delete(NODE_POOL, "gpu")
    world.settle()
    assert (world.store.list(NODE_CLAIM), len(world.cloud.machines())) == ([], 1)


def test_machines_of_a_karpenter_that_is_gone_stay() -> None:
    world = karpenter_world(standing=False)
    labels = {"app.kubernetes.io/name": "karpenter"}
    world.create(workload("Deployment", "karpenter", replicas=1, labels=labels, namespace="kube-system"))
    world.create(pool())
    world.create(train())
    world.settle()
    world.store.delete(DEPLOYMENT, "karpenter", "kube-system")
    world.settle()
    world.store.delete(NODE_POOL, "gpu")
    world.advance(minutes=10)
    (claim,) = world.store.list(NODE_CLAIM)
    assert "deletionTimestamp" in claim["metadata"]
    assert len(world.cloud.machines()) == 2


# HorizontalPodAutoscaler


def measure(world: World, **metrics: float) -> None:
    note = {"metadata": {"annotations": {"sandbox.mlinfra.dev/metrics": json.dumps(metrics)}}}
    world.store.merge(DEPLOYMENT, "web", "default", note)


def test_replicas_follow_the_metrics_up_at_once_and_down_after_the_window() -> None:
    world = scaled_world()
    world.create(workload("Deployment", "web", replicas=2))
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
    }
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 5, "metrics": [metric]}
    body = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta("web"), "spec": spec}
    world.create(body)
    world.settle()
    (condition,) = world.get(AUTOSCALER, "web")["status"]["conditions"]
    hint = """kubectl annotate deployment web sandbox.mlinfra.dev/metrics='{"cpu": 95}'"""
    assert (condition["status"], hint in condition["message"]) == ("False", True)

    def replicas() -> int:
        return int(world.get(DEPLOYMENT, "web")["spec"]["replicas"])

    measure(world, cpu=52)
    world.settle()
    assert replicas() == 2
    measure(world, cpu=90)
    world.advance(seconds=1)
    assert replicas() == 4
    assert world.said("web", "SuccessfulRescale") == ["New size: 4; reason: metrics above target"]
    world.advance(seconds=20)
    assert replicas() == 5
    measure(world, cpu=45)
    world.advance(minutes=10)
    assert replicas() == 5
    measure(world, cpu=10)
    world.advance(minutes=2)
    assert replicas() == 5
    world.advance(minutes=5)
    assert replicas() == 1
    assert world.get(AUTOSCALER, "web")["status"]["desiredReplicas"] == 1
