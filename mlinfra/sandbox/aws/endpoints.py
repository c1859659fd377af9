"""The Kubernetes endpoints of simulated clusters: a port, and a stand-in that is only alive.

EKS calls it as clusters and nodes come and go. Whoever composes a sandbox chooses what stands behind: the stand-in, or
the emulator of a Kubernetes API.
"""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

import msgspec

from mlinfra.sandbox.aws.certificate import self_signed


class ClusterNode(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that has joined a cluster. `private_dns_name` is the node's name; taints are EKS's, as in its API."""

    instance_id: str
    private_dns_name: str
    instance_type: str
    zone: str
    region: str
    capacity_type: str
    node_group: str
    ami_type: str
    version: str
    labels: dict[str, str] = {}
    taints: tuple[dict[str, str], ...] = ()


class ClusterDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint needs to know of its cluster."""

    name: str
    arn: str
    version: str
    region: str
    account: str


class ClusterEndpoints(Protocol):
    """Where the Kubernetes APIs of simulated clusters are served. Clusters are told apart by their ARNs."""

    def create(self, cluster: ClusterDescription) -> tuple[str, str]:
        """Serve a new cluster; answers its URL and its CA certificate as PEM."""
        ...

    def delete(self, arn: str) -> None:
        """Stop serving a cluster. One that is not there is no error."""
        ...

    def nodes_changed(self, arn: str, nodes: Sequence[ClusterNode]) -> None:
        """The nodes of a cluster are now these."""
        ...

    def machines_changed(self) -> None:
        """Something has become of machines that may be nodes, of whichever cluster."""
        ...

    def version_changed(self, arn: str, version: str) -> None:
        """The control plane of a cluster has been upgraded."""
        ...

    def stop(self) -> None:
        """Stop serving all clusters."""
        ...


class PlainEndpoints:
    """Endpoints that answer `/version` and `/healthz` and nothing else."""

    def __init__(self) -> None:
        self._servers: dict[str, ThreadingHTTPServer] = {}

    def create(self, cluster: ClusterDescription) -> tuple[str, str]:
        """Serve a new cluster on a loopback port of its own, over TLS."""
        key, certificate = self_signed("127.0.0.1")
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cluster.version))
        server.socket = _secured(server, key, certificate)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._servers[cluster.arn] = server
        return f"https://127.0.0.1:{server.server_port}", certificate

    def delete(self, arn: str) -> None:
        """Stop serving a cluster."""
        server = self._servers.pop(arn, None)
        if server is not None:
            server.shutdown()
            server.server_close()

    def nodes_changed(self, arn: str, nodes: Sequence[ClusterNode]) -> None:
        """Of no interest here."""

    def machines_changed(self) -> None:
        """Of no interest here."""

    def version_changed(self, arn: str, version: str) -> None:
        """Say the new version from now on."""
        if arn in self._servers:
            self._servers[arn].RequestHandlerClass = _handler(version)

    def stop(self) -> None:
        """Stop serving all clusters."""
        for arn in list(self._servers):
            self.delete(arn)


def _secured(server: ThreadingHTTPServer, key: str, certificate: str) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # ssl reads certificates from files only
        file.write(key + certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context.wrap_socket(server.socket, server_side=True)


def _handler(version: str) -> type[BaseHTTPRequestHandler]:
    major, _, minor = version.partition(".")
    answers = {
        "/healthz": b"ok",
        "/livez": b"ok",
        "/readyz": b"ok",
        "/version": msgspec.json.encode({"major": major, "minor": minor, "gitVersion": f"v{version}.0-eks-sandbox"}),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Calls are not logged here."""

    return Handler
