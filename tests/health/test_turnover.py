"""While a machine is being replaced: what is said calmly, what is no trouble, and what is not advised yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from mlinfra.core.backend import Holder
from mlinfra.core.health import Health, Severity
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group, Release, Seen
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE, POD
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.values import Object, timestamp
from tests.sandbox.kubernetes.controllers.clusters import GPU_TAINT, NOW, World, meta, workload

from .emulated import ONE_GPU, OWN, cloud_groups, health_of, only, seen, serve_with_gpus, world
from .test_broken_clusters import webhook

TOLERANT: Object = {"tolerations": [{"operator": "Exists"}]}


def aged(gpus: int = 2) -> World:
    """A cluster that has long been up, with a daemon on every node and a pod on each GPU."""
    made = world(gpus=gpus, autoscaler=True)
    made.create(workload("DaemonSet", "shipper", pod_spec=TOLERANT))
    serve_with_gpus(made, "ranker", gpus)
    return half_an_hour_later(made)


def half_an_hour_later(made: World) -> World:
    """At once: nothing falls due meanwhile but heartbeats."""
    made.clock.advance(timedelta(minutes=30))
    made.settle()
    return made


def gpu_nodes(made: World) -> list[str]:
    return [one["metadata"]["name"] for one in made.store.list(NODE) if one["metadata"]["labels"].get(OWN) == "gpu"]


def lose_one(made: World) -> str:
    """A machine dies; its group starts another."""
    name = gpu_nodes(made)[0]
    (machine,) = (one for one in made.cloud.machines() if one.name == name)
    made.cloud.lose(machine.instance_id)
    return name


def told(health: Health) -> list[tuple[str, str]]:
    return [(one.title, one.words) for one in health.troubles]


def moved(made: World) -> tuple[Group, ...]:
    """The groups, as Auto Scaling tells of them once it has ended a machine and begun to start another."""
    return cloud_groups(made, launched=made.clock(), ended=made.clock())


def test_nothing_is_said_of_a_cluster_in_which_nothing_moves() -> None:
    made = aged()
    assert told(health_of(made, groups=cloud_groups(made))) == []


def test_a_machine_that_is_taken_back_is_told_once_of_its_group() -> None:
    made = aged()
    (name, _) = gpu_nodes(made)
    (machine,) = (one for one in made.cloud.machines() if one.name == name)
    made.cloud.interrupt(machine.instance_id, made.clock() + timedelta(minutes=2))
    made.advance(seconds=2)
    trouble = only(health_of(made, groups=cloud_groups(made)))
    assert (trouble.severity, trouble.title) == (Severity.WARNING, "node group gpu")
    assert trouble.words == (
        f"being replaced, 1 of 2 machines back: node {name} goes (AWS takes it back, a spot machine within two "
        "minutes); another is starting"
    )
    assert trouble.explains == ("Deployment default/ranker",)
    assert trouble.remedy == ""


def test_what_starts_in_the_place_of_another_is_waited_for_and_nothing_is_to_be_raised() -> None:
    made = aged()
    lose_one(made)
    made.advance(seconds=3)
    health = health_of(made, groups=moved(made))
    trouble = only(health)
    assert trouble.words.startswith("being replaced, 1 of 2 machines back: another is starting, since 09:30 UTC (")
    assert trouble.explains == ("Deployment default/ranker",)
    assert "raise" not in str([one.remedy for one in health.troubles])
    assert all(one.severity is Severity.NOTE for one in health.troubles if one is not trouble)
    made.advance(minutes=1)
    assert told(health_of(made, groups=moved(made))) == []


def test_at_no_moment_of_a_replacement_is_anything_called_broken() -> None:
    made = aged()
    lose_one(made)
    for _ in range(25):
        made.advance(seconds=1)
        found = health_of(made, groups=moved(made)).troubles
        assert [(one.title, one.words) for one in found if one.severity is Severity.BROKEN] == []


def test_machines_that_come_for_the_first_time_are_starting_and_replace_nothing() -> None:
    made = aged(gpus=1)
    made.cloud.set_desired("system", 2)
    made.group("more", 1, labels={OWN: "more"})
    made.advance(seconds=2)
    assert told(health_of(made, groups=cloud_groups(made)))[:1] == [
        ("node group more", "0 of 1 machine ready: it is starting, since 09:30 UTC (less than a minute)")
    ]


@pytest.mark.parametrize(("minutes", "late"), [(5, False), (20, True)])
def test_machines_that_do_not_join_are_starting_for_a_quarter_of_an_hour(minutes: int, late: bool) -> None:
    made = aged()
    more = {**cloud_groups(made)[0].instances, "i-00000000000000bad": "InService"}  # type: ignore[dict-item]
    about: dict[str, Any] = {"desired": 3, "machines": 3, "instances": more}
    launched = made.clock() - timedelta(minutes=minutes)
    groups = tuple(
        msgspec.structs.replace(one, launched=launched, **about) if one.name == "gpu" else one
        for one in cloud_groups(made)
    )
    (one,) = health_of(made, groups=groups).troubles
    assert ("only 2 joined the cluster" in one.words) is late


def test_a_group_that_is_updated_has_its_nodes_closed_by_nobody_else() -> None:
    made = aged()
    (name, _) = gpu_nodes(made)
    made.store.merge(NODE, name, None, {"spec": {"unschedulable": True}})
    (one,) = health_of(made, groups=cloud_groups(made, status="UPDATING")).troubles
    assert one.words.startswith(f"being replaced, 1 of 2 machines back: node {name} goes (its group is being updated)")
    (one,) = health_of(made, groups=cloud_groups(made)).troubles
    assert one.words == "it is cordoned: it takes no new pods"


def test_what_holds_the_only_gpu_that_goes_is_not_said_to_fill_it() -> None:
    made = aged(gpus=1)
    (name,) = gpu_nodes(made)
    (machine,) = (one for one in made.cloud.machines() if one.name == name)
    made.cloud.interrupt(machine.instance_id, made.clock() + timedelta(minutes=2))
    made.advance(seconds=2)
    trouble = only(health_of(made))  # where the cloud was not asked
    assert trouble.words == (
        f"each needs 1 nvidia.com/gpu, and the only node that has it goes: node {name} (AWS takes it back, "
        "a spot machine within two minutes)"
    )
    short = cloud_groups(made, failure="InsufficientInstanceCapacity: none")
    note = next(one for one in health_of(made, groups=short).troubles if one.title == f"node {name}")
    assert note.words.endswith("its pods are moving, and its group gets no other")


def announced(made: World, node: str, instance: str, **more: Any) -> Seen:
    """A cluster in which a machine was announced to be taken back, whose node had a name that may be another's now."""
    about = {"kind": "Node", "name": node}
    text = f"Spot ITN received. Instance {instance} will be interrupted at 2026-11-21T09:32:00Z"
    event = {"metadata": meta("e"), "involvedObject": about, "reason": "SpotInterruption", "message": text}
    looked = seen(made, groups=cloud_groups(made))
    moment = {"lastTimestamp": timestamp(made.clock()), **more}
    return msgspec.structs.replace(looked, objects={**looked.objects, "Event": ({**event, **moment},)})


