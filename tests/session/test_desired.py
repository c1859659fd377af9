"""What is wrong with a stack is said before a plan is made, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.core.address import Address
from mlinfra.core.diagnostic import Severity
from mlinfra.core.errors import ConfigError
from mlinfra.core.value import Properties, Ref
from mlinfra.session.scrutiny.desired import desired_graph
from tests.library.samples import FACTS, LIBRARY, TAGGABLE, stack_of
from tests.modules.cases import NETWORK, SYSTEM

_REPOSITORY = "aws:ecr/repository:Repository"
_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_GROUPS = {**NETWORK, "cluster": {}, "nodeGroups": {"system": SYSTEM}}


def _raw(**resources: tuple[str, Properties]) -> dict[str, Any]:
    return {name: {"type": token, "properties": properties} for name, (token, properties) in resources.items()}


def test_what_a_module_refuses_hides_nothing_of_the_rest() -> None:
    sections = {**_GROUPS, "nodeGroups": {"system": {**SYSTEM, "min": 5}, "gpu": {"instances": ["g5.xlarg"], "max": 1}}}
    raw = _raw(
        a=(_REPOSITORY, {"name": "same"}), b=(_REPOSITORY, {"name": "same"}), c=(_REPOSITORY, {"name": "Models"})
    )
    with pytest.raises(ConfigError) as refused:
        desired_graph(stack_of(sections, resources=raw), LIBRARY, FACTS, TAGGABLE)
    assert sorted(one.code for one in refused.value.diagnostics) == ["MLI2303", "MLI3080", "MLI3120", "MLI3126"]


def test_what_nobody_asks_the_region_about_is_noted() -> None:
    graph = desired_graph(
        stack_of(_GROUPS, resources=_raw(a=(_TEMPLATE, {"instanceType": "m99x.large"}))), LIBRARY, FACTS, TAGGABLE
    )
    assert [(one.code, one.severity) for one in graph.notes if one.code == "MLI3124"] == [("MLI3124", Severity.WARNING)]


def test_a_reference_to_what_an_object_never_answers_keeps_a_plan_from_being_made() -> None:
    raw = _raw(a=(_REPOSITORY, {"name": "models"}), b=(_REPOSITORY, {"name": Ref(Address("resources.a"), ("nam",))}))
    with pytest.raises(ConfigError) as refused:
        desired_graph(stack_of({}, resources=raw), LIBRARY, FACTS, TAGGABLE)
    assert [(one.code, one.hint) for one in refused.value.diagnostics] == [("MLI1139", "did you mean name?")]
