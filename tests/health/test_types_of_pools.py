"""Karpenter's pools are held against what their types have: nobody waits for a machine that there is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from mlinfra.core.facts import InstanceType
from mlinfra.core.health import Severity, Trouble
from mlinfra.health.fitting import suited
from mlinfra.health.judgement import judge
from mlinfra.health.seen import Group, Seen
from mlinfra.sandbox.kubernetes.values import Object

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists"}
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
UNFIT = 'Failed to schedule pod, no instance type has enough resources, requirements=x In [y], resources={"cpu":"1"}'
LESS = "ask for less, or add a group of a type with more to nodeGroups"


def _type(name: str, vcpus: int, gib: int, gpus: int = 0, architecture: str = "x86_64") -> InstanceType:
    more: dict[str, Any] = {"gpus": gpus, "gpu_name": "A10G"} if gpus else {}
    return InstanceType(name=name, vcpus=vcpus, memory_mib=gib * 1024, architecture=architecture, **more)


TYPES = {
    one.name: one
    for one in (
        _type("g5.xlarge", 4, 16, 1),
        _type("g5.2xlarge", 8, 32, 1),
        _type("m7g.4xlarge", 16, 64, architecture="arm64"),
    )
}


def _pool(name: str, *types: str, **labels: str) -> Object:
    requirements = [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": list(types)},
        {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]},
    ]
    called = {"mlinfra/node-group": name, "mlinfra/gpu": "A10G", **labels}
    template = {"metadata": {"labels": called}, "spec": {"requirements": requirements, "taints": [TAINT]}}
    made = {"name": name, "creationTimestamp": "2026-11-24T00:00:00Z"}
    return {"metadata": made, "spec": {"template": template, "limits": {"nodes": "1"}}}


CHEAP, DEAR = _pool("cheap", "g5.xlarge", "g5.2xlarge"), _pool("dear", "g5.xlarge")


def _node(**allocatable: str) -> Object:
    """A node of the pool `dear`."""
    labels = {"mlinfra/node-group": "dear", "mlinfra/gpu": "A10G", "node.kubernetes.io/instance-type": "g5.xlarge"}
    offered = {"cpu": "3920m", "memory": "14Gi", "nvidia.com/gpu": "1", **allocatable}
    ready = {"type": "Ready", "status": "True"}
    meta = {"name": "a", "labels": labels, "creationTimestamp": "2026-11-25T00:00:00Z"}
    return {"metadata": meta, "spec": {"taints": [TAINT]}, "status": {"allocatable": offered, "conditions": [ready]}}


def _pod(limits: dict[str, str], lacking: str = "nvidia.com/gpu", **spec: Any) -> Object:
    why = f"0/1 nodes are available: 1 Insufficient {lacking}. preemption: none."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "u"},
        "spec": {"tolerations": [TOLERATION], "containers": [{"resources": {"limits": limits}}], **spec},
        "status": {"phase": "Pending", "conditions": [scheduled]},
    }


def _said(message: str, ago: float = 30.0) -> Object:
    moment = (NOW - timedelta(seconds=ago)).isoformat()
    about = {"uid": "u"}
    meta = {"name": "e", "namespace": "default"}
    return {"metadata": meta, "involvedObject": about, "reason": "FailedScheduling", "message": message} | {
        "lastTimestamp": moment
    }


def _seen(pod: Object, *pools: Object, events: tuple[Object, ...] = (), nodes: tuple[Object, ...] = ()) -> Seen:
    karpenter = {"metadata": {"name": "karpenter", "namespace": "kube-system"}, "status": {"availableReplicas": 1}}
    objects = {"Pod": (pod,), "NodePool": pools, "Deployment": (karpenter,), "Event": events, "Node": nodes}
    return Seen(now=NOW, objects=objects, types=TYPES, groups=(Group(name="system", maximum=1, desired=1, machines=1),))


def _told(seen: Seen) -> Trouble:
    (trouble,) = (one for one in judge("recsys", seen).troubles if one.title == "Pod default/web")
    return trouble


def _takers(seen: Seen) -> list[str]:
    return [group.name for group in suited(seen, seen.objects["Pod"][0])]


def test_more_gpus_than_any_type_has_are_not_waited_for() -> None:
    trouble = _told(_seen(_pod({"nvidia.com/gpu": "2"}), CHEAP, DEAR))
    assert trouble.severity is Severity.BROKEN
    assert trouble.words == "each needs 2 nvidia.com/gpu, and no machine of the stack's groups has so many"
    assert trouble.remedy == LESS


def test_nodes_that_have_too_few_are_not_called_full() -> None:
    trouble = _told(_seen(_pod({"nvidia.com/gpu": "2"}), CHEAP, DEAR, nodes=(_node(),)))
    assert trouble.severity is Severity.BROKEN
    most = "no node has more than 1 nvidia.com/gpu, nor would a new one of any group have enough"
    assert trouble.words == f"each needs 2 nvidia.com/gpu, and {most}"
    assert trouble.remedy.startswith("ask for less, or add")


def test_what_is_too_much_is_named_and_not_what_there_is_enough_of() -> None:
    trouble = _told(_seen(_pod({"nvidia.com/gpu": "1", "memory": "100Gi"}), CHEAP, DEAR))
    assert trouble.words == "each needs 100Gi of memory, and no machine of the stack's groups has so much"
    assert trouble.remedy == LESS


@pytest.mark.parametrize(
    ("limits", "spec", "takers"),
    [
        ({"nvidia.com/gpu": "1"}, {}, ["cheap", "dear"]),
        ({"nvidia.com/gpu": "1", "cpu": "6"}, {}, ["cheap"]),
        ({"nvidia.com/gpu": "1", "memory": "20Gi"}, {}, ["cheap"]),
        ({"nvidia.com/gpu": "1", "cpu": "9"}, {}, []),
        ({"nvidia.com/gpu": "1"}, {"tolerations": []}, []),
        ({"nvidia.com/gpu": "1"}, {"nodeSelector": {"node.kubernetes.io/instance-type": "g5.2xlarge"}}, ["cheap"]),
        ({"nvidia.com/gpu": "1"}, {"nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}}, []),
        ({"nvidia.com/gpu": "1"}, {"nodeSelector": {"kubernetes.io/arch": "arm64"}}, []),
        (
            {"nvidia.com/gpu": "1", "cpu": "6"},
            {"nodeSelector": {"node.kubernetes.io/instance-type": "g5.xlarge"}},
            [],
        ),
    ],
)
def test_a_pool_helps_only_where_one_of_its_types_has_all_that_a_pod_asks_for(
    limits: dict[str, str], spec: dict[str, Any], takers: list[str]
) -> None:
    assert _takers(_seen(_pod(limits, **spec), CHEAP, DEAR)) == takers


def test_what_two_types_have_together_neither_has() -> None:
    both = _pool("both", "g5.xlarge", "m7g.4xlarge")
    assert _takers(_seen(_pod({"nvidia.com/gpu": "1", "cpu": "12"}), both)) == []


def test_a_machine_larger_than_those_that_are_there_may_come() -> None:
    pool = _pool("dear", "g5.xlarge", "g5.2xlarge")
    assert _takers(_seen(_pod({"nvidia.com/gpu": "1", "cpu": "6"}), pool, nodes=(_node(),))) == ["dear"]


@pytest.mark.parametrize(
    ("needs", "takers"),
    [({"cpu": "3920m"}, ["dear"]), ({"cpu": "4"}, []), ({"memory": "15Gi"}, ["dear"]), ({"memory": "16Gi"}, [])],
)
def test_what_the_system_keeps_of_a_type_is_known_before_there_is_a_node_of_it(
    needs: dict[str, str], takers: list[str]
) -> None:
    assert _takers(_seen(_pod({"nvidia.com/gpu": "1", **needs}), DEAR)) == takers


def test_a_node_that_is_there_says_better_what_the_system_keeps_of_its_type() -> None:
    near = _pod({"nvidia.com/gpu": "1", "memory": "15Gi"})
    assert _takers(_seen(near, DEAR, nodes=(_node(),))) == []


@pytest.mark.parametrize(
    "pool",
    [_pool("gpu", "x9.huge"), _pool("gpu", "g5.xlarge", **{"nvidia.com/device-plugin.config": "time-slicing-4"})],
)
def test_what_nobody_knows_of_a_type_keeps_no_pod_away(pool: Object) -> None:
    assert _takers(_seen(_pod({"nvidia.com/gpu": "2"}), pool)) == ["gpu"]


def test_what_karpenter_says_of_its_types_goes_before_what_is_known_of_them() -> None:
    trouble = _told(_seen(_pod({"nvidia.com/gpu": "1", "cpu": "3920m"}), DEAR, events=(_said(UNFIT),)))
    assert trouble.severity is Severity.BROKEN
    assert trouble.remedy == f"Karpenter adds no machine for it (no instance type has enough resources): {LESS}"


@pytest.mark.parametrize(
    "event",
    [
        _said("Failed to schedule pod, no instance type has the required offering, requirements=x In [y]"),
        _said('Failed to schedule pod, all available instance types exceed limits for nodepool "dear"'),
        _said(UNFIT.replace("pod, ", 'pod, node limits have been exhausted for nodepool "cheap"; ')),
        _said(UNFIT, ago=900),
        _said(UNFIT, ago=48 * 3600),
    ],
)
def test_what_fits_and_is_not_to_be_had_or_was_said_long_ago_is_no_word_on_the_types(event: Object) -> None:
    trouble = _told(_seen(_pod({"nvidia.com/gpu": "1"}), DEAR, events=(event,)))
    assert trouble.severity is Severity.WARNING
    assert trouble.remedy.startswith("group dear may grow from 0 to 1: Karpenter adds a machine")


def test_what_karpenter_said_before_the_newest_pool_came_holds_no_more() -> None:
    later = _pool("later", "g5.2xlarge")
    later = {**later, "metadata": {**later["metadata"], "creationTimestamp": (NOW - timedelta(seconds=5)).isoformat()}}
    looked = _seen(_pod({"nvidia.com/gpu": "1", "cpu": "6"}), DEAR, later, events=(_said(UNFIT),))
    assert "group later may grow" in _told(looked).remedy
    before = msgspec.structs.replace(looked, objects={**looked.objects, "NodePool": (DEAR,)})
    assert "may grow" not in _told(before).remedy
