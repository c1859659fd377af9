"""What stands in the place of a file and is none: never opened, and a coded error that names what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlinfra.core.errors import StateCorrupt
from mlinfra.state.backend import Backend
from mlinfra.state.codes import Code
from mlinfra.state.local import LocalBackend
from tests.state.actors import SetClock, claimant, first


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


KINDS: dict[str, Callable[[Path], None]] = {"pipe": os.mkfifo, "directory": Path.mkdir, "loop of links": link_to_itself}


def written(directory: Path) -> Backend:
    backend = LocalBackend(directory, "demo", SetClock(), claimant())
    with backend.lock("apply") as lease:
        lease.compact(lease.compact(first()))
    return backend


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_in_the_place_of_the_state_is_refused_naming_the_last_good_copy(
    kind: str, tmp_path: Path
) -> None:
    backend = written(tmp_path)
    (tmp_path / "state.json").unlink()
    KINDS[kind](tmp_path / "state.json")
    with pytest.raises(StateCorrupt) as caught:
        backend.read()
    assert caught.value.code == Code.UNAVAILABLE
    assert "state.json: it is a" in str(caught.value)
    assert f"the last good copy is {tmp_path}/state.2.json" in str(caught.value)
    assert "put state.2.json in the place of state.json" in caught.value.hint


@pytest.mark.parametrize("name", ["lock.json", "state.2.json", "journal"])
def test_a_pipe_in_any_other_place_holds_nobody_up(name: str, tmp_path: Path) -> None:
    backend = written(tmp_path)
    path = next(tmp_path.glob("journal.2.*")) if name == "journal" else tmp_path / name
    path.unlink()
    os.mkfifo(path)
    if name == "state.2.json":
        (tmp_path / "state.json").write_bytes(b"nonsense")
    with pytest.raises(StateCorrupt) as caught:
        backend.read()
    if name == "state.2.json":
        assert "the last good copy is" in str(caught.value)
        assert "state.1.json" in str(caught.value)
    else:
        assert caught.value.code == Code.UNAVAILABLE
        assert "it is a named pipe" in str(caught.value)


def test_a_pipe_where_a_file_is_to_be_written_is_a_coded_error(tmp_path: Path) -> None:
    backend = written(tmp_path)
    os.mkfifo(tmp_path / "lock.json.new")
    with pytest.raises(Exception, match=r"cannot write .*lock\.json") as caught, backend.lock("apply"):
        pass
    assert getattr(caught.value, "code", "") == Code.UNAVAILABLE
