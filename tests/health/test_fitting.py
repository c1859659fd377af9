"""Pods that wait are told what helps: a larger group only where a new machine of it would take them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.health import Severity, Trouble
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import GPU_TAINT, GPU_TOLERATION, World, meta, workload

from .emulated import ONE_GPU, OWN, groups, health_of, only, seen, serve_with_gpus, world

NVIDIA = ({"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},)


def told(pod_spec: Object, requests: dict[str, str], *, grown: int = 4, gpus: int = 1, **more: Any) -> Trouble:
    """What is said of a pod, in a cluster with a group of GPUs that may grow and an autoscaler that sees to it."""
    made = world(gpus=gpus, autoscaler=True)
    made.create(workload("Deployment", "web", replicas=1, requests=requests, pod_spec=pod_spec))
    made.settle()
    return only(health_of(made, groups=groups(made, maximum=grown, **more)))


def test_a_pod_that_asks_for_neuron_is_not_sent_to_groups_of_other_accelerators() -> None:
    trouble = told({"tolerations": [{"operator": "Exists"}]}, {"aws.amazon.com/neuron": "1"}, grown=1)
    assert trouble.severity is Severity.BROKEN
    assert trouble.words == "each needs 1 aws.amazon.com/neuron, and neither a node nor a node group has any"
    assert trouble.remedy == "add a node group of such machines to nodeGroups"


def test_a_group_that_has_what_is_asked_for_and_no_machine_yet_is_named() -> None:
    made = world(autoscaler=True)
    requests = {"aws.amazon.com/neuron": "1"}
    made.create(workload("Deployment", "web", requests=requests, pod_spec={"tolerations": [{"operator": "Exists"}]}))
    made.settle()
    taints = ({"key": "aws.amazon.com/neuron", "value": "present", "effect": "NoSchedule"},)
    trouble = only(health_of(made, groups=(*groups(made, maximum=2), Group(name="trn", maximum=1, taints=taints))))
    assert trouble.severity is Severity.WARNING
    assert trouble.remedy.startswith("group trn may grow from 0 to 1: the autoscaler adds a machine")


def test_a_label_that_no_group_has_is_not_mended_by_a_machine_more() -> None:
    trouble = told({"nodeSelector": {"disk": "nvme"}}, {})
    assert trouble.severity is Severity.BROKEN
    assert trouble.words.startswith("it asks for a node with disk=nvme, and none has that")
    assert "labels: {disk: nvme}" in trouble.remedy


def test_a_label_that_a_group_without_machines_has_is_mended_by_one() -> None:
    made = world(autoscaler=True)
    made.create(workload("Deployment", "web", replicas=1, pod_spec={"nodeSelector": {"disk": "nvme"}}))
    made.settle()
    fast = Group(name="fast", maximum=2, labels={"disk": "nvme"})
    trouble = only(health_of(made, groups=(*groups(made), fast)))
    assert trouble.severity is Severity.WARNING
    assert trouble.remedy.startswith("group fast may grow from 0 to 2: the autoscaler adds a machine")


@pytest.mark.parametrize("by", ["selector", "affinity"])
def test_a_misspelt_group_is_told_with_the_one_that_was_meant(by: str) -> None:
    rule = {"key": "mlinfra/node-group", "operator": "In", "values": ["gup"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    asked: Object = {"nodeSelector": {"mlinfra/node-group": "gup"}} if by == "selector" else {"affinity": affinity}
    trouble = told({"tolerations": [GPU_TOLERATION], **asked}, {"nvidia.com/gpu": "1"})
    assert trouble.severity is Severity.BROKEN
    assert "it asks for a node with mlinfra/node-group=gup, and none has that" in trouble.words
    assert trouble.words.endswith("(mlinfra/node-group is gpu, system here)")
    assert trouble.remedy.startswith("did you mean mlinfra/node-group=gpu?")


def test_a_claim_that_is_not_there_is_named_and_no_machine_promised() -> None:
    volume = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    trouble = told({"volumes": [volume]}, {})
    assert trouble.severity is Severity.BROKEN
    assert trouble.words == "its PersistentVolumeClaim models is not there"
    assert trouble.remedy.startswith("make the claim models")


def test_a_group_kept_for_others_is_told_with_its_taint() -> None:
    trouble = told({}, {"nvidia.com/gpu": "1"}, gpus=0, taints=NVIDIA)
    assert trouble.words == (
        "each needs 1 nvidia.com/gpu, and group gpu is kept for pods that tolerate "
        "nvidia.com/gpu=present:NoSchedule, which it does not"
    )


def in_zone(made: World, zone: str) -> tuple[Object, ...]:
    """The volume of a claim of the pod's, and the zone that it lies in."""
    rule = {"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}
    terms = {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    return ({"metadata": meta("pv") | {"namespace": None}, "spec": {"nodeAffinity": terms}},)


@pytest.mark.parametrize(("zone", "grows"), [("eu-west-1a", True), ("eu-west-1b", False)])
def test_a_group_helps_only_where_the_volume_lies(zone: str, grows: bool) -> None:
    made = world(autoscaler=True)
    volume = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    made.create(workload("Deployment", "web", pod_spec={"volumes": [volume], "nodeSelector": {"disk": "nvme"}}))
    made.settle()
    fast = Group(name="fast", maximum=2, labels={"disk": "nvme"}, zones=("eu-west-1a",))
    looked = seen(made, groups=(*groups(made), fast))
    claim = {"metadata": meta("models"), "spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}
    more = {"PersistentVolumeClaim": (claim,), "PersistentVolume": in_zone(made, zone)}
    looked = msgspec.structs.replace(looked, objects={**looked.objects, **more, "Pod": _waiting(made)})
    assert ("the autoscaler adds a machine" in only(judge("recsys", looked)).remedy) is grows


def _waiting(made: World) -> tuple[Object, ...]:
    """Its pods, as a scheduler tells that finds the claim."""
    why = "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity. preemption: none."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    pods = [pod for pod in made.pods() if pod["metadata"]["name"].startswith("web")]
    return tuple({**pod, "status": {"phase": "Pending", "conditions": [scheduled]}} for pod in pods)


def test_a_node_that_a_pod_may_not_run_on_is_not_called_full() -> None:
    made = world(gpus=1)
    made.group("other", 1, ONE_GPU, labels={OWN: "other", "mlinfra/gpu": "A10G"}, taints=[GPU_TAINT])
    serve_with_gpus(made, "ranker", 2)  # on group `gpu` alone
    trouble = only(health_of(made, groups=groups(made)))
    assert trouble.words == (
        "each needs 1 nvidia.com/gpu, and the only node that has it and that it may run on is full "
        "(held by Deployment default/ranker: 1)"
    )


def test_what_the_autoscaler_says_it_does_nothing_for_is_not_waited_for() -> None:
    made = world(gpus=1, autoscaler=True)
    serve_with_gpus(made, "ranker", 2)
    (waits,) = (one for one in made.pods() if one["status"]["phase"] == "Pending")
    looked = seen(made, groups=groups(made, maximum=4))
    event = {
        "metadata": meta("e"),
        "involvedObject": {"uid": waits["metadata"]["uid"]},
        "reason": "NotTriggerScaleUp",
        "message": "pod didn't trigger scale-up: 1 Insufficient cpu",
        "lastTimestamp": timestamp(looked.now),
    }
    for events, severity in ((), Severity.WARNING), ((event,), Severity.BROKEN):
        heard = msgspec.structs.replace(looked, objects={**looked.objects, "Event": events})
        trouble = only(judge("recsys", heard))
        assert trouble.severity is severity
        assert ("adds no machine for it (1 Insufficient cpu)" in trouble.remedy) is bool(events)


def test_nodes_that_are_too_small_are_not_called_full_where_larger_ones_are_kept_for_others() -> None:
    made = world(gpus=1)
    made.group("large", 1, {"cpu": "4", "memory": "64Gi"}, labels={OWN: "large"}, taints=[GPU_TAINT])
    made.create(workload("Deployment", "web", replicas=1, requests={"memory": "32Gi"}))
    made.settle()
    trouble = only(health_of(made, groups=groups(made)))
    assert trouble.words == "each needs 32Gi of memory, and no node that it may run on has more than 15810Mi of memory"
    assert trouble.remedy == "ask for less, or add a group of a type with more to nodeGroups"
