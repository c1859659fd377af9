"""What an autoscaler tried in vain: which group, why, and when it tries again, as it writes that down itself."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from mlinfra.core.health import Severity
from mlinfra.health.backoff import STATUS, backoff_of
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group, Seen
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import GPU_TAINT, GPU_TOLERATION, World, workload
from tests.sandbox.kubernetes.controllers.test_autoscaling import DISCOVERED

from .emulated import ONE_GPU, OWN, cloud_groups, health_of, only, seen, world

SHORT = "InsufficientInstanceCapacity: no g5.xlarge in eu-west-1a"


def short_of_machines() -> World:
    """An autoscaler that has just found no machine with GPUs for the pod that waits."""
    made = world()
    labels = {"app.kubernetes.io/name": "aws-cluster-autoscaler"}
    made.create(workload("Deployment", "cluster-autoscaler", replicas=1, labels=labels))
    named = {OWN: "gpu", "mlinfra/gpu": "A10G"}
    kind = "g5.xlarge"
    made.group("gpu", 0, ONE_GPU, instance=kind, bounds=(0, 2), labels=named, taints=[GPU_TAINT], tags=DISCOVERED)
    made.cloud.shortages.add(("g5.xlarge", ""))
    spec = {"tolerations": [GPU_TOLERATION]}
    made.create(workload("Deployment", "ranker", replicas=1, requests={"nvidia.com/gpu": "1"}, pod_spec=spec))
    made.settle()
    return made


def test_a_pod_that_waits_is_told_what_was_tried_for_it_and_when_that_is_tried_again() -> None:
    made = short_of_machines()
    trouble = only(health_of(made, groups=cloud_groups(made, hindered=SHORT)))
    assert trouble.severity is Severity.BROKEN
    assert trouble.remedy == (
        f"group gpu may grow from 0 to 2, which the autoscaler does; its last try failed: {SHORT}; "
        "the autoscaler waits, and tries again at 09:05 UTC at the earliest; AWS has none of these left there at the "
        "moment: add further types to nodeGroups.gpu.instances, zones, or a group of another capacity type with a "
        "lower priority"
    )


def test_where_auto_scaling_tells_no_reason_the_autoscalers_is_told() -> None:
    made = short_of_machines()
    trouble = only(health_of(made, groups=cloud_groups(made)))
    assert trouble.remedy == (
        "group gpu may grow from 0 to 2, which the autoscaler does; its last try failed: AWS cannot provision any more "
        "instances for this node group; the autoscaler waits, and tries again at 09:05 UTC at the earliest"
    )


def test_a_group_that_nobody_waits_for_any_more_is_a_note_with_the_same_reason() -> None:
    made = short_of_machines()
    made.store.delete(DEPLOYMENT, "ranker", "default")
    made.settle()
    (note,) = health_of(made, groups=cloud_groups(made)).troubles
    assert (note.severity, note.title) == (Severity.NOTE, "node group gpu")
    assert note.words == (
        "a try of the last hour to get a machine failed: AWS cannot provision any more instances for this node group; "
        "the autoscaler waits, and tries again at 09:05 UTC at the earliest"
    )


def test_once_it_has_tried_again_with_success_nothing_is_said() -> None:
    made = short_of_machines()
    made.cloud.shortages.clear()
    made.advance(minutes=6)
    assert health_of(made, groups=cloud_groups(made)).troubles == ()


def waiting(scale_up: str, minutes: float) -> tuple[Seen, Group]:
    """An autoscaler's status, written by hand: a group of which this has been so for some minutes."""
    looked = seen(world())
    since = timestamp(looked.now - timedelta(minutes=minutes))
    head = "time: 2026-11-21 09:00:00.1 +0000 UTC\nnodeGroups:\n- name: asg\n  scaleUp:\n"
    text = f'{head}{scale_up}    lastTransitionTime: "{since}"\n'
    live: Object = {"metadata": {"name": STATUS, "namespace": "cluster-autoscaler"}, "data": {"status": text}}
    group = Group(name="gpu", maximum=2, scaling_groups=("asg",))
    return msgspec.structs.replace(looked, groups=(group,), objects={**looked.objects, "ConfigMap": (live,)}), group


TIMEOUT = (
    "    status: Backoff\n    backoffInfo:\n      errorCode: timeout\n"
    "      errorMessage: Scale-up timed out for node group asg after 5m3s\n"
)


@pytest.mark.parametrize(("minutes", "again"), [(1, "09:04"), (6, "09:04"), (25, "09:05"), (31, "")])
def test_the_pause_grows_with_each_failure_and_ends_after_half_an_hour(minutes: float, again: str) -> None:
    found = backoff_of(*waiting(TIMEOUT, minutes))
    assert (found.again if found else "") == (f" at {again} UTC" if again else "")


def test_machines_that_did_not_join_in_time_are_told_with_what_they_need() -> None:
    looked, _ = waiting(TIMEOUT, 1)
    (note,) = judge("recsys", looked).troubles
    assert "timeout: Scale-up timed out for node group asg after 5m3s" in note.words
    assert "access entries" in note.remedy


@pytest.mark.parametrize(
    "text", ["    status: NoActivity\n", "    status: Backoff\n    backoffInfo: [\n", "    status: InProgress\n"]
)
def test_a_group_that_is_not_kept_away_from_or_cannot_be_read_is_not_told(text: str) -> None:
    assert backoff_of(*waiting(text, 1)) is None