def test_the_machine_that_is_taken_back_is_known_by_its_id_and_not_by_its_nodes_name() -> None:
    made = aged()
    (name, _) = gpu_nodes(made)
    (machine,) = (one for one in made.cloud.machines() if one.name == name)
    assert "AWS takes it back" in judge("recsys", announced(made, name, machine.instance_id)).troubles[0].words
    assert judge("recsys", announced(made, name, "i-0123456789abcdef0")).troubles == ()


def test_an_announcement_without_an_id_is_not_of_a_node_that_came_later() -> None:
    made = aged()
    (name, _) = gpu_nodes(made)
    plain = {"message": "it will be interrupted"}
    assert judge("recsys", announced(made, name, "", **plain)).troubles != ()
    before = timestamp(made.clock() - timedelta(minutes=31))
    assert judge("recsys", announced(made, name, "", lastTimestamp=before, **plain)).troubles == ()


def plugged(*, plugin: bool) -> World:
    """A node with GPUs that has only just come, where the plugin that tells of them may be starting."""
    made = World(Options(device_plugins="required"))
    made.group("system", 1, labels={OWN: "system"})
    made.settle()
    half_an_hour_later(made)
    labels = {"app.kubernetes.io/name": "nvidia-device-plugin"}
    if plugin:
        made.create(workload("DaemonSet", "nvdp", labels=labels, pod_spec=TOLERANT))
    made.group("gpu", 1, ONE_GPU, labels={OWN: "gpu", "mlinfra/gpu": "A10G"}, taints=[GPU_TAINT])
    serve_with_gpus_at_once(made)
    return made


