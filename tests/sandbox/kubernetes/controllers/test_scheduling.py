"""Where pods go, and why they do not."""

from __future__ import annotations

from collections import Counter

from mlinfra.sandbox.kubernetes.controllers.catalog import NODE, POD
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.values import Object

from .clusters import GPU_TAINT, GPU_TOLERATION, GPUS, World, pod, workload

EIGHT = {"nvidia.com/gpu": "8"}


def gpu_world() -> World:
    world = World(Options(device_plugins="implied"))
    world.group("system", 10)
    world.group("gpu", 10, GPUS, instance="p4d.24xlarge", taints=[GPU_TAINT])
    world.settle()
    return world


def why(world: World, name: str) -> str:
    conditions = world.get(POD, name)["status"]["conditions"]
    found = next(item for item in conditions if item["type"] == "PodScheduled")
    assert (found["status"], found["reason"]) == ("False", "Unschedulable")
    assert world.said(name, "FailedScheduling")[-1:] == [found["message"]]
    return str(found["message"])


def node_of(world: World, name: str) -> str | None:
    node = world.get(POD, name)["spec"].get("nodeName")
    return None if node is None else str(node)


def label_of(world: World, name: str, label: str) -> str:
    node = node_of(world, name)
    assert node is not None
    return str(world.get(NODE, node, None)["metadata"]["labels"][label])


def test_ten_of_twelve_eight_gpu_pods_run_on_distinct_nodes_and_two_say_why_not() -> None:
    world = gpu_world()
    for number in range(12):
        world.create(pod(f"train-{number}", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    placed = [item for item in world.pods() if item["spec"].get("nodeName")]
    waiting = [item["metadata"]["name"] for item in world.pods() if not item["spec"].get("nodeName")]
    assert len({item["spec"]["nodeName"] for item in placed}) == 10
    assert all(item["status"]["phase"] == "Running" for item in placed)
    assert waiting == ["train-10", "train-11"]
    for name in waiting:
        assert why(world, name) == (
            "0/20 nodes are available: 20 Insufficient nvidia.com/gpu. preemption: 0/20 nodes are available: "
            "10 No preemption victims found for incoming pod, 10 Preemption is not helpful for scheduling."
        )


def test_a_gpu_pod_without_a_toleration_is_told_of_the_taint_but_not_which() -> None:
    world = gpu_world()
    world.create(pod("train", EIGHT))
    world.settle()
    assert why(world, "train") == (
        "0/20 nodes are available: 10 Insufficient nvidia.com/gpu, 10 node(s) had untolerated taint(s). "
        "preemption: 0/20 nodes are available: 20 Preemption is not helpful for scheduling."
    )


def test_without_nodes_nothing_is_scheduled() -> None:
    world = World()
    world.create(pod("web"))
    world.settle()
    assert why(world, "web") == "no nodes available to schedule pods"


def test_a_waiting_pod_is_placed_when_room_comes_free() -> None:
    world = World()
    world.group("system", 1)
    world.create(pod("first", {"cpu": "3"}))
    world.settle()
    world.create(pod("second", {"cpu": "3"}))
    world.settle()
    assert why(world, "second").startswith("0/1 nodes are available: 1 Insufficient cpu. preemption:")
    world.store.delete(POD, "first", "default")
    world.settle()
    assert world.phases() == {"second": "Running"}


def test_pods_spread_to_the_emptiest_node() -> None:
    world = World()
    world.group("system", 3)
    world.settle()
    for number in range(6):
        world.create(pod(f"web-{number}", {"cpu": "500m", "memory": "1Gi"}))
    world.settle()
    assert sorted(Counter(item["spec"]["nodeName"] for item in world.pods()).values()) == [2, 2, 2]


def two_zones(count: int = 4) -> World:
    world = World()
    world.group("system", count, zones=("eu-west-1a", "eu-west-1b"), labels={"disk": "ssd"})
    world.settle()
    return world


def test_node_selectors_and_required_affinity_are_demands() -> None:
    world = two_zones()
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1b"]}
    terms = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}}
    world.create(pod("here", affinity={"nodeAffinity": terms}))
    world.create(pod("nowhere", nodeSelector={"disk": "tape"}))
    world.settle()
    assert label_of(world, "here", "topology.kubernetes.io/zone") == "eu-west-1b"
    assert "4 node(s) didn't match Pod's node affinity/selector." in why(world, "nowhere")


def test_preferred_node_affinity_is_a_wish() -> None:
    world = two_zones()
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1b"]}
    wish = [{"weight": 10, "preference": {"matchExpressions": [zone]}}]
    world.create(pod("here", affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wish}}))
    world.settle()
    assert label_of(world, "here", "topology.kubernetes.io/zone") == "eu-west-1b"


def term(app: str, key: str = "kubernetes.io/hostname") -> list[Object]:
    return [{"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}]


def test_anti_affinity_keeps_replicas_on_different_nodes() -> None:
    world = World()
    world.group("system", 2)
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("web")}}
    world.create(workload("Deployment", "web", replicas=3, pod_spec={"affinity": apart}))
    world.settle()
    waiting = [item["metadata"]["name"] for item in world.pods() if not item["spec"].get("nodeName")]
    assert len(waiting) == 1
    assert "2 node(s) didn't match pod anti-affinity rules." in why(world, waiting[0])


