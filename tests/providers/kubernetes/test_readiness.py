"""An object is there when it does what it is there for; until then its cause is said."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.errors import ProviderError
from mlinfra.core.value import Properties
from mlinfra.providers.kubernetes import conditions
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.conditions import Verdict
from mlinfra.sandbox.kubernetes.values import Object
from tests.providers.kubernetes.cluster import DEPLOYMENT, NAMESPACE, SERVICE, Cluster, Operation, deployment

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
JOB = "kubernetes:batch/v1:Job"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
HOOK = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration"
WIDGET = "kubernetes:test.example.com/v1:Widget"


def impatient(properties: Properties, seconds: int = 3) -> Properties:
    """The same object, with so much patience."""
    notes = {"pulumi.com/timeoutSeconds": str(seconds)}
    return {**properties, "metadata": {**properties["metadata"], "annotations": notes}}


def pods(name: str, notes: dict[str, str] | None = None, **spec: Any) -> Properties:
    """The spec of a workload of one container."""
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels, "annotations": notes or {}},
        "spec": {"containers": [{"name": "main", "image": "example.com/x:1"}]},
    }
    return {"selector": {"matchLabels": labels}, "template": template, **spec}


class SeenError(Exception):
    """What a test waits to hear was said."""


class Hearing(Operation):
    """Stops the waiting once all of some words were said in one sentence."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._wanted = words

    def check(self) -> None:
        for said in self.words[-1:]:
            if all(word in said for word in self._wanted):
                raise SeenError(said)


def hear(cluster: Cluster, token: str, properties: Properties, *words: str) -> None:
    """Make an object that does not become ready, and wait until that is said in these words."""
    with pytest.raises(SeenError):
        cluster.provider.create(cluster.target(token, properties), Hearing(*words))


def failure(cluster: Cluster, token: str, properties: Properties) -> str:
    """What is said of an object that does not become ready."""
    with pytest.raises(ProviderError) as said:
        cluster.make(token, properties)
    assert said.value.code == Code.NOT_READY
    return str(said.value)


def test_a_deployment_is_ready_with_all_its_replicas(cluster: Cluster) -> None:
    made = cluster.make(DEPLOYMENT, deployment("ready", replicas=3))
    assert made.properties["status"]["availableReplicas"] == 3


def test_a_deployment_without_replicas_is_ready(cluster: Cluster) -> None:
    assert cluster.make(DEPLOYMENT, deployment("none", replicas=0)).id == "default/none"


def test_an_image_that_cannot_be_pulled_is_said(cluster: Cluster) -> None:
    properties = deployment("unpulled", notes={"sandbox.mlinfra.dev/fail": "image-pull"})
    hear(cluster, DEPLOYMENT, properties, "0 of 1 replicas are available", "container main: ", "Pull")


def test_a_container_that_crashes_is_said(cluster: Cluster) -> None:
    properties = deployment("crashing", notes={"sandbox.mlinfra.dev/fail": "crash"})
    hear(cluster, DEPLOYMENT, properties, "container main: CrashLoopBackOff")


def test_a_pod_without_a_node_is_said_in_the_words_of_the_scheduler(cluster: Cluster) -> None:
    resources = {"requests": {"nvidia.com/gpu": "8"}, "limits": {"nvidia.com/gpu": "8"}}
    hear(cluster, DEPLOYMENT, deployment("unplaced", resources=resources), "has no node", "Insufficient nvidia.com/gpu")


def test_a_quota_that_forbids_pods_is_said(cluster: Cluster) -> None:
    cluster.make(NAMESPACE, {"metadata": {"name": "narrow"}})
    quota = {"metadata": {"name": "none", "namespace": "narrow"}, "spec": {"hard": {"pods": "0"}}}
    cluster.make("kubernetes:core/v1:ResourceQuota", quota)
    properties = deployment("crowded")
    properties["metadata"]["namespace"] = "narrow"
    hear(cluster, DEPLOYMENT, properties, "exceeded quota")


def test_patience_ends(cluster: Cluster) -> None:
    notes = {"sandbox.mlinfra.dev/fail": "never-ready"}
    assert "it is not ready after" in failure(cluster, DEPLOYMENT, impatient(deployment("late", notes=notes)))


def test_what_failed_is_recorded_first(cluster: Cluster) -> None:
    operation = Operation()
    notes = {"sandbox.mlinfra.dev/fail": "never-ready"}
    with pytest.raises(ProviderError):
        cluster.provider.create(cluster.target(DEPLOYMENT, impatient(deployment("half", notes=notes))), operation)
    assert operation.ids == ["default/half"]
    assert operation.words


