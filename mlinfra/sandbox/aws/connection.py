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
    """The process at the other end of our connection to local `port`; 0 where none is found.

    The port alone does not tell: others may have connections from the same one to elsewhere, and must not be taken for
    the caller. So our own end of the connection is looked up first.
    """
    ours = _sockets(Path("/proc/self"))
    table = _connections() if port else []
    servers = {local for local, remote, socket in table if remote == port and socket in ours}
    wanted = {socket for local, remote, socket in table if local == port and remote in servers} - ours
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and int(entry.name) != os.getpid())
    return next((int(process.name) for process in processes if wanted & _sockets(process)), 0) if wanted else 0


def _sockets(process: Path) -> set[str]:
    """The open sockets of a process, as the kernel links them."""
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # another user's process, or one that has just ended
        return set()
    return {link for descriptor in descriptors if (link := _link(descriptor)).startswith("socket:")}


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # it was closed just now
        return ""


def _connections() -> list[tuple[int, int, str]]:
    """Local port, remote port and socket of each connection in the kernel's table."""
    table = Path("/proc/net/tcp")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return [(_port(row[1]), _port(row[2]), f"socket:[{row[9]}]") for row in rows]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
