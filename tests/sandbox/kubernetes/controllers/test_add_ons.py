"""Add-ons of EKS have their pods in kube-system, and are degraded while these cannot be placed."""

from __future__ import annotations

from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, SERVICE

from .clusters import World

EVERY_NODE = ("kube-proxy", "eks-pod-identity-agent", "vpc-cni")


def running(world: World) -> list[str]:
    """The workloads of the pods that run, as often as there are pods."""
    found = [pod for pod in world.pods() if pod["status"]["phase"] == "Running"]
    return sorted(pod["metadata"]["labels"].get("k8s-app", pod["metadata"]["generateName"]) for pod in found)


def test_each_add_on_brings_its_pods_and_takes_them_along() -> None:
    world = World()
    world.group("system", 2)
    world.cloud.install(*EVERY_NODE, "coredns")
    world.settle()
    agents = ["eks-pod-identity-agent-"] * 2
    assert running(world) == ["aws-node"] * 2 + agents + ["kube-dns"] * 2 + ["kube-proxy"] * 2
    assert {one["metadata"]["namespace"] for one in world.pods()} == {"kube-system"}
    assert world.get(SERVICE, "kube-dns", "kube-system")["spec"]["ports"][0]["port"] == 53
    world.cloud.install("kube-proxy")
    world.settle()
    assert running(world) == ["kube-proxy"] * 2
    assert [one["metadata"]["name"] for one in world.store.list(SERVICE, "kube-system")] == []


def test_a_new_node_gets_the_pods_that_belong_on_every_node() -> None:
    world = World()
    world.group("system", 1)
    world.cloud.install("kube-proxy")
    world.group("gpu", 2, taints=[{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}])
    world.settle()
    assert running(world) == ["kube-proxy"] * 3


def test_an_add_on_whose_pods_find_no_node_is_degraded_until_they_do() -> None:
    world = World()
    world.cloud.install("coredns", "kube-proxy")
    world.settle()
    world.advance(seconds=30)
    assert world.cloud.ailing == {}
    world.advance(seconds=60)
    code, message = world.cloud.ailing["coredns"]
    assert (set(world.cloud.ailing), code) == ({"coredns"}, "InsufficientNumberOfReplicas")
    assert "desired number of replicas" in message
    world.group("system", 1)
    world.settle()
    world.advance(seconds=20)
    assert world.get(DEPLOYMENT, "coredns", "kube-system")["status"]["availableReplicas"] == 2
    assert world.cloud.ailing == {}
