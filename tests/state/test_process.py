from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mlinfra.state.process import Process, SystemWitness


def test_we_are_not_gone_and_say_so_the_same_each_time() -> None:
    witness = SystemWitness()
    ourselves = witness.ourselves()
    assert ourselves.pid == os.getpid()
    assert ourselves == witness.ourselves()
    assert not witness.is_gone(ourselves)


def test_a_process_that_ended_is_gone_before_and_after_its_parent_took_notice() -> None:
    witness = SystemWitness()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    process = msgspec.structs.replace(witness.ourselves(), pid=child.pid, started=stat[19])
    assert not witness.is_gone(process)
    child.communicate(b"\n")
    assert witness.is_gone(process)


def test_a_younger_process_of_the_same_number_is_another() -> None:
    witness = SystemWitness()
    assert witness.is_gone(msgspec.structs.replace(witness.ourselves(), started="1"))


@pytest.mark.parametrize("field", ["host", "boot", "namespace"])
def test_of_a_process_elsewhere_nothing_is_known(field: str) -> None:
    witness = SystemWitness()
    elsewhere = msgspec.structs.replace(witness.ourselves(), started="1", **{field: "another"})
    assert not witness.is_gone(elsewhere)


def test_of_a_process_without_a_start_time_nothing_is_known() -> None:
    witness = SystemWitness()
    for process in (
        msgspec.structs.replace(witness.ourselves(), started=""),
        msgspec.structs.replace(witness.ourselves(), pid=0, started="1"),
        Process(host=witness.ourselves().host),
    ):
        assert not witness.is_gone(process)
