"""The ways to a private cluster: through a proxy, and through a tunnel of Session Manager."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlinfra.core.address import Address
from mlinfra.core.errors import PlanError
from mlinfra.core.plan import Plan, Step, Verb
from mlinfra.core.resource import Connection, Ownership
from mlinfra.session.connections.road import Road, require_road

PLUGIN = Path(__file__).parent / "plugin"
_IN_CLUSTER = Step(
    key="names",
    address=Address("resources.names"),
    generation=1,
    verb=Verb.CREATE,
    type="kubernetes:core/v1:Namespace",
    connection=Connection("kubernetes", "arn@2026"),
)
_PLAN = Plan(ownership=Ownership("demo", "l"), serial=0, steps=(_IN_CLUSTER,), changes=())
_PROXY = "http://proxy.acme.example:3128"
_BARE = {"PATH": "/nowhere"}
_EQUIPPED = {"PATH": f"{PLUGIN}{os.pathsep}{os.environ['PATH']}"}


def test_the_proxy_of_a_road_is_the_one_named_or_that_of_the_environment() -> None:
    assert Road(reach="proxy", proxy=_PROXY).proxy_of({"HTTPS_PROXY": "http://other:1"}) == _PROXY
    assert Road(reach="proxy").proxy_of({"https_proxy": "http://other:1"}) == "http://other:1"
    assert Road(reach="direct").proxy_of({"HTTPS_PROXY": "http://other:1"}) == ""


@pytest.mark.parametrize(
    ("road", "code"),
    [
        (Road(reach="proxy"), "MLI3155"),
        (Road(reach="proxy", proxy="socks5://proxy:1080"), "MLI3155"),
        (Road(reach="ssm"), "MLI3156"),
    ],
)
def test_what_a_road_needs_and_this_machine_lacks_is_said_before_anything_is_made(
    road: Road, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", _BARE["PATH"])
    with pytest.raises(PlanError) as refused:
        require_road(_PLAN, road, simulated=False)
    assert (refused.value.code, bool(refused.value.hint)) == (code, True)
    require_road(_PLAN, road, simulated=True)
    require_road(Plan(ownership=Ownership("demo", "l"), serial=0, steps=(), changes=()), road, simulated=False)


@pytest.mark.parametrize("road", [Road(), Road(reach="direct"), Road(reach="proxy", proxy=_PROXY), Road(reach="ssm")])
def test_a_road_that_this_machine_is_equipped_for_is_taken(road: Road) -> None:
    road.require(_EQUIPPED)
