"""Failures of a busy platform, each told with what stands in the way and what to write where."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from mlinfra.core.health import Severity
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Targets
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE, POD
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import GPU_TAINT, World, meta, workload

from .emulated import groups, health_of, only, seen, serve_with_gpus, world

DEDICATED = {"key": "dedicated", "value": "inference", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("taints", "tolerant", "kept"),
    [
        ([GPU_TAINT, DEDICATED], True, "dedicated=inference:NoSchedule"),
        ([GPU_TAINT], False, "nvidia.com/gpu=true:NoSchedule"),
    ],
)
def test_a_free_gpu_behind_a_taint_is_not_called_full(taints: list[Object], tolerant: bool, kept: str) -> None:
    made = world(gpus=1)
    made.store.merge(NODE, made.nodes()[-1], None, {"spec": {"taints": taints}})
    if tolerant:
        serve_with_gpus(made, "ranker", 1)
    else:
        made.create(workload("Deployment", "ranker", replicas=1, requests={"nvidia.com/gpu": "1"}))
        made.settle()
    trouble = only(health_of(made, groups=groups(made, maximum=4)))
    kept_for = f"the only node that has it is kept for pods that tolerate {kept}, which it does not"
    assert trouble.words == f"each needs 1 nvidia.com/gpu, and {kept_for}"
    assert trouble.remedy.startswith("add a toleration for it to the pod")


def test_a_label_that_no_node_has_is_named() -> None:
    made = world()
    spec = {"nodeSelector": {"topology.kubernetes.io/zone": "eu-west-1z"}}
    made.create(workload("Deployment", "web", replicas=1, pod_spec=spec))
    made.settle()
    trouble = only(health_of(made))
    assert trouble.words == (
        "it asks for a node with topology.kubernetes.io/zone=eu-west-1z, and none has that, "
        "nor would a new one of any node group (topology.kubernetes.io/zone is eu-west-1a here)"
    )
    assert "nodeSelector" in trouble.remedy


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_service_account_that_is_not_there_is_named_with_how_to_make_it(kind: str) -> None:
    why = (
        'pods "web-0" is forbidden: error looking up service account default/reader: serviceaccount "reader" not found'
    )
    live: Object = {"metadata": {**meta("web"), "uid": "u1"}, "spec": {"replicas": 1}, "status": {"replicas": 0}}
    objects: dict[str, tuple[Object, ...]] = {kind: (live,)}
    if kind == "Deployment":
        live["status"]["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": why}]
    else:
        live["status"]["desiredNumberScheduled"] = 1
        about: Object = {"metadata": meta("e"), "involvedObject": {"uid": "u1"}, "type": "Warning", "message": why}
        objects["Event"] = (about,)
    looked = msgspec.structs.replace(seen(world()), objects=objects)
    trouble = only(judge("recsys", looked))
    assert trouble.words == "0 of 1 replicas work, and no more can be made: its service account reader is not there"
    assert trouble.remedy.endswith("kubectl create serviceaccount reader -n default")


@pytest.mark.parametrize("managed", [True, False])
def test_a_machine_that_is_taken_back_is_not_called_cordoned_by_somebody(managed: bool) -> None:
    made = world()
    before = set(made.nodes())
    made.group("spot", 1, managed=managed)
    if not managed:
        made.create(workload("Deployment", "h", labels={"app.kubernetes.io/name": "aws-node-termination-handler"}))
    made.settle()
    (name,) = set(made.nodes()) - before
    (machine,) = (one for one in made.cloud.machines() if one.name == name)
    made.cloud.interrupt(machine.instance_id, made.clock() + timedelta(minutes=2))
    made.advance(seconds=30)
    (note,) = (one for one in health_of(made).troubles if one.title == f"node {name}")
    assert note.severity is Severity.NOTE
    assert note.words == (
        "AWS takes it back, a spot machine within two minutes; its pods are moving, and its group starts another for it"
    )
    assert note.remedy == ""


def budgeted(replicas: int, **spec: object) -> World:
    made = world()
    made.create(workload("Deployment", "web", replicas=replicas))
    selector = {"selector": {"matchLabels": {"app": "web"}}, **spec}
    made.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("web"), "spec": selector})
    made.settle()
    return made


@pytest.mark.parametrize(
    ("spec", "remedy"),
    [
        ({"minAvailable": 1}, "have one replica more, or allow one to be missing"),
        ({"maxUnavailable": 0}, "allow one to be missing"),
    ],
)
def test_a_budget_that_never_lets_a_pod_go_is_told_once_a_node_is_to_be_emptied(
    spec: dict[str, int], remedy: str
) -> None:
    made = budgeted(1, **spec)
    assert health_of(made).troubles == ()
    node = made.pods()[0]["spec"]["nodeName"]
    made.store.merge(NODE, node, None, {"spec": {"unschedulable": True}})
    trouble = only(health_of(made))
    assert (trouble.severity, trouble.title) == (Severity.WARNING, "PodDisruptionBudget default/web")
    assert trouble.words == f"it keeps node {node} from being emptied: its only pod must stay"
    assert trouble.remedy.startswith(remedy)


def test_a_budget_that_lets_one_go_is_no_trouble() -> None:
    made = budgeted(2, maxUnavailable=1)
    made.store.merge(NODE, made.pods()[0]["spec"]["nodeName"], None, {"spec": {"unschedulable": True}})
    assert health_of(made).verdict == "healthy"


def test_an_autoscaler_without_metrics_says_what_would_measure() -> None:
    made = world()
    made.create(workload("Deployment", "web", replicas=1))
    target = {"type": "Utilization", "averageUtilization": 50}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": reference, "maxReplicas": 3, "metrics": [metric]}
    made.create(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta("web"), "spec": spec}
    )
    made.settle()
    trouble = only(health_of(made))
    assert trouble.words.startswith("it sees no metrics, and leaves Deployment default/web at 1 replica: ")
    assert trouble.remedy.startswith("nothing measures pods here: add the component metrics-server")


@pytest.mark.parametrize(
    ("said", "why", "remedy"),
    [
        ("ClientError: An error occurred (403) when calling HeadObject: Forbidden", "may not read it", "s3:GetObject"),
        ("fatal error: Unable to locate credentials", "has no role", "pod identity"),
        ("fatal error: An error occurred (NoSuchBucket)", "it is not there", "path of the model"),
        ("Could not connect to the endpoint URL", "S3 is not reached", "network.vpcEndpoints"),
    ],
)
def test_a_model_that_cannot_be_fetched_is_told_by_what_s3_said(said: str, why: str, remedy: str) -> None:
    made = world()
    made.create(workload("Deployment", "ranker-predictor", replicas=1))
    made.settle()
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": said}}
    container = {"name": "storage-initializer", "restartCount": 4, "ready": False, "image": "i:1", "imageID": "i"}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {"phase": "Pending", "initContainerStatuses": [{**container, "state": waiting, "lastState": ended}]}
    made.store.merge(POD, made.pods()[0]["metadata"]["name"], "default", {"status": status}, "status")
    failed = {"type": "Ready", "status": "False", "message": "the predictor is not ready"}
    service = {"metadata": meta("ranker"), "status": {"conditions": [failed]}}
    looked = seen(made)
    looked = msgspec.structs.replace(looked, objects={**looked.objects, "InferenceService": (service,)})
    trouble = only(judge("recsys", looked))
    assert trouble.title == "Deployment default/ranker-predictor (1 pod)"
    assert trouble.words.startswith("its model cannot be fetched: ")
    assert why in trouble.words
    assert remedy in trouble.remedy
    assert trouble.explains == ("InferenceService default/ranker",)


def test_a_setting_that_is_not_there_is_named_in_the_words() -> None:
    made = world()
    web = workload("Deployment", "web", replicas=1)
    web["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "keys"}}]
    made.create(web)
    made.settle()
    trouble = only(health_of(made))
    assert trouble.words == 'container main cannot be made: secret "keys" not found (CreateContainerConfigError)'


@pytest.mark.parametrize(
    ("healthy", "starting", "ill", "severity", "words"),
    [
        (
            0,
            0,
            ("Target.Timeout: Request timed out",),
            "broken",
            "0 of 2 targets answer: Target.Timeout: Request timed out",
        ),
        (
            1,
            0,
            ("Target.Timeout: Request timed out",),
            "warning",
            "1 of 2 targets answer: Target.Timeout: Request timed ",
        ),
        (1, 1, (), "note", "1 of 2 targets answer; the others have only just come"),
        (2, 0, (), "", ""),
    ],
)
def test_a_load_balancer_whose_targets_do_not_answer_is_told(
    healthy: int, starting: int, ill: tuple[str, ...], severity: str, words: str
) -> None:
    group = Targets(
        name="models-http", address="loadBalancers.models", total=2, healthy=healthy, starting=starting, ill=ill
    )
    troubles = health_of(world(), targets=(group,)).troubles
    told = [(one.severity.value, one.address) for one in troubles]
    assert told == ([(severity, "loadBalancers.models")] if severity else [])
    assert all(one.words.startswith(words) for one in troubles)


@pytest.mark.parametrize(("mode", "told"), [("WaitForFirstConsumer", True), ("Immediate", True), ("", False)])
def test_a_volume_whose_driver_is_not_here_is_told_with_the_line_that_brings_it(mode: str, told: bool) -> None:
    made = world()
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "gp3"}}
    made.create({**kind, "provisioner": "ebs.csi.aws.com", "volumeBindingMode": mode or "WaitForFirstConsumer"})
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "resources": {"requests": {"storage": "1Gi"}}}
    made.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("data"), "spec": claim})
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    if told:
        made.create(workload("StatefulSet", "store", replicas=1, pod_spec={"volumes": [volume]}))
    made.settle()
    troubles = health_of(made).troubles
    assert [(one.words, one.remedy, one.explains) for one in troubles] == [
        (
            "nothing makes its volume: the driver of its class gp3 (ebs.csi.aws.com) is not here",
            "name it in the stack: cluster.volumes: [ebs]",
            ("StatefulSet default/store",),
        )
    ][: len(troubles)]
    assert bool(troubles) is told


@pytest.mark.parametrize(("minutes", "told"), [(2, False), (9, True)])
def test_a_namespace_that_does_not_go_is_told_with_who_holds_it(minutes: int, told: bool) -> None:
    looked = seen(world())
    message = "Some content in the namespace has finalizers remaining: acme.example/never in 1 resource instances"
    going = {
        "metadata": {"name": "old", "deletionTimestamp": timestamp(looked.now - timedelta(minutes=minutes))},
        "status": {"conditions": [{"type": "NamespaceFinalizersRemaining", "status": "True", "message": message}]},
    }
    troubles = judge(
        "recsys", msgspec.structs.replace(looked, objects={**looked.objects, "Namespace": (going,)})
    ).troubles
    words = f"it does not go, since 08:51 UTC (9 minutes): {message}"
    assert [(one.title, one.words) for one in troubles] == ([("Namespace old", words)] if told else [])
