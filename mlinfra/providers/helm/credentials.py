"""Credentials: a cluster's endpoint as a kubeconfig that Helm can be given, with nothing secret in it or on a disk.

What is secret lies in files that have no name: on Linux they are memory alone, and are gone with the process however it
ends. Elsewhere they are files that only their owner may read, removed when they are closed. A token is written anew
before each call and while one lasts, since it may run out: client-go reads a token file again every minute.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlinfra.core.cluster_endpoint import ClusterEndpoint

_RENEWAL = 240.0  # seconds; a token of EKS is good for fifteen minutes


class PrivateFile:
    """A file that can be opened by its path for as long as it is not closed; only its owner may read it."""

    def __init__(self, content: str) -> None:
        if hasattr(os, "memfd_create"):
            self.descriptor = os.memfd_create("mlinfra")
            self.path = f"/proc/self/fd/{self.descriptor}"
            self._named = False
        else:
            self.descriptor, self.path = tempfile.mkstemp(prefix="mlinfra-")
            self._named = True
        self.write(content)

    def write(self, content: str) -> None:
        """Replace what it holds."""
        data = content.encode()
        os.pwrite(self.descriptor, data, 0)
        os.ftruncate(self.descriptor, len(data))

    def close(self) -> None:
        """Remove it."""
        os.close(self.descriptor)
        if self._named:
            Path(self.path).unlink(missing_ok=True)


class Access(PrivateFile):
    """A kubeconfig. `descriptors` are what a child process must inherit to read it."""

    descriptors: tuple[int, ...] = ()


@contextmanager
def access(endpoint: ClusterEndpoint) -> Iterator[Access]:
    """The kubeconfig of an endpoint, good until the end of the `with`."""
    files: list[PrivateFile] = []
    over = threading.Event()
    try:
        user: dict[str, Any] = {}
        if endpoint.token is not None:
            token = PrivateFile(endpoint.token())
            files.append(token)
            user["tokenFile"] = token.path
            threading.Thread(target=_renew, args=(endpoint, token, over), daemon=True).start()
        if endpoint.certificate:
            for name, content in (("client-certificate", endpoint.certificate), ("client-key", endpoint.key)):
                files.append(PrivateFile(content))
                user[name] = files[-1].path
        config = Access(json.dumps(_kubeconfig(endpoint, user)))
        files.append(config)
        config.descriptors = tuple(file.descriptor for file in files)
        yield config
    finally:
        over.set()
        for file in files:
            file.close()


def _renew(endpoint: ClusterEndpoint, file: PrivateFile, over: threading.Event) -> None:
    """Keep the token good. Where none can be had at the moment, the call itself will say so."""
    while not over.wait(_RENEWAL):
        assert endpoint.token is not None
        try:
            token = endpoint.token()
        except Exception:  # noqa: BLE001 - the cluster refuses the old one, which is what is reported
            continue
        if not over.is_set():
            file.write(token)


def _kubeconfig(endpoint: ClusterEndpoint, user: dict[str, Any]) -> dict[str, Any]:
    cluster: dict[str, Any] = {"server": endpoint.server}
    if endpoint.authority:
        cluster["certificate-authority-data"] = base64.b64encode(endpoint.authority.encode()).decode()
    for name, value in (("tls-server-name", endpoint.server_name), ("proxy-url", endpoint.proxy)):
        if value:
            cluster[name] = value
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": cluster}],
        "users": [{"name": "us", "user": user}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "us"}}],
        "current-context": "it",
    }
