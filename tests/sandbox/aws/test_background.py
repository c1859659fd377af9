"""The sandbox as a process: one for each directory, gone when told, never mistaken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from mlinfra.core.errors import MlinfraError
from mlinfra.sandbox import background


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / ".mlinfra"
    background.down(tmp_path / ".mlinfra")


def test_it_starts_serves_and_goes(root: Path) -> None:
    started = background.up(root=root)
    assert started.running
    assert background.status(root) == started
    client = boto3.client(
        "sts", endpoint_url=started.endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert client.get_caller_identity()["Account"] == started.account
    assert not background.down(root).running
    assert not background.status(root).running


def test_a_second_up_finds_the_first(root: Path) -> None:
    assert background.up(root=root) == background.up(root=root)


def test_several_that_start_at_once_give_one_server(root: Path) -> None:
    code = f"from mlinfra.sandbox import background; print(background.up(root={str(root)!r}).pid)"
    commands = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pids = {command.communicate()[0].strip() for command in commands}
    assert pids == {str(background.status(root).pid)}


def test_one_that_was_killed_is_not_taken_for_alive(root: Path) -> None:
    first = background.up(root=root)
    os.kill(first.pid, signal.SIGKILL)
    second = background.up(root=root)
    assert second.pid != first.pid
    assert second.running


def test_one_whose_starter_was_killed_serves_all_the_same(root: Path) -> None:
    root.mkdir()
    reading, writing = os.pipe()
    os.close(reading)  # nobody is there any more to be told
    command = [sys.executable, "-m", "mlinfra.sandbox", "--root", str(root), "--announce", str(writing)]
    with (root / "sandbox.log").open("ab") as log:
        subprocess.run(command, pass_fds=[writing], stdout=log, stderr=log, check=True)
    os.close(writing)
    assert background.up(root=root).running
    assert "Traceback" not in (root / "sandbox.log").read_text()


def test_one_that_is_killed_while_it_starts_is_started_again(root: Path) -> None:
    root.mkdir()
    code = f"""
import os, pathlib, sys
from mlinfra.sandbox import background
assert background.hold(pathlib.Path({str(root)!r})) is not None
print("held", flush=True)
sys.stdin.read()
"""
    starting = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert starting.stdout is not None
    assert starting.stdout.readline() == b"held\n"
    waiting = subprocess.Popen(
        [sys.executable, "-c", f"from mlinfra.sandbox import background; print(background.up(root={str(root)!r}).pid)"],
        stdout=subprocess.PIPE,
        text=True,
    )
    starting.kill()
    starting.communicate()
    assert waiting.communicate()[0].strip() == str(background.status(root).pid)


def test_another_port_than_the_one_it_runs_on_is_refused(root: Path) -> None:
    running = background.up(root=root)
    with pytest.raises(MlinfraError) as raised:
        background.up(port=running.port + 1, root=root)
    assert raised.value.code == "MLI6011"


def test_a_taken_port_is_reported(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    running = background.up(root=other)
    try:
        with pytest.raises(MlinfraError, match="did not start") as raised:
            background.up(port=running.port, root=root)
        assert raised.value.code == "MLI6010"
    finally:
        background.down(other)


def test_a_reset_needs_a_running_sandbox(root: Path) -> None:
    with pytest.raises(MlinfraError) as raised:
        background.reset(root)
    assert raised.value.code == "MLI6012"
    background.up(root=root)
    assert background.reset(root).running
