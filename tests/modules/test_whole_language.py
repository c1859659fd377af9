from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from mlinfra.library.sections import language
from tests.library.samples import LIBRARY, codes, graph_of, refusals

_WHOLE: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("whole-language.yaml").read_text())
_SECTIONS = language(LIBRARY, {}).sections
_BUILT = ("network", "cluster", "nodeGroups", "loadBalancers", "registries", "monitoring", "autoscaling")


def test_every_section_has_a_module() -> None:
    assert set(_WHOLE) == set(_SECTIONS)


@pytest.mark.parametrize("name", sorted(_WHOLE))
def test_a_section_with_all_its_fields_is_valid(name: str) -> None:
    section = _SECTIONS[name]
    for entry in _WHOLE[name].values() if section.many else [_WHOLE[name]]:
        assert list(Draft202012Validator(dict(section.schema)).iter_errors(entry)) == []


def test_what_cannot_be_planned_yet_is_said_of_every_entry_at_once() -> None:
    wrong = refusals({name: _WHOLE[name] for name in _WHOLE if name not in _BUILT})
    assert ("MLI2005", "runtimes.jupyterhub") in codes(wrong)


def test_what_can_be_planned_is() -> None:
    graph = graph_of({name: _WHOLE[name] for name in _BUILT})
    # `autoscaling` makes nothing itself: what it wishes for stands among the components.
    assert {one.address.section for one in graph} == {*_BUILT, "components"} - {"autoscaling"}
