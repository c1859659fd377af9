"""What somebody deleted or made smaller by hand, and what is only on its way: told apart, word by word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mlinfra.core.address import Address
from mlinfra.core.backend import Holder
from mlinfra.core.health import Severity
from mlinfra.core.state import Failure
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Declared, Expected, Missing, Release
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT
from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.controllers.clusters import NOW, World, meta, workload

from .emulated import health_of, only, seen, world

FAIL = "sandbox.mlinfra.dev/fail"
DECLARED = (Declared("Deployment default/web", 2, "endpoints.web.scaling", keeper="ScaledObject default/web"),)


def serving(replicas: int) -> World:
    made = world()
    made.create(workload("Deployment", "web", replicas=replicas))
    made.settle()
    return made


@pytest.mark.parametrize(
    ("kind", "severity", "words"),
    [
        ("Service", Severity.BROKEN, "it was deleted, although the stack has it"),
        (
            "PodDisruptionBudget",
            Severity.WARNING,
            "it was deleted: a node that is emptied may take all of its pods at ",
        ),
        ("NetworkPolicy", Severity.WARNING, "it was deleted: who may call the pods of its namespace is not what "),
        ("ResourceQuota", Severity.WARNING, "it was deleted: nothing limits what its namespace may take"),
    ],
)
def test_an_object_that_somebody_deleted_is_missed_for_what_it_did(kind: str, severity: Severity, words: str) -> None:
    gone = (Missing(f"{kind} default/web", kind, "endpoints.web.part"),)
    trouble = only(health_of(world(), missing=gone))
    assert (trouble.severity, trouble.address) == (severity, "endpoints.web.part")
    assert trouble.words.startswith(words)
    assert trouble.remedy.startswith("apply makes it again")


def test_what_a_destroy_has_deleted_already_is_not_missed() -> None:
    gone = (Missing("Service default/web", "Service", "endpoints.web.part"),)
    for purpose, missed in (("destroy", False), ("apply", True)):
        holder = Holder(token=1, who="ada@laptop", purpose=purpose, since=NOW, expires=NOW)
        troubles = health_of(world(), missing=gone, holder=holder).troubles
        assert any(one.title == "Service default/web" for one in troubles) is missed


def test_what_went_with_its_namespace_is_told_of_the_namespace() -> None:
    gone = (Missing("Namespace web", "Namespace", "a"), Missing("ConfigMap web/settings", "ConfigMap", "b"))
    trouble = only(health_of(world(), missing=gone))
    assert (trouble.title, trouble.explains) == ("Namespace web", ("ConfigMap web/settings",))


def test_a_kind_that_the_cluster_lost_is_told_of_the_release_that_defines_it() -> None:
    gone = (Missing("Gadget web/one", "Gadget", "resources.one", unserved=True),)
    trouble = only(health_of(world(), missing=gone))
    assert trouble.words.startswith("the cluster does not know it any more: its definition was deleted, and 1 object ")
    lost = Release(id="web/web", number=1, status="deployed", lost=("the kind Gadget of example.com is not there",))
    trouble = only(health_of(world(), missing=gone, releases=(lost,)))
    assert (trouble.title, trouble.explains) == ("release web/web", ("kind Gadget",))


@pytest.mark.parametrize(("replicas", "severity"), [(0, Severity.BROKEN), (1, Severity.WARNING)])
def test_a_workload_below_its_declared_minimum_is_not_healthy(replicas: int, severity: Severity) -> None:
    trouble = only(health_of(serving(replicas), declared=DECLARED))
    assert trouble.severity is severity
    assert trouble.words == f"its replicas are set to {replicas}, and the stack says 2 at least"
    assert trouble.remedy == (
        "apply makes ScaledObject default/web again, which sees to it; "
        "at once: kubectl -n default scale deployment/web --replicas=2"
    )


def test_a_workload_above_its_minimum_is_the_autoscalers_affair() -> None:
    assert health_of(serving(3), declared=DECLARED).verdict == "healthy"


def test_a_minimum_is_no_trouble_while_a_new_autoscaler_is_about_to_see_to_it_or_is_paused() -> None:
    looked = seen(serving(0), declared=DECLARED)
    for age, notes, verdict in ((10, {}, "healthy"), (300, {}, "broken"), (300, {"paused": "true"}, "healthy")):
        born = (looked.now - timedelta(seconds=age)).isoformat()
        annotations = {f"autoscaling.keda.sh/{key}": value for key, value in notes.items()}
        keeper = {"metadata": meta("web", creationTimestamp=born, annotations=annotations), "spec": {}}
        objects = {**looked.objects, "ScaledObject": (keeper,)}
        found = judge("recsys", type(looked)(now=looked.now, objects=objects, declared=DECLARED))
        assert found.verdict == verdict, (age, notes)


def test_what_a_module_needs_and_somebody_scaled_to_none_explains_what_it_keeps() -> None:
    made = serving(0)
    made.create(workload("Deployment", "keda-operator", replicas=0))
    expected = (Expected(subject="Deployment default/keda-operator", address="components.keda"),)
    trouble = only(health_of(made, declared=DECLARED, expected=expected))
    assert trouble.words == "it has no pods: its replicas are set to 0, although components.keda needs it"
    assert trouble.explains == ("Deployment default/web",)


def roll(made: World) -> None:
    pod = {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}
    made.store.merge(DEPLOYMENT, "web", "default", {"spec": {"template": pod}})


def test_a_rollout_under_way_is_a_note_that_says_how_far_it_is_and_since_when() -> None:
    made = serving(4)
    roll(made)
    made.advance(seconds=1)
    health = health_of(made)
    (note,) = health.troubles
    assert (health.verdict, note.severity) == ("healthy", Severity.NOTE)
    assert note.words.startswith("rolling out: ")
    assert note.words.endswith(" answer, since 09:00 UTC (less than a minute)")
    made.settle()
    assert health_of(made).troubles == ()


def test_a_rollout_is_broken_once_its_pods_fail_and_stuck_once_its_deadline_has_passed() -> None:
    made = serving(4)
    pod = {"metadata": {"annotations": {FAIL: "never-ready"}}}
    made.store.merge(DEPLOYMENT, "web", "default", {"spec": {"template": pod, "progressDeadlineSeconds": 300}})
    made.advance(minutes=2)
    assert health_of(made).verdict == "healthy"
    made.advance(minutes=4)
    trouble = only(health_of(made))
    assert trouble.words == "3 of 4 replicas work: its rollout is stuck, and its deadline has passed"


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_pods_that_have_only_just_begun_are_on_their_way(kind: str) -> None:
    made = world()
    made.create(workload(kind, "web", replicas=None if kind == "DaemonSet" else 2))
    made.advance(seconds=1)
    health = health_of(made)
    assert health.verdict == "healthy"
    assert "0 of 2 pods answer; they are starting, since 09:0" in health.troubles[0].words


def test_a_pod_may_take_as_long_as_its_startup_probe_allows() -> None:
    made = world()
    probe: Object = {"startupProbe": {"periodSeconds": 10, "failureThreshold": 180, "httpGet": {"port": 80}}}
    slow = {"containers": [{"name": "main", "image": "model:1", **probe}]}
    made.create(workload("Deployment", "web", replicas=1, pod_spec=slow, notes={FAIL: "never-ready"}))
    made.store.merge(DEPLOYMENT, "web", "default", {"spec": {"progressDeadlineSeconds": 3600}})
    made.advance(minutes=25)
    assert health_of(made).verdict == "healthy"
    made.advance(minutes=10)
    assert only(health_of(made)).words.startswith("it runs and is not ready: its readiness probe fails")


def test_a_run_that_ended_with_errors_is_said_to_have_failed_with_the_error() -> None:
    at = "2026-11-21T08:50:00+00:00"
    failures = tuple(
        Failure(address=Address(name), message="the quota is used up", code="MLI5005", at=at)
        for name in ("nodeGroups.gpu", "nodeGroups.spot")
    )
    trouble = only(health_of(world(), failures=failures))
    assert trouble.title == "the last run"
    assert trouble.words == (
        "it failed at 08:50 UTC: nodeGroups.gpu: MLI5005: the quota is used up; so did nodeGroups.spot"
    )