def serve_with_gpus_at_once(made: World) -> None:
    spec = {**TOLERANT, "nodeSelector": {OWN: "gpu"}}
    made.create(workload("Deployment", "ranker", replicas=1, requests={"nvidia.com/gpu": "1"}, pod_spec=spec))
    made.advance(seconds=16)


def test_a_plugin_that_has_only_just_begun_is_waited_for() -> None:
    made = plugged(plugin=True)
    trouble = only(health_of(made, groups=cloud_groups(made)))
    assert trouble.words == "0 of 1 machine ready: it is starting, since 09:30 UTC (less than a minute)"
    trouble = only(health_of(made))  # where the cloud was not asked
    assert trouble.severity is Severity.WARNING
    assert trouble.words == (
        "each needs 1 nvidia.com/gpu, and the node with GPUs is still to tell of them: "
        "the NVIDIA device plugin is starting there"
    )


def test_a_plugin_that_is_nowhere_is_missed_at_once() -> None:
    made = plugged(plugin=False)
    trouble = only(health_of(made, groups=cloud_groups(made)))
    assert trouble.severity is Severity.BROKEN
    assert "it runs nowhere" in trouble.remedy


def guarded() -> World:
    """A program that the API asks about others, of two pods of which one must stay."""
    made = world()
    made.create(workload("Deployment", "guard", replicas=2))
    spec = {"selector": {"app": "guard"}, "ports": [{"port": 443}]}
    made.create({"apiVersion": "v1", "kind": "Service", "metadata": meta("guard"), "spec": spec})
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "guard"}}}
    made.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta("guard"), "spec": budget})
    made.create(webhook("guard"))
    return half_an_hour_later(made)


def test_a_webhook_whose_pods_are_moving_is_not_to_be_deleted() -> None:
    made = guarded()
    for pod in made.pods():
        made.store.delete(POD, pod["metadata"]["name"], "default", grace=0)
    made.advance(seconds=0.5)
    trouble = only(health_of(made))
    assert (trouble.severity, trouble.remedy) == (Severity.WARNING, "")
    assert trouble.words == (
        "nobody answers behind it (service default/guard, whose pods are starting): deployments cannot be written"
    )
    made.settle()
    assert told(health_of(made)) == []


def test_a_budget_waits_for_pods_that_are_starting_and_nothing_is_to_be_mended() -> None:
    made = guarded()
    (first, second) = made.pods()
    made.store.merge(NODE, second["spec"]["nodeName"], None, {"spec": {"unschedulable": True}})
    made.store.delete(POD, first["metadata"]["name"], "default", grace=0)
    made.advance(seconds=0.5)
    (note,) = (one for one in health_of(made).troubles if one.title == "PodDisruptionBudget default/guard")
    assert (note.severity, note.remedy) == (Severity.NOTE, "")
    assert note.words.endswith("1 of 2 pods must stay, and 1 work; the others are starting")


def test_a_release_that_is_being_upgraded_under_the_lock_was_interrupted_by_nobody() -> None:
    holder = Holder(token=1, who="ada@laptop", purpose="apply", since=NOW, expires=NOW)
    release = Release(id="keda/keda", number=3, status="pending-upgrade", description="Preparing upgrade")
    notes = {one.title: one for one in health_of(world(), releases=(release,), holder=holder).troubles}
    note = notes["release keda/keda"]
    assert (note.words, note.remedy) == (
        "its revision 3 is pending-upgrade: whoever holds the lock is at it",
        "",
    )
