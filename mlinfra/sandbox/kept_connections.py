"""Connections that stay open between requests, and end with their server. Both of the sandbox's servers mix it in.

A server that is stopped closes its port; the threads that serve open connections would go on answering for it.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from typing import Any


class KeptConnections(socketserver.ThreadingMixIn):
    """A thread for each connection, and all connections known."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*arguments, **named)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection until either side closes it."""
        with self._lock:
            self._open.add(request)
        try:
            super().finish_request(request, client_address)  # type: ignore[misc]  # of the server that mixes this in
        finally:
            with self._lock:
                self._open.discard(request)

    def drop_connections(self) -> None:
        """Close what is still open."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # closed by the client meanwhile
                    connection.shutdown(socket.SHUT_RDWR)