def test_a_repelling_pod_keeps_others_away_too() -> None:
    world = World()
    world.group("system", 1)
    alone = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("other")}}
    world.create(pod("alone", affinity=alone))
    world.settle()
    world.create(pod("other"))
    world.settle()
    assert "1 node(s) didn't satisfy existing pods anti-affinity rules." in why(world, "other")


def test_pod_affinity_brings_pods_together_and_lets_the_first_go_anywhere() -> None:
    world = two_zones()
    together = {
        "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("ring", "topology.kubernetes.io/zone")}
    }
    world.create(workload("Deployment", "ring", replicas=4, pod_spec={"affinity": together}))
    world.create(pod("lost", affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term("no")}}))
    world.settle()
    ring = [item["metadata"]["name"] for item in world.pods(app="ring")]
    assert len({label_of(world, name, "topology.kubernetes.io/zone") for name in ring}) == 1
    assert "4 node(s) didn't match pod affinity rules." in why(world, "lost")


def test_spread_constraints_bound_the_skew_over_zones() -> None:
    world = World()
    world.group("a", 3, zones=("eu-west-1a",))
    world.group("b", 1, zones=("eu-west-1b",))
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    spec = {"topologySpreadConstraints": [spread]}
    world.create(workload("Deployment", "web", replicas=6, requests={"cpu": "1900m"}, pod_spec=spec))
    world.settle()
    placed = [item["metadata"]["name"] for item in world.pods() if item["spec"].get("nodeName")]
    waiting = [item["metadata"]["name"] for item in world.pods() if not item["spec"].get("nodeName")]
    zones = Counter(label_of(world, name, "topology.kubernetes.io/zone") for name in placed)
    assert zones == {"eu-west-1a": 3, "eu-west-1b": 2}
    assert why(world, waiting[0]).startswith(
        "0/4 nodes are available: 1 Insufficient cpu, 3 node(s) didn't match pod topology spread constraints."
    )


def test_a_more_important_pod_takes_the_place_of_a_lesser_one() -> None:
    world = World()
    world.group("system", 1)
    world.create(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1000}
    )
    world.create(pod("lesser", {"cpu": "3"}))
    world.settle()
    world.create(pod("greater", {"cpu": "3"}, priorityClassName="high"))
    world.settle()
    assert world.phases() == {"greater": "Running"}
    assert world.said("lesser", "Preempted")[0].startswith("Preempted by pod ")


def test_a_pod_that_must_not_preempt_says_so() -> None:
    world = World()
    world.group("system", 1)
    world.create(pod("lesser", {"cpu": "3"}))
    world.settle()
    world.create(pod("greater", {"cpu": "3"}, priority=1000, preemptionPolicy="Never"))
    world.settle()
    assert why(world, "greater") == (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
    )


def test_a_missing_claim_is_named() -> None:
    world = World()
    world.group("system", 2)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "models"}}
    world.create(pod("web", volumes=[volume]))
    world.settle()
    assert why(world, "web") == (
        '0/2 nodes are available: persistentvolumeclaim "models" not found. preemption: 0/2 nodes are available: '
        "2 Preemption is not helpful for scheduling."
    )


def test_a_pod_of_another_scheduler_or_with_a_gate_is_left_alone() -> None:
    world = World()
    world.group("system", 1)
    world.create(pod("theirs", schedulerName="volcano"))
    world.create(pod("gated", schedulingGates=[{"name": "quota"}]))
    world.settle()
    assert all(
        not item["spec"].get("nodeName") and item["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
        for item in world.pods()
    )


def test_gpus_appear_only_with_the_device_plugin() -> None:
    world = World()
    world.group("gpu", 1, GPUS, instance="p4d.24xlarge", taints=[GPU_TAINT])
    world.create(pod("train", EIGHT, tolerations=[GPU_TOLERATION]))
    world.settle()
    node = world.get(NODE, world.nodes()[0], None)
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]
    assert "1 Insufficient nvidia.com/gpu." in why(world, "train")
    plugin = workload(
        "DaemonSet",
        "nvdp",
        labels={"app.kubernetes.io/name": "nvidia-device-plugin"},
        pod_spec={"tolerations": [GPU_TOLERATION]},
        namespace="kube-system",
    )
    world.create(plugin)
    world.settle()
    assert world.get(NODE, world.nodes()[0], None)["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    assert node_of(world, "train") == world.nodes()[0]


def test_host_ports_are_taken_once_on_each_node() -> None:
    world = World()
    world.group("system", 1)
    for name in ("one", "two"):
        spec = {"name": "main", "image": "app:1", "ports": [{"containerPort": 80, "hostPort": 8080}]}
        world.create({**pod(name), "spec": {"containers": [spec]}})
    world.settle()
    assert "1 node(s) didn't have free ports for the requested pod ports." in why(world, "two")


def test_a_pod_that_names_its_node_needs_no_scheduler() -> None:
    world = World()
    world.group("system", 1)
    world.settle()
    world.create(pod("pinned", nodeName=world.nodes()[0]))
    world.settle()
    assert world.phases() == {"pinned": "Running"}
