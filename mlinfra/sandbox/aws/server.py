"""The HTTP server of a simulated cloud: a WSGI application on a loopback port, a thread for each connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

LOOPBACK = "127.0.0.1"


class _Handler(MotoRequestHandler):
    """Connections are kept open, small answers go out at once, and nothing is printed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """Tell the client at once that it may send the body: SDKs that write to S3 ask, and wait a second for it."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        del self.headers["Expect"]  # werkzeug would say it once more
        return going_on

    def finish(self) -> None:
        """End the connection, also where its client was killed while it was being answered."""
        with suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Calls have their own log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing worth printing."""


class Server:
    """Serves until stopped."""

    def __init__(self, application: Callable[..., Any], port: int = 0) -> None:
        """Bind `port` of the loopback address, any free one with 0. Raises `OSError` where it is taken."""
        listener = socket.create_server((LOOPBACK, port), backlog=128)
        with listener:
            self._server = make_server(
                LOOPBACK,
                listener.getsockname()[1],
                application,
                threaded=True,
                request_handler=_Handler,
                fd=listener.fileno(),
            )
        self.port: int = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
