"""The module in docs/modules.md is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlinfra.core.address import Address
from mlinfra.core.value import Ref
from mlinfra.library.library import Library
from tests.library.samples import ROOT, codes, graph_of, refusals

_GUIDE = (ROOT / "docs" / "modules.md").read_text()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (code,) = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    folder = tmp_path / "modules" / "dataset"
    folder.mkdir(parents=True)
    (folder / "module.py").write_text(code)
    return Library.of_project(tmp_path)


def test_the_module_of_the_guide_makes_what_the_guide_says(library: Library) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _GUIDE, re.DOTALL)
    outputs = {"clicks": Ref(Address("datasets.clicks"), ("bucket",))}
    graph = graph_of({"datasets": yaml.safe_load(text)["datasets"]}, library=library, outputs=outputs)
    assert sorted(graph.resources) == [
        "datasets.clicks",
        "datasets.clicks.lifecycle",
        "datasets.clicks.versioning",
    ]
    assert graph.outputs == {"clicks": Ref(Address("datasets.clicks"), ("id",))}


def test_the_module_of_the_guide_refuses_what_the_guide_says(library: Library) -> None:
    wrong = refusals({"datasets": {"clicks": {"versions": False}}}, library=library)
    assert codes(wrong) == [("MLI2020", "datasets.clicks.keepDays")]