def test_waiting_can_be_left_out(cluster: Cluster) -> None:
    properties = deployment("unawaited", notes={"sandbox.mlinfra.dev/fail": "never-ready"})
    properties["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert cluster.make(DEPLOYMENT, properties).id == "default/unawaited"


def test_an_update_is_waited_for(cluster: Cluster) -> None:
    desired = deployment("rolling", replicas=2)
    made = cluster.make(DEPLOYMENT, desired)
    changed = deployment("rolling", replicas=2, image="example.com/web:2")
    after = cluster.bring(DEPLOYMENT, changed, desired, made.id)
    status = after.properties["status"]
    assert (status["updatedReplicas"], status["replicas"], status["availableReplicas"]) == (2, 2, 2)


def test_a_stateful_set_and_a_daemon_set_are_ready_with_all_their_pods(cluster: Cluster) -> None:
    meta = {"name": "store", "namespace": "default"}
    spec = pods("store", replicas=2, serviceName="store")
    assert cluster.make(STATEFUL_SET, {"metadata": meta, "spec": spec}).properties["status"]["readyReplicas"] == 2
    meta = {"name": "agent", "namespace": "default"}
    made = cluster.make(DAEMON_SET, {"metadata": meta, "spec": pods("agent")})
    assert made.properties["status"]["numberAvailable"] == 2


def job(name: str, notes: dict[str, str], **spec: Any) -> Properties:
    """A Job."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.com/x:1"}]}
    template = {"metadata": {"annotations": notes}, "spec": pod}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"template": template, **spec}}


def test_a_job_is_ready_when_it_has_done_its_work(cluster: Cluster) -> None:
    made = cluster.make(JOB, job("done", {}))
    assert made.properties["status"]["succeeded"] == 1


def test_a_job_that_fails_is_said_and_replaced_by_the_next_plan(cluster: Cluster) -> None:
    said = failure(cluster, JOB, job("failing", {"sandbox.mlinfra.dev/fail": "crash"}, backoffLimit=0))
    assert "BackoffLimitExceeded" in said
    assert "BackoffLimitExceeded" in cluster.seen(JOB, "default/failing").failed


def test_a_job_that_is_at_its_work_when_patience_ends_is_left_to_it(cluster: Cluster) -> None:
    made = cluster.make(JOB, impatient(job("long", {"sandbox.mlinfra.dev/duration": "3600"}), 20))
    assert made.properties["status"].get("succeeded", 0) == 0


def test_a_balancer_that_does_not_come_is_said(cluster: Cluster) -> None:
    spec = {"type": "LoadBalancer", "selector": {"app": "x"}, "ports": [{"port": 80}]}
    lonely = {
        "metadata": {"name": "lonely", "namespace": "default"},
        "spec": {**spec, "loadBalancerClass": "none.io/x"},
    }
    assert "no load balancer yet" in failure(cluster, SERVICE, impatient(lonely))


def test_a_balancer_is_waited_for(cluster: Cluster) -> None:
    spec = {"type": "LoadBalancer", "selector": {"app": "x"}, "ports": [{"port": 80}]}
    made = cluster.make(SERVICE, {"metadata": {"name": "public", "namespace": "default"}, "spec": spec})
    assert made.properties["status"]["loadBalancer"]["ingress"][0]["hostname"]


def claim(name: str, storage_class: str) -> Properties:
    """A claim of a gigabyte."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": storage_class,
    }
    return {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


def test_a_claim_that_waits_for_its_first_pod_is_ready(cluster: Cluster) -> None:
    late = {
        "metadata": {"name": "late"},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    cluster.make(CLASS, late)
    assert cluster.make(CLAIM, claim("late", "late")).properties["status"]["phase"] == "Pending"


def test_a_claim_that_gets_no_volume_is_said(cluster: Cluster) -> None:
    prompt = {"metadata": {"name": "prompt"}, "provisioner": "nobody.example.com", "volumeBindingMode": "Immediate"}
    cluster.make(CLASS, prompt)
    assert "no volume yet" in failure(cluster, CLAIM, impatient(claim("stuck", "prompt")))


def definition(status: bool = True) -> Properties:
    """The definition of widgets."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    if status:
        version["subresources"] = {"status": {}}
    names = {"plural": "widgets", "kind": "Widget", "singular": "widget", "listKind": "WidgetList"}
    spec = {"group": "test.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "widgets.test.example.com"}, "spec": spec}


def test_a_definition_is_ready_when_its_kind_is_served(cluster: Cluster) -> None:
    made = cluster.make(DEFINITION, definition())
    widget = {"metadata": {"name": "one", "namespace": "default"}, "spec": {"size": 1}}
    assert cluster.make(WIDGET, widget).id == "default/one"  # nothing is said of it, which is enough after a while
    assert not cluster.difference(DEFINITION, definition(), definition(), made.id).fields


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ({"conditions": [{"type": "Ready", "status": "True"}]}, conditions.READY),
        (
            {"conditions": [{"type": "Ready", "status": "False", "reason": "NoGpu", "message": "none left"}]},
            Verdict("NoGpu: none left"),
        ),
        (
            {
                "conditions": [
                    {"type": "Stalled", "status": "True", "reason": "Broken"},
                    {"type": "Ready", "status": "False"},
                ]
            },
            Verdict(failed="Broken"),
        ),
        ({"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}, conditions._UNSEEN),
        ({"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}, conditions._UNSEEN),
        ({"phase": "whatever"}, conditions.READY),
    ],
)
def test_any_custom_resource_is_judged_by_its_conditions(status: Object, verdict: Verdict) -> None:
    live = {"metadata": {"name": "x", "generation": 2}, "status": status}
    assert conditions.of_conditions(live, has_status=True) == verdict


def test_a_webhook_is_ready_when_somebody_answers_behind_it(cluster: Cluster) -> None:
    rule = {"apiGroups": ["none.example.com"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["things"]}
    hook = {
        "name": "admit.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"service": {"name": "admitting", "namespace": "default"}, "caBundle": "Q0E="},
        "rules": [rule],
    }
    properties = {"metadata": {"name": "admitting"}, "webhooks": [hook]}
    service = {"selector": {"app": "admitting"}, "ports": [{"port": 443}]}
    cluster.make(SERVICE, {"metadata": {"name": "admitting", "namespace": "default"}, "spec": service})
    operation = Operation()
    cluster.provider.create(cluster.target(HOOK, impatient(properties)), operation)
    assert any("nobody answers behind webhook admit.example.com" in words for words in operation.words)
    cluster.make(DEPLOYMENT, deployment("admitting"))
    served = Operation()
    cluster.provider.create(cluster.target(HOOK, properties), served)
    assert not served.words
