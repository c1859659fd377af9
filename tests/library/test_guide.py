"""The module in docs/modules.md is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlinfra.core.address import Address
from mlinfra.core.value import Ref
from mlinfra.library.contract import Contract
from mlinfra.library.library import Library
from tests.library.samples import ROOT, codes, graph_of, refusals
from tests.modules.cases import NODES

_GUIDE = (ROOT / "docs" / "modules.md").read_text()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    dataset, notebooks, _ = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    for name, code in {"dataset": dataset, "notebooks": notebooks}.items():
        folder = tmp_path / "modules" / name
        folder.mkdir(parents=True)
        (folder / "module.py").write_text(code)
    return Library.of_project(tmp_path)


def test_the_module_of_the_guide_makes_what_the_guide_says(library: Library) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _GUIDE, re.DOTALL)
    outputs = {"clicks": Ref(Address("datasets.clicks"), ("bucket",))}
    graph = graph_of({"datasets": yaml.safe_load(text)["datasets"]}, library=library, outputs=outputs)
    assert {"datasets.clicks.files", "datasets.clicks.files.versioning", "datasets.clicks.lifecycle"} <= set(
        graph.resources
    )
    assert graph.outputs == {"clicks": Ref(Address("datasets.clicks.files"), ("id",))}


def test_the_module_of_the_guide_refuses_what_the_guide_says(library: Library) -> None:
    wrong = refusals({"datasets": {"clicks": {"archiveDays": 90}}}, library=library)
    assert codes(wrong) == [("MLI2020", "datasets.clicks.archiveDays")]


def test_the_test_of_the_guide_passes(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, code = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    defined: dict[str, Any] = {}
    exec(compile(code, "docs/modules.md", "exec"), defined)
    defined["test_notebooks_may_use_their_bucket_and_no_other"]()


def test_the_runtime_of_the_guide_brings_what_it_uses(library: Library) -> None:
    graph = graph_of({**NODES, "runtimes": {"notebooks": {}}}, library=library)
    assert {"components.aws-ebs-csi-driver", "runtimes.notebooks", "runtimes.notebooks.files"} <= set(graph.resources)


def test_every_field_of_a_contract_is_explained() -> None:
    table = _GUIDE.partition("## Contracts")[2].partition("## Components")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    assert named == set(Contract.__struct_fields__)
