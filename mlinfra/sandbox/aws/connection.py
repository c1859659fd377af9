"""The connection that a request came over: who is at its other end, and how it is broken.

Faults use it. Finding the client's process reads `/proc`, so it works on Linux only; elsewhere a rule must say whom
to kill.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class ConnectionBroken(ConnectionError):
    """The connection is gone on purpose: the server has nothing to answer."""


class Client:
    """The other end of a request's connection."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._socket: socket.socket | None = environ.get("werkzeug.socket")
        self._port = int(environ.get("REMOTE_PORT") or 0)

    def reset(self) -> None:
        """Break the connection at once, without an answer. Always raises `ConnectionBroken`."""
        if self._socket is not None:
            # No lingering, so that the client may see a reset; the shutdown ends the server's own wait for more, whose
            # open files would otherwise keep the connection alive.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):  # the client was faster
                self._socket.shutdown(socket.SHUT_RDWR)
        raise ConnectionBroken

    def stay_silent(self, seconds: float) -> None:
        """Answer nothing until the client gives up or `seconds` have passed. Always raises `ConnectionBroken`."""
        if self._socket is not None:
            select.select([self._socket], [], [], seconds)
        self.reset()

    def kill(self, pid: int) -> None:
        """Kill process `pid`, or with 0 the one at the other end, and break the connection."""
        victim = pid or process_of(self._port)
        if victim and victim != os.getpid():
            os.kill(victim, signal.SIGKILL)
        self.reset()


def process_of(port: int) -> int:
    """The process that has a TCP connection from local `port`; 0 where none is found."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port)}
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid())
    return next((int(process.name) for process in processes if _holds(process, inodes)), 0)


def _holds(process: Path, inodes: set[str]) -> bool:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # another user's process, or one that has just ended
        return False
    return any(_link(descriptor) in inodes for descriptor in descriptors)


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # it was closed just now
        return ""


def _inodes(port: int) -> list[str]:
    """The inodes of sockets with that local port, from the kernel's table of connections."""
    table = Path("/proc/net/tcp")
    if not port or not table.exists():
        return []
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [row[9] for row in rows if int(row[1].rpartition(":")[2], 16) == port]
