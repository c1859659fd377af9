"""A group that gets no machines while another stands in: what is a note, what is broken, and whom it keeps waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mlinfra.core.health import Health
from mlinfra.health.seen import Group
from tests.sandbox.kubernetes.controllers.clusters import GPU_TOLERATION, World, workload

from .emulated import health_of, only, world

SHORT = "AsgInstanceLaunchFailures: InsufficientInstanceCapacity: no g5.xlarge in us-east-1a"
GPUS = {"mlinfra/gpu": "A10G"}


def asked(replicas: int, **requests: str) -> World:
    """A cluster with one node of GPUs, and pods that ask for more or less of them."""
    made = world(gpus=1, autoscaler=True)
    needs = {name.replace("_", "/"): amount for name, amount in requests.items()} or {"nvidia.com/gpu": "1"}
    spec = {"tolerations": [{"operator": "Exists"}]}
    made.create(workload("Deployment", "ranker", replicas=replicas, requests=needs, pod_spec=spec))
    made.settle()
    return made


def health(made: World, **spot: Any) -> Health:
    """With a group of spot machines that gets none, and one of on-demand machines that has what it may have."""
    about = {"status": "DEGRADED", "problems": (SHORT,), "maximum": 4, "offers": {"nvidia.com/gpu": "1"}, **spot}
    return health_of(
        made,
        groups=(
            Group(name="system", maximum=3, desired=2, machines=2),
            Group(name="spot", labels=GPUS, **about),
            Group(name="gpu", labels=GPUS, maximum=1, desired=1, machines=1),
        ),
    )


def test_a_shortage_that_another_group_makes_up_for_is_a_note() -> None:
    found = health(asked(1), hindered=SHORT)
    assert found.verdict == "healthy"
    assert [(one.title, one.words) for one in found.troubles] == [
        ("node group spot", f"a try of the last hour to get a machine failed, and group gpu may stand in: {SHORT}")
    ]


def test_while_the_cloud_still_tries_for_what_nobody_misses_it_is_a_note() -> None:
    assert health(asked(1), desired=1, failure=SHORT).verdict == "healthy"


def test_after_it_recovered_nothing_is_said_to_stand_in() -> None:
    found = health(asked(1), status="ACTIVE", problems=(), hindered=SHORT, recovered=True)
    assert "and a later one succeeded" in found.troubles[0].words
    assert "stand" not in found.troubles[0].words


def test_fewer_machines_than_the_stack_wants_at_least_are_broken() -> None:
    trouble = only(health(asked(1), minimum=1, desired=1))
    assert trouble.words == f"it has 0 of 1 machine, and gets no more: {SHORT}"
    made = asked(1)
    since = made.clock() - timedelta(minutes=12)
    trouble = only(health(made, minimum=1, desired=1, failing=since))
    told = f"and gets no more, since {since:%H:%M} UTC (12 minutes): {SHORT}"
    assert trouble.words == f"it has 0 of 1 machine, {told}"


def test_a_pod_that_waits_is_told_of_the_group_that_stands_in() -> None:
    trouble = only(health(asked(2), desired=1))
    assert (trouble.title, trouble.explains) == ("node group spot", ("Deployment default/ranker",))
    assert trouble.remedy.endswith("; or raise nodeGroups.gpu.max, which is full and would take them too")
    trouble = only(health(asked(2), hindered=SHORT))
    assert trouble.title == "Deployment default/ranker (1 pod)"
    assert trouble.remedy.endswith("; what stands in is at its most: raise nodeGroups.gpu.max")


def test_what_its_machines_would_not_take_is_no_consequence_of_a_shortage() -> None:
    made = asked(2)
    for name, needs in (("large", {"nvidia.com/gpu": "8"}), ("neuron", {"aws.amazon.com/neuron": "1"})):
        spec = {"tolerations": [{"operator": "Exists"}, GPU_TOLERATION]}
        made.create(workload("Deployment", name, replicas=1, requests=needs, pod_spec=spec))
    made.settle()
    explained = {one.title: one.explains for one in health(made, desired=1).troubles}
    assert explained["node group spot"] == ("Deployment default/ranker",)
    assert {"Deployment default/large (1 pod)", "Deployment default/neuron (1 pod)"} <= explained.keys()
