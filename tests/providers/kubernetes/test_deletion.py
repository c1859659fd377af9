"""What is deleted is gone, or it is said what holds it."""

from __future__ import annotations

import pytest

from mlinfra.core.errors import Ambiguous, Conflict
from mlinfra.core.observed import Absent
from mlinfra.providers.kubernetes import deletion
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.token import Kind
from mlinfra.sandbox.kubernetes.faults import Effect, Fault
from tests.providers.kubernetes.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    Cluster,
    Operation,
    config_map,
    deployment,
)

_HOLD = {"metadata": {"finalizers": ["example.com/hold"]}}
_LET_GO = {"metadata": {"finalizers": None}}


def test_the_pods_of_a_workload_are_gone_with_it(cluster: Cluster) -> None:
    made = cluster.make(DEPLOYMENT, deployment("leaving", replicas=2))
    cluster.remove(DEPLOYMENT, made)
    assert not [name for name in cluster.kubectl.names("v1/pods") if name.startswith("leaving")]


def test_one_that_is_gone_already_is_no_error(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("twice"))
    cluster.remove(CONFIG_MAP, made)
    cluster.remove(CONFIG_MAP, made)
    assert cluster.provider.find(cluster.target(CONFIG_MAP, {}, id=made.id)) == Absent()


def test_a_finalizer_that_nobody_takes_off_is_named(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("held"))
    cluster.kubectl.patch("v1/configmaps", "held", _HOLD)
    live = cluster.kubectl.get("v1/configmaps", "held")
    place = cluster.provider.api.find(Kind.of(CONFIG_MAP))
    assert place is not None
    operation = Operation()
    with pytest.raises(Conflict, match=r"held by finalizer example\.com/hold") as refused:
        deletion.remove(cluster.provider.api, place, live, made.id, operation, patience=1)
    assert refused.value.code == Code.HELD
    assert operation.words == ["held by finalizer example.com/hold"]
    assert cluster.seen(CONFIG_MAP, made.id).failed == "it is being deleted"
    cluster.kubectl.patch("v1/configmaps", "held", _LET_GO)
    cluster.remove(CONFIG_MAP, made)


def test_one_that_is_going_is_waited_for_before_it_is_made_anew(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("phoenix"))
    cluster.kubectl.patch("v1/configmaps", "phoenix", _HOLD)
    cluster.kubectl.delete("v1/configmaps", "phoenix")

    class LetsGo(Operation):
        def say(self, progress: str) -> None:
            super().say(progress)
            cluster.kubectl.patch("v1/configmaps", "phoenix", _LET_GO)

    operation = LetsGo()
    again = cluster.provider.create(cluster.target(CONFIG_MAP, config_map("phoenix")), operation)
    assert operation.words == ["held by finalizer example.com/hold"]
    assert again.properties["metadata"]["uid"] != made.properties["metadata"]["uid"]


def test_a_namespace_goes_with_all_that_is_in_it(cluster: Cluster) -> None:
    space = cluster.make(NAMESPACE, {"metadata": {"name": "crowd"}})
    inside = config_map("inside")
    inside["metadata"]["namespace"] = "crowd"
    cluster.make(CONFIG_MAP, inside)
    cluster.remove(NAMESPACE, space)
    assert cluster.provider.find(cluster.target(CONFIG_MAP, {}, id="crowd/inside")) == Absent()


def test_a_lost_answer_to_a_deletion_may_be_asked_for_again(cluster: Cluster) -> None:
    made = cluster.make(CONFIG_MAP, config_map("unclear"))
    cluster.faults.plan("delete:configmaps", Fault(Effect.LOST_RESPONSE))
    with pytest.raises(Ambiguous):
        cluster.remove(CONFIG_MAP, made)
    cluster.remove(CONFIG_MAP, made)
    assert cluster.provider.find(cluster.target(CONFIG_MAP, {}, id=made.id)) == Absent()


def test_the_objects_of_a_kind_that_is_gone_are_gone(cluster: Cluster) -> None:
    target = cluster.target("kubernetes:gone.example.com/v1:Thing", {}, id="default/it")
    cluster.provider.delete(target, Operation())
    assert cluster.provider.find(target) == Absent()
