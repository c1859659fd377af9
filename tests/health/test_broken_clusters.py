"""Clusters that work, and clusters that are broken in one way each: what is said of them, word by word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.backend import Holder
from mlinfra.core.health import Severity
from mlinfra.core.resource import Connection
from mlinfra.core.state import Intent
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Cluster, Expected, Release
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE, POD
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import job, meta, workload

from .emulated import ON_GPUS, groups, health_of, only, seen, serve_with_gpus, world

FAIL = "sandbox.mlinfra.dev/fail"


def test_nothing_is_wrong_with_a_cluster_that_works() -> None:
    made = world(gpus=2)
    serve_with_gpus(made, "ranker", 2)
    health = health_of(made, groups=groups(made), cluster=Cluster(name="ml", status="ACTIVE"))
    assert health.troubles == ()
    assert health.verdict == "healthy"
    assert health.counts == (("nodes ready", 4, 4), ("pods ready", 2, 2), ("workloads available", 1, 1))


def test_one_gpu_pod_too_many_is_said_with_what_it_would_take() -> None:
    made = world(gpus=2)
    serve_with_gpus(made, "ranker", 3)
    trouble = only(health_of(made, groups=groups(made)))
    assert trouble.severity is Severity.BROKEN
    assert trouble.title == "Deployment default/ranker (1 pod)"
    assert trouble.words == (
        "each needs 1 nvidia.com/gpu, and all 2 nodes that have it are full (held by Deployment default/ranker: 2)"
    )
    assert trouble.remedy.startswith("group gpu has 2 of at most 2: raise nodeGroups.gpu.max")


def test_a_group_that_may_grow_grows_only_where_somebody_sees_to_it() -> None:
    alone, attended = world(gpus=1), world(gpus=1, autoscaler=True)
    for made in (alone, attended):
        serve_with_gpus(made, "ranker", 2)
    trouble = only(health_of(alone, groups=groups(alone, maximum=4)))
    assert trouble.remedy == (
        "group gpu may grow from 1 to 4, and nothing does that by itself here: "
        "add `autoscaling`, or raise nodeGroups.gpu.min"
    )
    trouble = only(health_of(attended, groups=groups(attended, maximum=4)))
    assert trouble.severity is Severity.WARNING
    assert trouble.remedy.startswith("group gpu may grow from 1 to 4: the autoscaler adds a machine")


def test_a_shortage_of_machines_is_the_cause_and_the_waiting_pods_are_its_echo() -> None:
    made = world(gpus=1, autoscaler=True)
    serve_with_gpus(made, "ranker", 2)
    failure = "InsufficientInstanceCapacity: We currently do not have sufficient g5.xlarge capacity in us-east-1a."
    trouble = only(health_of(made, groups=groups(made, maximum=4, desired=2, failure=failure)))
    assert trouble.title == "node group gpu"
    assert trouble.words == f"it has 1 of 2 machines, and gets no more: {failure}"
    assert "add further types to nodeGroups.gpu.instances" in trouble.remedy
    assert trouble.explains == ("Deployment default/ranker",)


def test_a_second_choice_is_told_with_the_reason_and_is_no_trouble() -> None:
    made = world(gpus=2)
    why = "InsufficientInstanceCapacity: no g5.xlarge"
    health = health_of(made, groups=groups(made, hindered=why, stood_in=True))
    assert health.verdict == "healthy"
    assert [trouble.words for trouble in health.troubles] == [
        "a try of the last hour to get a machine failed, and another choice stands in: "
        "InsufficientInstanceCapacity: no g5.xlarge"
    ]


def test_pods_that_wait_for_a_group_whose_last_try_failed_are_told_so() -> None:
    made = world(gpus=1, autoscaler=True)
    serve_with_gpus(made, "ranker", 2)
    trouble = only(health_of(made, groups=groups(made, maximum=4, hindered="MaxSpotInstanceCountExceeded: too many")))
    assert trouble.severity is Severity.BROKEN
    assert trouble.title == "Deployment default/ranker (1 pod)"
    assert trouble.remedy.endswith(
        "; its last try failed: MaxSpotInstanceCountExceeded: too many; "
        "the spot quota of the account is used up: mlinfra capacity says which to raise"
    )


def test_gpus_that_no_plugin_tells_of_are_found_out() -> None:
    made = world(gpus=1, gpu_plugin=False)
    serve_with_gpus(made, "ranker", 1)
    trouble = only(health_of(made, groups=groups(made)))
    assert (
        trouble.words == f"nobody tells Kubernetes of the GPUs of node {made.nodes()[-1]}: no pod can use what it has"
    )
    assert trouble.explains == ("Deployment default/ranker",)
    assert trouble.remedy.startswith("the NVIDIA device plugin tells of them, and it runs nowhere: see its DaemonSet")


def test_the_plugin_that_is_not_there_is_the_cause_of_gpus_that_nobody_tells_of_and_of_who_waits_for_them() -> None:
    made = world(gpus=1, gpu_plugin=False)
    serve_with_gpus(made, "ranker", 1)
    subject = "DaemonSet nvidia-device-plugin/nvidia-device-plugin"
    expected = (Expected(subject=subject, address="components.nvidia-device-plugin"),)
    trouble = only(health_of(made, groups=groups(made), expected=expected))
    assert trouble.title == subject
    assert trouble.explains == ("Deployment default/ranker", "NVIDIA device plugin")


def test_several_groups_that_would_help_are_told_in_a_line_each() -> None:
    made = world(gpus=1)
    tolerant = {"tolerations": ON_GPUS["tolerations"]}
    requests = {"nvidia.com/gpu": "1"}
    made.create(workload("Deployment", "ranker", replicas=2, requests=requests, pod_spec=tolerant))
    made.settle()
    full = groups(made)[1]
    other = msgspec.structs.replace(full, name="gpu-large", maximum=0, desired=0, machines=0)
    trouble = only(health_of(made, groups=(full, other)))
    assert trouble.remedy.splitlines() == [
        "free what is held, or raise one of these (mlinfra capacity says whether the quota allows it):",
        "nodeGroups.gpu.max        has 1 of at most 1",
        "nodeGroups.gpu-large.max  has 0 of at most 0",
    ]


def test_a_pod_larger_than_every_node_is_told_that_more_nodes_do_not_help() -> None:
    made = world(gpus=1)
    serve_with_gpus(made, "trainer", 1, gpus=8)
    trouble = only(health_of(made, groups=groups(made, maximum=4)))
    most = "no node has more than 1 nvidia.com/gpu, nor would a new one of any group have enough"
    assert trouble.words == f"each needs 8 nvidia.com/gpu, and {most}"
    assert "larger machines" in trouble.remedy


def test_a_node_that_does_not_answer_explains_its_pods() -> None:
    made = world()
    made.create(workload("Deployment", "web", replicas=2))
    made.settle()
    pod = made.pods()[0]
    name, unready = pod["spec"]["nodeName"], {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    made.store.merge(POD, pod["metadata"]["name"], "default", unready, "status")
    made.store.merge(NODE, name, None, {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, "status")
    trouble = only(health_of(made))
    assert trouble.title == f"node {name}"
    assert trouble.words == "NotReady: its kubelet does not answer any more"
    assert trouble.explains == ("Deployment default/web",)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("crash", "container main ends again and again: exit code 1"),
        ("image-pull", "container main: its image app:1 cannot be pulled ("),
    ],
)
def test_a_container_that_does_not_run_explains_its_workload(fault: str, words: str) -> None:
    made = world()
    made.create(workload("Deployment", "web", replicas=2, notes={FAIL: fault}))
    made.settle()
    made.advance(minutes=2)
    trouble = only(health_of(made))
    assert trouble.title == "Deployment default/web (2 pods)"
    assert trouble.words.startswith(words)


def test_a_pod_that_never_gets_ready_is_said_after_a_while() -> None:
    made = world()
    made.create(workload("Deployment", "web", replicas=1, notes={FAIL: "never-ready"}))
    made.settle()
    made.advance(minutes=15)
    trouble = only(health_of(made))
    assert trouble.words.startswith("it runs and is not ready: its readiness probe fails")


def test_a_job_that_failed_is_told_with_how_to_see_why() -> None:
    made = world()
    made.create(job("nightly", notes={FAIL: "crash"}, backoffLimit=0))
    made.settle()
    made.advance(minutes=1)
    trouble = only(health_of(made))
    assert trouble.title == "Job default/nightly"
    assert "kubectl logs -n default job/nightly" in trouble.remedy


def test_a_claim_without_its_class_is_the_cause_of_the_pod_that_waits() -> None:
    made = world()
    made.create(claim("models", storageClassName="fast"))
    volume = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
    made.create(workload("Deployment", "web", replicas=1, pod_spec={"volumes": [volume]}))
    made.settle()
    trouble = only(health_of(made))
    assert trouble.title == "PersistentVolumeClaim default/models"
    assert trouble.words.startswith("there is no storage class fast (there is ")
    assert trouble.explains == ("Deployment default/web",)


def test_a_service_whose_load_balancer_never_comes_names_what_would_make_it() -> None:
    made = world()
    spec = {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "ports": [{"port": 80}]}
    made.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("web"), "spec": spec})
    made.settle()
    made.advance(minutes=10)
    trouble = only(health_of(made))
    assert trouble.title == "Service default/web"
    assert trouble.remedy == "no controller makes load balancers here: add the component aws-load-balancer-controller"


def test_a_webhook_that_nobody_answers_behind_says_what_cannot_be_written() -> None:
    made = world()
    spec = {"selector": {"app": "guard"}, "ports": [{"port": 443}]}
    made.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("guard"), "spec": spec})
    made.create(webhook("guard"))
    made.settle()
    trouble = only(health_of(made))
    assert trouble.title == "ValidatingWebhookConfiguration guard"
    assert trouble.words == "nobody answers behind it (service default/guard): deployments cannot be written"


def test_pods_that_crash_explain_the_webhook_that_they_serve_and_the_release_that_failed() -> None:
    made = world()
    made.create(workload("Deployment", "guard", replicas=1, notes={FAIL: "crash"}))
    spec = {"selector": {"app": "guard"}, "ports": [{"port": 443}]}
    made.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("guard"), "spec": spec})
    made.settle()
    made.create(webhook("guard"))
    made.advance(minutes=2)
    failed = Release(id="default/guard", number=2, status="failed", objects=frozenset({"Deployment default/guard"}))
    trouble = only(health_of(made, releases=(failed,)))
    assert trouble.title == "Deployment default/guard (1 pod)"
    assert trouble.explains == ("ValidatingWebhookConfiguration guard", "release default/guard")


def test_a_release_that_was_left_half_way_is_said_with_what_to_do() -> None:
    stuck = Release(id="keda/keda", number=3, status="pending-upgrade")
    trouble = only(health_of(world(), releases=(stuck,), addresses={"release keda/keda": "components.keda"}))
    assert trouble.words == "its revision 3 is pending-upgrade: whoever was at it was interrupted"
    assert trouble.address == "components.keda"


def test_what_a_module_promises_and_is_not_there_is_missed() -> None:
    expected = (Expected(subject="Deployment keda/keda-operator", address="components.keda"),)
    trouble = only(health_of(world(), expected=expected))
    assert trouble.words == "it is not there, although components.keda brings it"


def test_an_interrupted_run_is_told_unless_somebody_is_at_it() -> None:
    begun = Intent(
        address=Address("network.vpc"), generation=1, verb="create", type="t", connection=Connection("aws", "")
    )
    trouble = only(health_of(world(), pending=(begun,)))
    assert trouble.words == "it was interrupted before 1 call had an answer: create network.vpc"
    since = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    holder = Holder(token=1, who="ada@laptop", purpose="apply", since=since, expires=since)
    health = health_of(world(), pending=(begun,), holder=holder)
    assert health.verdict == "healthy"
    assert health.troubles[0].words == "ada@laptop holds it for apply, since 2026-11-24 09:00 UTC"


def test_a_cluster_that_somebody_deleted_is_said_to_be_gone() -> None:
    trouble = only(health_of(world(), cluster=Cluster(name="ml", status="GONE")))
    assert trouble.words.endswith("somebody deleted it")


def test_the_worst_comes_first_and_what_lies_below_before_what_lies_above() -> None:
    made = world(gpus=1)
    serve_with_gpus(made, "ranker", 2)
    made.create(job("nightly", notes={FAIL: "crash"}, backoffLimit=0))
    made.settle()
    made.advance(minutes=1)
    degraded = Cluster(name="ml", status="ACTIVE", problems=("SubnetNotFound: one is gone",))
    health = health_of(made, groups=groups(made), cluster=degraded)
    assert [trouble.title for trouble in health.troubles] == [
        "cluster ml",
        "Deployment default/ranker (1 pod)",
        "Job default/nightly",
    ]


def test_what_karpenter_does_not_get_is_told_of_its_pool_with_the_reason() -> None:
    failed = {"type": "Launched", "status": "False", "message": "InsufficientInstanceCapacity: no g5.xlarge"}
    claim = {
        "metadata": {"name": "gpu-x7k2p", "labels": {"karpenter.sh/nodepool": "gpu"}},
        "status": {"conditions": [failed]},
    }
    looked = seen(world())
    looked = msgspec.structs.replace(looked, objects={**looked.objects, "NodeClaim": (claim,)})
    trouble = only(judge("recsys", looked))
    assert trouble.title == "node pool gpu (1 nodeclaim)"
    assert trouble.words == "a machine is not launched: InsufficientInstanceCapacity: no g5.xlarge"
    assert trouble.address == "nodeGroups.gpu"


@pytest.mark.parametrize(
    ("ready", "days", "words"),
    [
        ("True", 3, "it ends in 2 days, and was not renewed"),
        ("True", -1, "it has ended, and was not renewed"),
        ("False", 60, "it is not issued: the order is invalid"),
    ],
)
def test_certificates_that_end_or_are_not_issued_are_told(ready: str, days: int, words: str) -> None:
    looked = seen(world())
    until = (looked.now + timedelta(days=days)).isoformat()
    status = {"notAfter": until, "conditions": [{"type": "Ready", "status": ready, "message": "the order is invalid"}]}
    live = {"metadata": meta("web", creationTimestamp=timestamp(looked.now - timedelta(hours=1))), "status": status}
    looked = msgspec.structs.replace(
        looked, now=looked.now + timedelta(seconds=1), objects={**looked.objects, "Certificate": (live,)}
    )
    assert only(judge("recsys", looked)).words == words


def test_only_the_namespaces_of_the_stack_are_looked_at_in_a_cluster_of_others() -> None:
    made = world()
    made.create(workload("Deployment", "web", replicas=1, notes={FAIL: "crash"}))
    made.settle()
    made.advance(minutes=2)
    assert health_of(made, namespaces=frozenset({"serving"})).troubles == ()


def claim(name: str, **spec: object) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name), "spec": asked}


def webhook(service: str) -> Object:
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": service},
        "webhooks": [
            {
                "name": "guard.example.com",
                "clientConfig": {"service": {"name": service, "namespace": "default"}},
                "rules": [rule],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }
