"""Pods that ask for GPUs on the pools that our node groups become: which nodes come, and what is said meanwhile.

The pool is the module's own, Karpenter and the account behind it are the sandbox's, with a clock that stands still.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mlinfra.core.health import Severity
from mlinfra.health.seen import Missing
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE_CLAIM, NODE_POOL
from mlinfra.sandbox.kubernetes.controllers.cloud import Offering
from mlinfra.sandbox.kubernetes.controllers.memory_cloud import shape
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.values import Object
from tests.library.samples import graph_of, properties
from tests.modules.cases import group
from tests.sandbox.kubernetes.controllers.clusters import World, workload
from tests.sandbox.kubernetes.controllers.test_autoscaling import KARPENTER_KINDS

from .emulated import health_of, only

# What Karpenter is avoiding it tries again after three minutes; it goes on to the next choice at once.
DEADLINE = timedelta(minutes=3)
ZONE = "us-east-1a"
_TOLERANT: Object = {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}
_PRICES = {"g5.xlarge": 1.0, "g5.2xlarge": 1.2, "m6i.large": 0.1}


def _offering(name: str, market: str) -> Offering:
    gpus = {"nvidia.com/gpu": "1"} if name.startswith("g5") else {}
    capacity = {"cpu": "4", "memory": "16Gi", **gpus}
    price = _PRICES[name] * (0.4 if market == "spot" else 1)
    return Offering(shape=shape(name, ZONE, capacity, capacity_type=market), price=price)


def _pool(**gpu: Any) -> Object:
    sections = {**group(zones=[ZONE], **gpu), "autoscaling": {"nodes": {"kind": "karpenter"}}}
    made = properties(graph_of(sections), "nodeGroups.gpu.node-pool")
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", **made}


@pytest.fixture
def made() -> World:
    """A cluster with Karpenter on its one plain node, and a pool of spot machines that may fall back on others."""
    world = World(Options(device_plugins="implied"), KARPENTER_KINDS)
    world.group("system", 1, labels={"mlinfra/node-group": "system"})
    labels = {"app.kubernetes.io/name": "karpenter"}
    world.create(workload("Deployment", "karpenter", replicas=1, labels=labels))
    named = {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "gpu"}}
    world.create({**named, "spec": {}})
    world.create(_pool(max=2, capacity={"type": "spot", "fallback": "on-demand"}))
    world.cloud.offer([_offering(name, market) for name in _PRICES for market in ("spot", "on-demand")])
    world.settle()
    return world


def _ask(world: World, replicas: int) -> None:
    world.create(
        workload("Deployment", "ranker", replicas=replicas, requests={"nvidia.com/gpu": "1"}, pod_spec=_TOLERANT)
    )


def _machines(world: World) -> list[str]:
    """Which machines Karpenter has started: `g5.xlarge spot`."""
    labels = [claim["metadata"]["labels"] for claim in world.store.list(NODE_CLAIM)]
    return sorted(f"{one['node.kubernetes.io/instance-type']} {one['karpenter.sh/capacity-type']}" for one in labels)


def _running(world: World) -> int:
    return sum(phase == "Running" for name, phase in world.phases().items() if name.startswith("ranker"))


def test_a_pod_that_asks_for_a_gpu_brings_exactly_one_node_that_has_one(made: World) -> None:
    assert _machines(made) == []
    _ask(made, 1)
    made.settle()
    assert (_machines(made), _running(made)) == (["g5.xlarge spot"], 1)
    assert health_of(made).troubles == ()


def test_while_the_machine_starts_it_is_said_to_and_nothing_is_called_broken(made: World) -> None:
    _ask(made, 1)
    made.advance(seconds=2)
    trouble = only(health_of(made))
    (claim,) = made.store.list(NODE_CLAIM)
    assert trouble.severity is Severity.WARNING
    assert trouble.remedy == f"Karpenter is starting 1 machine: {claim['metadata']['name']}"


def test_one_gpu_too_many_is_said_with_the_line_that_would_help(made: World) -> None:
    _ask(made, 3)
    made.settle()
    assert (len(_machines(made)), _running(made)) == (2, 2)
    trouble = only(health_of(made))
    assert trouble.severity is Severity.BROKEN
    assert trouble.words == (
        "each needs 1 nvidia.com/gpu, and all 2 nodes that have it are full (held by Deployment default/ranker: 2)"
    )
    assert trouble.remedy.startswith("group gpu has 2 of at most 2: raise nodeGroups.gpu.max (mlinfra capacity says")


@pytest.mark.parametrize(
    ("sold_out", "instead"),
    [
        ([("g5.xlarge", "spot")], "g5.2xlarge spot"),
        ([("g5.xlarge", "spot"), ("g5.2xlarge", "spot")], "g5.xlarge on-demand"),
        ([("g5.xlarge", "spot"), ("g5.2xlarge", "spot"), ("g5.xlarge", "on-demand")], "g5.2xlarge on-demand"),
    ],
)
def test_what_there_is_none_of_is_passed_over_in_time_and_the_reason_said(
    made: World, sold_out: list[tuple[str, str]], instead: str
) -> None:
    made.cloud.sold_out = frozenset(sold_out)
    _ask(made, 1)
    made.advance(seconds=DEADLINE.total_seconds())
    assert (_machines(made), _running(made)) == ([instead], 1)
    (note,) = health_of(made).troubles
    assert (note.severity, note.title, note.address) == (Severity.NOTE, "node pool gpu", "nodeGroups.gpu")
    assert "InsufficientInstanceCapacity" in note.words
    assert any(f"{name} ({market})" in note.words for name, market in sold_out)


def test_where_there_is_none_of_anything_the_pod_waits_and_the_reason_is_said(made: World) -> None:
    made.cloud.sold_out = frozenset((name, market) for name in _PRICES for market in ("spot", "on-demand"))
    _ask(made, 1)
    made.advance(seconds=DEADLINE.total_seconds())
    trouble = only(health_of(made))
    assert (trouble.severity, _machines(made)) == (Severity.BROKEN, [])
    assert trouble.remedy.startswith("group gpu may grow from 0 to 2, which Karpenter does; its last try failed: ")
    assert "insufficient capacity" in trouble.remedy
    assert "; Karpenter waits, and tries again at 09:06 UTC; AWS has none of these left" in trouble.remedy
    made.cloud.sold_out = frozenset()
    made.advance(seconds=2 * DEADLINE.total_seconds())
    assert (_machines(made), _running(made)) == (["g5.xlarge spot"], 1)


def test_two_gpus_are_not_waited_for_where_karpenter_says_that_no_machine_has_them(made: World) -> None:
    made.create(workload("Deployment", "ranker", replicas=1, requests={"nvidia.com/gpu": "2"}, pod_spec=_TOLERANT))
    made.settle()
    trouble = only(health_of(made))  # what the types have is not told here
    assert (trouble.severity, _machines(made)) == (Severity.BROKEN, [])
    assert trouble.remedy.startswith(
        "Karpenter adds no machine for it (no instance type met the scheduling requirements"
    )


def test_a_machine_that_is_taken_back_is_emptied_and_replaced_before_it_goes(made: World) -> None:
    _ask(made, 1)
    made.settle()
    (taken,) = (one for one in made.cloud.machines() if not one.node_group)
    made.cloud.interrupt(taken.instance_id, made.clock() + timedelta(minutes=2))
    made.advance(seconds=110)
    assert (_machines(made), _running(made)) == (["g5.2xlarge spot"], 1)
    assert taken.name not in made.nodes()
    assert all(one.severity is Severity.NOTE for one in health_of(made).troubles)


def test_a_pool_that_is_gone_leaves_no_machine(made: World) -> None:
    _ask(made, 2)
    made.settle()
    made.store.delete(NODE_POOL, "gpu")
    made.settle()
    assert (made.store.list(NODE_CLAIM), len(made.cloud.machines())) == ([], 1)


def test_a_pool_that_somebody_deleted_is_told_once_with_who_waits_for_it(made: World) -> None:
    pool = made.store.get(NODE_POOL, "gpu")
    made.store.delete(NODE_POOL, "gpu")
    _ask(made, 1)
    made.settle()
    gone = Missing("NodePool gpu", "NodePool", "nodeGroups.gpu.node-pool", inputs={"spec": pool["spec"]})
    trouble = only(health_of(made, missing=(gone,)))
    assert (trouble.title, trouble.explains) == ("NodePool gpu", ("Deployment default/ranker",))
