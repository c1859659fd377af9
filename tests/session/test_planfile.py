"""A plan file is applied as it was written, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlinfra.core.errors import PlanError
from mlinfra.core.plan import Plan
from mlinfra.core.resource import Ownership
from mlinfra.session.plans.planfile import read_plan, write_plan

PLAN = Plan(ownership=Ownership("demo", "0123"), serial=30, steps=(), changes=())


def test_a_plan_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "a.plan"
    write_plan(PLAN, str(file))
    assert read_plan(str(file)) == PLAN
    assert file.stat().st_mode & 0o077 == 0


def test_a_plan_file_that_was_edited_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.plan"
    write_plan(PLAN, str(file))
    file.write_bytes(file.read_bytes().replace(b'"serial":30', b'"serial":99'))
    with pytest.raises(PlanError, match="not as it was written"):
        read_plan(str(file))


@pytest.mark.parametrize("kept", [0, 1, 40, -1, -60, -72])
def test_a_plan_file_that_was_cut_is_refused(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "a.plan"
    write_plan(PLAN, str(file))
    file.write_bytes(file.read_bytes().rstrip(b"\n")[:kept])
    with pytest.raises(PlanError):
        read_plan(str(file))


@pytest.mark.parametrize(("there", "stays"), [(b"apiVersion: mlinfra/v1\n", True), (b"", False)])
def test_what_is_no_plan_is_not_overwritten_by_one(tmp_path: Path, there: bytes, stays: bool) -> None:
    file = tmp_path / "stack.yaml"
    file.write_bytes(there)
    if stays:
        with pytest.raises(PlanError, match="not overwritten"):
            write_plan(PLAN, str(file))
        assert file.read_bytes() == there
    else:
        write_plan(PLAN, str(file))
        write_plan(PLAN, str(file))
        assert read_plan(str(file)) == PLAN
