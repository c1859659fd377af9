"""Whether it has been said how apply gets to a private API, before anything is made."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Severity
from mlinfra.core.plan import Action, Change, Plan
from mlinfra.core.resource import Ownership
from mlinfra.library.outputs import Cluster
from mlinfra.session.connections.road import Road
from mlinfra.session.plans.planfile import road_of_settings, settings_of
from mlinfra.session.scrutiny.reach import demand_reach
from tests.library.samples import LIBRARY, graph_of, stack_of
from tests.modules.cases import NETWORK

_INSIDE = {"names": {"type": "kubernetes:core/v1:Namespace", "properties": {"metadata": {"name": "serving"}}}}
_PUBLIC = {"public": True, "allowedCidrs": ["203.0.113.0/24"]}


def _found(
    endpoint: dict[str, Any], action: Action = Action.CREATE, *, inside: bool = True, simulated: bool = False
) -> list[tuple[str, str]]:
    about = {**NETWORK, "cluster": {"endpoint": endpoint}}
    more: dict[str, Any] = {"resources": _INSIDE} if inside else {}
    graph = graph_of(about, **more)
    change = Change(address=Address("cluster"), type="aws:eks/cluster:Cluster", action=action)
    plan = Plan(ownership=Ownership("demo", "l"), serial=0, steps=(), changes=(change,))
    demanded = demand_reach(plan, stack_of(about, **more), graph, simulated=simulated)
    assert all(
        (one.hint or simulated) and one.source and one.source.file == "cluster.endpoint" for one in demanded.diagnostics
    )
    return [(one.severity.value, one.code) for one in demanded.diagnostics]


def test_a_private_api_that_apply_must_reach_wants_its_reach_declared() -> None:
    assert _found({}) == [("error", "MLI3085")]
    assert _found({}, Action.REPLACE) == [("error", "MLI3085")]


def test_of_a_simulated_cluster_it_is_only_said() -> None:
    assert _found({}, simulated=True) == [(Severity.NOTE.value, "MLI3085")]


@pytest.mark.parametrize("endpoint", [{"reach": "direct"}, {"reach": "proxy"}, {"reach": "ssm"}, _PUBLIC])
def test_one_that_is_declared_or_public_wants_nothing(endpoint: dict[str, Any]) -> None:
    assert _found(endpoint) == []


def test_what_is_there_already_can_be_tried_and_what_is_not_needed_is_not_asked_for() -> None:
    assert _found({}, Action.NO_OP) == _found({}, Action.UPDATE) == []
    assert _found({}, inside=False) == []


def test_the_reach_goes_with_the_plan_and_to_whoever_makes_things_in_the_cluster() -> None:
    stack = stack_of({"cluster": {"endpoint": {"reach": "ssm", "bastion": "i-0a"}}})
    assert road_of_settings(settings_of(stack, (), ())) == Road(reach="ssm", bastion="i-0a")
    assert road_of_settings(settings_of(stack_of({"cluster": None}), (), ())) == Road()
    assert "reach" in {field.name for field in msgspec.structs.fields(Cluster)}
    assert LIBRARY.modules["cluster"].schema["properties"]["endpoint"]["properties"]["reach"]["default"] is None
