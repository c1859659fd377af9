"""Which process this is, and whether another one is gone: evidence for the lock, and nothing more.

A process is told by host name, boot, process namespace, number and start time. Only where the first three are our
own can we say that one is gone; of any other, and where the system has no /proc, nothing is known.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Protocol

import msgspec

_PROC = Path("/proc")
_HIDDEN = ""
_ENDED = "ended"


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process. `boot` and `namespace` are empty where the system does not tell; `started` is in clock ticks."""

    host: str
    boot: str = ""
    namespace: str = ""
    pid: int = 0
    started: str = ""


class Witness(Protocol):
    """Who can say which process we are and which are gone."""

    def ourselves(self) -> Process:
        """This process."""
        ...

    def is_gone(self, process: Process) -> bool:
        """Whether that process has certainly ended. `False` where it cannot be known."""
        ...


class SystemWitness:
    """The operating system's word, from /proc (proc(5))."""

    def ourselves(self) -> Process:
        """This process."""
        return Process(
            host=socket.gethostname(),
            boot=_text(_PROC / "sys/kernel/random/boot_id"),
            namespace=_link(_PROC / "self/ns/pid"),
            pid=os.getpid(),
            started=_start_time(os.getpid()),
        )

    def is_gone(self, process: Process) -> bool:
        """Whether no process of that number, or a younger one, is there."""
        here = self.ourselves()
        known = here.boot and here.namespace and process.started and process.pid > 0
        if not known or (process.host, process.boot, process.namespace) != (here.host, here.boot, here.namespace):
            return False
        return not _exists(process.pid) or _start_time(process.pid) not in (process.started, _HIDDEN)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # no signal: only the question whether it could be sent
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # the system does not tell: nothing will be concluded from it


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat, `_ENDED` for a process that only awaits its parent, `_HIDDEN` where it is not shown.

    The second field, the command in brackets, may hold anything, brackets included: count from the last one. Other
    users' processes are hidden where /proc is mounted with hidepid, so that not to see one proves nothing.
    """
    fields = _text(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    if not fields:
        return _HIDDEN
    return _ENDED if fields[0] in ("Z", "X") else fields[19]
