"""Runs of mlinfra as processes of their own: killed, signalled and run at once as those of users are.

They are forked from one process that has everything imported, which saves most of the second that starting Python and
botocore costs; from the fork on they are processes like any other. `test_kill.py` runs the console script as well.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import chdir
from multiprocessing import forkserver
from pathlib import Path

from mlinfra.cli.main import main

from .gate import PATIENCE

_ROOT = Path(__file__).parents[2]
_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["tests.reliability.preloaded"])


class Process:
    """One run, begun with its making. What it prints goes to `log`."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environ: Mapping[str, str], log: Path) -> None:
        self.arguments, self.log = arguments, log
        self._process = _NURSERY.Process(target=_command, args=(arguments, folder, dict(environ), log), daemon=True)
        with chdir(_ROOT):  # the nursery imports from where it starts
            forkserver.ensure_running()
        self._process.start()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def pause(self) -> None:
        """Stop it where it is, and answer once every thread of it stands still: a signal takes its time to arrive."""
        self.signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        while self.running and any(" T " not in _state(task) for task in tasks.glob("*/stat")):
            time.sleep(0.001)

    def end(self) -> int:
        """Wait for its end; answers its exit code, or the negative of the signal that killed it."""
        self._process.join(PATIENCE)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError(f"{' '.join(self.arguments)} has not ended after {PATIENCE} s\n{self.printed()}")
        self._process.close()
        return code

    def printed(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text() if self.log.exists() else ""


def _state(task: Path) -> str:
    try:
        return task.read_text().rpartition(")")[2][:3]
    except OSError:  # the thread has ended
        return " T "


def _command(arguments: tuple[str, ...], folder: Path, environ: dict[str, str], log: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    with log.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.exit(main(list(arguments)))
