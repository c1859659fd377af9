"""Output that is closed or full: what a command does is done all the same, and it says so where it can."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = f"{sys.executable} -c 'import sys; from mlinfra.cli.main import main; sys.exit(main())'"


def told(line: str) -> tuple[int, str]:
    """The exit code, and what is said on standard error where that is open."""
    done = subprocess.run(["/bin/sh", "-c", f"{PROGRAM} {line}"], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">&-"])
def test_closed_streams_change_nothing(closed: str) -> None:
    assert told(f"modules list {closed}") == (0, "")
    assert told(f"validate no-such-stack.yaml {closed}")[0] == 1


def test_an_answer_that_cannot_be_written_is_an_error_without_a_traceback() -> None:
    code, said = told("modules list >/dev/full")
    assert code == 1
    assert said.startswith("error MLI9013 standard output: what it says cannot be written: No space left on device")
    assert len(said.splitlines()) == 1
