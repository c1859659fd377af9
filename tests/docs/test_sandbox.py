"""What docs/sandbox.md shows works as it stands there: its rules, its annotations, its Python."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from mlinfra.sandbox.faults import FaultKind, FaultRule
from mlinfra.sandbox.kubernetes.controllers.horizontal import METRICS
from mlinfra.sandbox.kubernetes.controllers.kubelet import DURATION, FAIL
from mlinfra.sandbox.kubernetes.subresources import LOG

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_rules_are_rules() -> None:
    (written,) = blocks("json")
    rules = msgspec.json.decode(written, type=list[FaultRule])
    assert len(rules) == len(msgspec.json.decode(written)) > 0
    (asked,) = re.findall(r"/faults -d '(.*)'", TEXT)
    assert msgspec.json.decode(asked, type=FaultRule).kind is FaultKind.THROTTLE


@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_kind_of_fault_is_named(kind: FaultKind) -> None:
    assert f"`{kind}`" in TEXT


def test_the_annotations_are_those_that_pods_heed() -> None:
    named = set(re.findall(r"sandbox\.mlinfra\.dev/[a-z]+", TEXT))
    assert named == {FAIL, DURATION, LOG, METRICS}


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "docs/sandbox.md", "exec"), {})
    assert capsys.readouterr().out == "{}\n"
