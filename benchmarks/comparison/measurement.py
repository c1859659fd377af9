"""Measurement: one command as a process of its own, from its start to its end.

What it took of time, processor, memory and calls, of all the processes that it started. Reads /proc: Linux alone.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

_LOOK = 0.02  # seconds between looks at the memory


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `seconds` by the wall, `cpu` those of all processes, `peak_mib` their memory at once, resident."""

    seconds: float
    cpu: float
    peak_mib: float
    calls: int


class CallCount:
    """The log of calls of a sandbox, which counts what any tool asks of it."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/mlinfra-sandbox/calls"

    def clear(self) -> None:
        """Start anew."""
        self._ask("", "DELETE")

    def by_operation(self) -> dict[str, int]:
        """How many there were since, by operation."""
        return msgspec.json.decode(self._ask("/counts"), type=dict[str, int])

    def _ask(self, what: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(self._url + what, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            content: bytes = answer.read()
            return content


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], calls: CallCount, *, expect: int = 0
) -> Measured:
    """Run `command` in `folder`. Raises `SystemExit` with the end of what it said where it ends otherwise."""
    calls.clear()
    with (folder / "output.log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        memory = _Memory(process.pid)
        # The status is asked for here and nowhere else, so that the accounts come with it.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        memory.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expect:
        said = (folder / "output.log").read_text(errors="replace")[-4000:]
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}, not {expect}:\n{said}")
    return Measured(
        seconds=seconds,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mib=memory.peak,
        calls=sum(calls.by_operation().values()),
    )


class _Memory:
    """Looks at a process and all below it until told to end."""

    def __init__(self, root: int) -> None:
        self.peak = 0.0
        self._root = root
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            self.peak = max(self.peak, sum(map(_resident, _family(self._root))))


def _family(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):  # listed by the thread that began them
        for child in _read(str(children)).split():
            yield from _family(int(child))


def _resident(process: int) -> float:
    """In MiB; none of one that has ended meanwhile."""
    pages = _read(f"/proc/{process}/statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if pages else 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
