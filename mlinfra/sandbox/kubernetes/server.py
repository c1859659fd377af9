"""HTTP for an API: threads, keep-alive, TLS, chunked streams. Made by `cluster`; of Kubernetes it knows `handle`."""

from __future__ import annotations

import select
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mlinfra.sandbox.kept_connections import KeptConnections
from mlinfra.sandbox.kubernetes.requests import Request, Response

Handle = Callable[[Request], Response]
_LARGEST = 3 * 1024 * 1024  # bytes of a request's body, as kube-apiserver limits it


class HttpServer:
    """Serves an API at one port until it is stopped."""

    def __init__(self, handle: Handle, context: ssl.SSLContext, host: str, port: int) -> None:
        self._server = _Server((host, port), handle, context)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        name = f"[{host}]" if ":" in host else host
        self.url = f"https://{name}:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Close the port and all connections; streams end."""
        self._server.shutdown()
        self._server.server_close()
        self._server.drop_connections()
        self._thread.join()


class _Server(KeptConnections, HTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handle: Handle, context: ssl.SSLContext) -> None:
        self.handle_api = handle
        self._context = context
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread, then serve it."""
        try:
            connection = self._context.wrap_socket(request, server_side=True)
        except OSError:
            return  # not a TLS client, or it has gone; its own side says so
        try:
            super().finish_request(connection, client_address)
        finally:
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about connections that break; an API fault is answered, not raised."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def serve(self) -> None:
        """Answer one request."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST:
            self.send_error(413)
            self.close_connection = True
            return
        body = self.rfile.read(length) if length else self._chunks()
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        port = self.client_address[1]
        response = self.server.handle_api(Request(self.command, unquote(url.path), query, headers, body, port))
        if response.status == 0:
            self.close_connection = True
        elif response.stream is not None:
            self._stream(response)
        else:
            self._whole(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve  # noqa: N815

    def _chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return b""
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _head(self, response: Response, *headers: tuple[str, str]) -> None:
        self.send_response(response.status)
        for name, value in (("Content-Type", response.content_type), *headers, *response.headers):
            self.send_header(name, value)
        self.end_headers()

    def _whole(self, response: Response) -> None:
        self._head(response, ("Content-Length", str(len(response.body))))
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _stream(self, response: Response) -> None:
        try:
            self._head(response, ("Transfer-Encoding", "chunked"))
            self.wfile.flush()
            for chunk in response.stream or ():
                if chunk:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                elif self._has_gone():
                    self.close_connection = True
                    return
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        finally:
            response.close()

    def _has_gone(self) -> bool:
        """Whether the client has closed: nothing else can be heard from it during a stream."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(0))

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: the sandbox keeps its own."""
