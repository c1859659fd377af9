"""The HTTP server of a simulated cloud: a WSGI application on a loopback port, a thread for each connection.

Connections are kept open between requests, as AWS keeps them. Werkzeug's own handler closes each after one answer,
since it leaves the rest of a request unread; this one reads every request to its end before the application sees it.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from mlinfra.sandbox.kept_connections import KeptConnections

LOOPBACK = "127.0.0.1"
_WITHOUT_BODY = frozenset({"204", "304"})


class _Handler(MotoRequestHandler):
    """Connections are kept open, small answers go out at once, and nothing is printed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """Tell the client at once that it may send the body: SDKs that write to S3 ask, and wait a second for it."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def run_wsgi(self) -> None:
        """Read one request whole, have it answered, and send the answer. A broken connection is not used again."""
        try:
            self.environ = environ = self._whole_request()
            self._send(*_answered(self.server.app, environ))
        except ConnectionError:
            self.close_connection = True

    def _whole_request(self) -> dict[str, Any]:
        environ = self.make_environ()
        chunked = "wsgi.input_terminated" in environ
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read() if chunked else self.rfile.read(length)
        if not chunked and len(body) < length:
            raise ConnectionAbortedError("the client went away in the middle of its request")
        return {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        said = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in said and code not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and code not in _WITHOUT_BODY:
            self.wfile.write(body)
        self.wfile.flush()

    def finish(self) -> None:
        """End the connection, also where its client was killed while it was being answered."""
        with suppress(ConnectionError):
            super().finish()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Calls have their own log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing worth printing."""


def _answered(application: Callable[..., Any], environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of what a WSGI application answers."""
    head: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
        head.append((status, headers))
        return lambda _: None

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return *head[-1], body


class _Server(KeptConnections, ThreadedWSGIServer):
    """Werkzeug's server, with connections that end when it does."""


class Server:
    """Serves until stopped."""

    def __init__(self, application: Callable[..., Any], port: int = 0) -> None:
        """Bind `port` of the loopback address, any free one with 0. Raises `OSError` where it is taken."""
        listener = socket.create_server((LOOPBACK, port), backlog=128)
        with listener:
            self._server = _Server(
                LOOPBACK, listener.getsockname()[1], application, handler=_Handler, fd=listener.fileno()
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
        """Stop serving, free the port and close all connections."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.drop_connections()
