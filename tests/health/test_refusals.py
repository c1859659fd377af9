"""Pods that are not let in, images that are not had, pods that a node ended: told by what was said of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.health import Health, Severity
from mlinfra.health.judgement import judge
from mlinfra.health.refusals import is_refusal, refusal
from mlinfra.health.seen import Database, Expected, Seen
from mlinfra.sandbox.kubernetes.controllers.catalog import POD
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import World, meta, workload

from .emulated import health_of, only, seen, world
from .test_broken_clusters import webhook

QUOTA = 'pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4'
SILENT = 'pods "a" is forbidden: failed quota: small: must specify limits.cpu for: main'
LEVEL = 'pods "a" is forbidden: violates PodSecurity "restricted:latest": privileged (container "main" must not)'
DENIED = 'admission webhook "guard.example.com" denied the request: no image without a digest'
UNANSWERED = (
    'Internal error occurred: failed calling webhook "guard.example.com": failed to call webhook: Post "https://guard"'
)
ACCOUNT = 'error looking up service account default/reader: serviceaccount "reader" not found'


@pytest.mark.parametrize(
    ("told", "why", "remedy"),
    [
        (QUOTA, "the quota small of its namespace allows pods=4, pods=4 are used", "edit resourcequota small"),
        (SILENT, "the quota small of its namespace wants every pod to say limits.cpu", "requests and limits"),
        (LEVEL, "keeps its pods to the level restricted, and they do not: privileged", "securityContext"),
        (DENIED, "guard.example.com denies it: no image without a digest", "do as it says"),
        (UNANSWERED, "guard.example.com, which is asked about each, does not answer", "what is behind that webhook"),
        (ACCOUNT, "its service account reader is not there", "create serviceaccount reader -n default"),
        ("it is forbidden for a reason of its own", "for a reason of its own", "a quota or an admission rule"),
    ],
)
def test_each_refusal_is_told_with_who_refuses_and_what_helps(told: str, why: str, remedy: str) -> None:
    words, helps = refusal(told, "default")
    assert why in words
    assert remedy in helps
    assert is_refusal(told) is ("its own" not in told)


def refused(kind: str, told: str, **objects: tuple[Object, ...]) -> Health:
    """A workload that no pod can be made of."""
    live: Object = {"metadata": {**meta("nightly"), "uid": "u1"}, "spec": {"replicas": 1}, "status": {}}
    about: Object = {"metadata": meta("e"), "involvedObject": {"uid": "u1"}, "type": "Warning", "message": told}
    looked = msgspec.structs.replace(seen(world()), objects={kind: (live,), "Event": (about,), **objects})
    return judge("recsys", looked)


@pytest.mark.parametrize("kind", ["Job", "StatefulSet"])
def test_what_cannot_begin_is_broken_with_the_reason(kind: str) -> None:
    trouble = only(refused(kind, QUOTA))
    assert (trouble.severity, trouble.title) == (Severity.BROKEN, f"{kind} default/nightly")
    assert "can be made: the quota small" in trouble.words


def test_a_webhook_that_does_not_answer_explains_what_it_keeps_from_beginning() -> None:
    trouble = only(refused("Job", UNANSWERED, ValidatingWebhookConfiguration=(webhook("guard"),)))
    assert trouble.title == "ValidatingWebhookConfiguration guard"
    assert trouble.explains == ("Job default/nightly",)


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:403"


@pytest.mark.parametrize(
    ("said", "why", "remedy"),
    [
        (f"rpc error: code = NotFound desc = failed to resolve reference: {IMAGE}: not found", "no such image", "tag"),
        ("pull access denied, repository does not exist or may require authorization", "not let the nodes", "ECR"),
        ("failed to authorize: 403 Forbidden", "not let the nodes read", "imagePullSecret"),
        ("dial tcp 10.0.0.1:443: i/o timeout", "is not reached", "network.vpcEndpoints"),
        ("toomanyrequests: You have reached your unauthenticated pull rate limit", "pull that often", "pullThrough"),
        ("no match for platform in manifest: not found", "these machines' processors", "buildx"),
        ("write /var/lib/containerd: no space left on device", "disk is full", "volume.size"),
        ("something new", "ImagePullBackOff", "something new"),
    ],
)
def test_an_image_that_is_not_had_is_told_by_what_the_node_said_first(said: str, why: str, remedy: str) -> None:
    looked = with_pod(
        {"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": BACK_OFF}}]},
        f'Failed to pull image "{IMAGE}": {said}',
    )
    trouble = only(judge("recsys", looked))
    assert why in trouble.words
    assert remedy in trouble.remedy


BACK_OFF = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{IMAGE}"'}


def with_pod(status: Object, told: str = "") -> Seen:
    """A pod of its own in some state, and what was said of it."""
    looked = seen(world())
    node = looked.objects["Node"][0]["metadata"]["name"]
    containers = [{"name": "main", "image": IMAGE}]
    pod: Object = {
        "metadata": {**meta("web"), "uid": "u1"},
        "spec": {"nodeName": node, "containers": containers},
        "status": status,
    }
    about: Object = {"metadata": meta("e"), "involvedObject": {"uid": "u1"}, "type": "Warning", "message": told}
    return msgspec.structs.replace(looked, objects={**looked.objects, "Pod": (pod,), "Event": (about,)})


@pytest.mark.parametrize(
    ("status", "words", "remedy"),
    [
        (
            {"reason": "Evicted", "message": "The node was low on resource: memory."},
            "evicted: The node was low on resource: memory.",
            "resources.requests",
        ),
        (
            {"reason": "UnexpectedAdmissionError", "message": "Allocate failed due to no healthy devices present"},
            "its node refused it: Allocate failed due to no healthy devices present (UnexpectedAdmissionError)",
            "drain the node and end its machine",
        ),
        ({"reason": "OutOfcpu", "message": "Node didn't have enough cpu"}, "its node refused it: ", "placed better"),
    ],
)
def test_what_a_node_did_to_a_pod_is_told(status: dict[str, Any], words: str, remedy: str) -> None:
    trouble = only(judge("recsys", with_pod({"phase": "Failed", **status})))
    assert trouble.words.startswith(words)
    assert remedy in trouble.remedy


def test_an_evicted_pod_that_another_has_taken_the_place_of_is_a_note() -> None:
    made: World = world()
    made.create(workload("Deployment", "web", replicas=1))
    made.settle()
    evicted = {"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}}
    made.store.merge(POD, made.pods()[0]["metadata"]["name"], "default", evicted, "status")
    made.settle()
    made.advance(seconds=10)
    (note,) = health_of(made).troubles
    assert (note.severity, note.title) == (Severity.NOTE, "Deployment default/web (1 pod)")
    assert note.remedy.startswith("kubectl -n default delete pod web-")


@pytest.mark.parametrize(
    ("status", "reason", "cause"),
    [
        ("stopped", "CrashLoopBackOff", "database mlflow-db"),
        ("available", "CrashLoopBackOff", "itself"),
        ("stopped", "ErrImagePull", "both"),
    ],
)
def test_a_database_that_is_stopped_explains_the_pods_that_end_for_it_and_no_others(
    status: str, reason: str, cause: str
) -> None:
    looked = with_pod(
        {"phase": "Running", "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": reason}}}]}
    )
    owner = {"kind": "StatefulSet", "name": "web", "controller": True}
    pod = looked.objects["Pod"][0]
    owned = {**pod, "metadata": {**pod["metadata"], "ownerReferences": [owner]}}
    looked = msgspec.structs.replace(
        looked,
        objects={
            **looked.objects,
            "Pod": (owned,),
            "StatefulSet": ({"metadata": meta("web"), "spec": {}, "status": {"readyReplicas": 1}},),
        },
        expected=(Expected(subject="StatefulSet default/web", address="runtimes.mlflow"),),
        databases=(
            Database(name="mlflow-db", status=status, address="runtimes.mlflow.database"),
            Database(name="other", status="available", address="runtimes.mlflow2.database"),
        ),
    )
    told = {one.title: one.explains for one in judge("recsys", looked).troubles}
    database, workload_of_it = ("database mlflow-db", ("StatefulSet default/web",)), "StatefulSet default/web (1 pod)"
    if cause == "both":
        assert set(told) == {database[0], workload_of_it}
    else:
        assert told == (dict([database]) if cause == database[0] else {workload_of_it: ()})


@pytest.mark.parametrize(
    ("reason", "said", "words", "severity"),
    [
        (
            "FailedMount",
            'MountVolume.SetUp failed : secret "keys" not found',
            "the secret keys, which is not",
            "broken",
        ),
        ("FailedMount", "references non-existent secret key: token", "the key token, which its secret does", "broken"),
        ("FailedCreatePodSandBox", "failed to assign an IP address to container", "no free address for it", "broken"),
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1"', "still attached to another node", "warning"),
    ],
)
def test_what_keeps_a_node_from_starting_a_pod_is_told_at_once(
    reason: str, said: str, words: str, severity: str
) -> None:
    looked = with_pod({"phase": "Pending"}, said)
    (event,) = looked.objects["Event"]
    about = {**event, "reason": reason, "firstTimestamp": timestamp(looked.now)}
    trouble = only(judge("recsys", msgspec.structs.replace(looked, objects={**looked.objects, "Event": (about,)})))
    assert words in trouble.words
    assert trouble.severity == severity
    assert bool(trouble.remedy) is (severity == "broken")
