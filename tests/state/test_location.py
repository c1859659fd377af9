from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from mlinfra.core.errors import StateError
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.location import open_backend
from tests.state.actors import SetClock, claimant, first
from tests.state.buckets import Bucket


def refuse() -> NoReturn:
    raise AssertionError("no client is needed")


def opened(location: str, root: Path, stack: str = "demo") -> Backend:
    return open_backend(location, stack, root, SetClock(), claimant(), refuse)


def test_a_stack_without_a_place_has_its_state_under_the_working_directory(tmp_path: Path) -> None:
    backend = opened("", tmp_path)
    assert backend.location == str(tmp_path / ".mlinfra/state/demo")
    assert list(tmp_path.iterdir()) == [], "opening makes nothing"
    assert backend.read() is None
    assert list(tmp_path.iterdir()) == [], "reading makes nothing"


def test_a_relative_directory_is_taken_from_the_root_and_an_absolute_one_as_it_is(tmp_path: Path) -> None:
    assert opened("states/demo", tmp_path).location == str(tmp_path / "states/demo")
    assert opened(str(tmp_path / "elsewhere"), Path("/root")).location == str(tmp_path / "elsewhere")


def test_what_is_written_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with opened("", tmp_path).lock("apply") as lease:
        lease.compact(first())
    directory = tmp_path / ".mlinfra/state/demo"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_a_bucket_gets_its_client_from_the_caller(tmp_path: Path) -> None:
    bucket = Bucket()
    backend = open_backend("s3://states/demo", "demo", tmp_path, SetClock(), claimant(), lambda: bucket)
    assert backend.location == "s3://states/demo"
    assert backend.read() is None
    assert bucket.log


@pytest.mark.parametrize("location", ["gs://states/demo", "http://host/x", "s3://states"])
def test_a_place_that_means_nothing_is_refused(location: str, tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        open_backend(location, "demo", tmp_path, SetClock(), claimant(), Bucket)
    assert caught.value.code == Code.BAD_LOCATION


@pytest.mark.parametrize("stack", ["", "..", "a/b", ".hidden"])
def test_a_stack_whose_name_is_no_file_name_is_refused(stack: str, tmp_path: Path) -> None:
    with pytest.raises(StateError):
        opened("", tmp_path, stack)


def test_a_directory_that_cannot_be_made_is_a_coded_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    backend = opened("file/demo", tmp_path)
    with pytest.raises(StateError) as caught, backend.lock("apply"):
        pass
    assert caught.value.code == Code.UNAVAILABLE
