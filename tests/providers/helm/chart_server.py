"""A server of charts on this machine: a repository with an index, and a registry, both of which can lie."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from tests.providers.helm.place import CHARTS

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


@cache  # an archive says when it was packed: two of one chart would have two digests
def packed(name: str = "web") -> bytes:
    """A chart of ours as an archive, the same each time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        archive.add(CHARTS / name, arcname=name)
    return out.getvalue()


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class ChartServer:
    """Answers from `pages`: a body, or a redirect where it is text; `asked` are the paths that were asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, bytes | str] = {}
        self.asked: list[str] = []
        self.logins: list[str] = []
        self.password = ""
        self.token = ""

    def publish(self, version: str = "0.1.0", archive: bytes | None = None, digest: str = "") -> bytes:
        """Put a chart into the repository."""
        archive = packed() if archive is None else archive
        self.pages["/web.tgz"] = archive
        entry = {"version": version, "digest": digest or digest_of(archive), "urls": ["web.tgz"]}
        self.pages["/index.yaml"] = json.dumps({"apiVersion": "v1", "entries": {"web": [entry]}}).encode()
        return archive

    def push(self, version: str = "0.1.0", archive: bytes | None = None) -> bytes:
        """Put a chart into the registry."""
        archive = packed() if archive is None else archive
        layer = {"mediaType": CHART_LAYER, "digest": f"sha256:{digest_of(archive)}", "size": len(archive)}
        self.pages[f"/v2/charts/web/manifests/{version}"] = json.dumps({"layers": [layer]}).encode()
        self.pages[f"/v2/charts/web/blobs/sha256:{digest_of(archive)}"] = archive
        return archive

    @property
    def registry(self) -> str:
        return self.url.replace("http://", "oci://")


@contextmanager
def served() -> Iterator[ChartServer]:
    """A server for as long as the `with` lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            here.asked.append(path)
            login = self.headers.get("Authorization", "")
            here.logins.append(login)
            if path == "/token":
                return self.answer(200, json.dumps({"token": here.token}).encode())
            if here.token and login != f"Bearer {here.token}":
                asks = f'Bearer realm="{here.url}/token",service="it",scope="repository:charts/web:pull"'
                return self.answer(401, b"", {"WWW-Authenticate": asks})
            if here.password and login != here.password:
                return self.answer(401, b"")
            page = here.pages.get(path)
            if page is None:
                return self.answer(404, b"")
            return self.answer(302, b"", {"Location": page}) if isinstance(page, str) else self.answer(200, page)

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = ChartServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()
