"""Kubeconfigs: from the file that kubectl is led by to the endpoint that a client is handed.

Format: kubernetes.io, "kubeconfig (v1)" and "Organizing Cluster Access Using kubeconfig Files" (read November 2026).
Called by the session for stacks whose target is a cluster that exists. What it reads is never stored or printed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mlinfra.core.clock import Clock
from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import ConfigError, ProviderError
from mlinfra.documents.findings import Findings
from mlinfra.documents.yaml import read
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.exec_credential import ExecCredential

Entry = Mapping[str, Any]

VARIABLE = "KUBECONFIG"
_USUAL = ".kube/config"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_KINDS = ("clusters", "contexts", "users")
# What clients of today do not know any more, or what would show others more than it should.
_REFUSED = {
    "auth-provider": "use an exec plugin: clients dropped auth-provider in Kubernetes 1.26",
    "username": "use a token, a client certificate or an exec plugin: basic authentication is gone since 1.19",
    "as": "make a context of its own for whom it impersonates",
}


class Kubeconfig(msgspec.Struct, frozen=True):
    """Merged kubeconfigs: each entry, and the folder of the file that it is from."""

    current: str
    clusters: Mapping[str, tuple[Entry, Path]]
    contexts: Mapping[str, tuple[Entry, Path]]
    users: Mapping[str, tuple[Entry, Path]]
    files: tuple[str, ...]


class Way(msgspec.Struct, frozen=True):
    """Where a context leads: its cluster and its user, each with the folder of the file that it is from."""

    context: str
    files: tuple[str, ...]
    cluster: Entry
    beside_cluster: Path
    user: Entry
    beside_user: Path

    @property
    def server(self) -> str:
        """The URL of the API."""
        return str(self.cluster["server"]).rstrip("/")

    @property
    def place(self) -> str:
        """How people know the cluster: by context and server, without what a URL may hold of credentials."""
        url = urlsplit(self.server)
        shown = url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
        return f"context {self.context} ({shown})"


def files_of(given: str, environ: Mapping[str, str], home: Path) -> list[Path]:
    """The files to read: the one that was named, else those of the environment, else the usual one."""
    if given:
        return [Path(given).expanduser()]
    if listed := [Path(part) for part in environ.get(VARIABLE, "").split(":") if part]:
        return listed
    return [home / _USUAL]


def load(paths: Sequence[Path]) -> Kubeconfig:
    """Read and merge: the first file that names something decides. Raises `ProviderError` (MLI5110)."""
    merged: dict[str, dict[str, tuple[Entry, Path]]] = {kind: {} for kind in _KINDS}
    current, found = "", []
    for path in paths:
        if not path.is_file():
            continue  # as kubectl does: a list may name files that are not there
        document = _document(path)
        found.append(str(path))
        current = current or str(document.get("current-context") or "")
        for kind in _KINDS:
            for entry in document.get(kind) or ():
                about = entry.get(kind.removesuffix("s")) if isinstance(entry, dict) else None
                if isinstance(about, dict):
                    merged[kind].setdefault(str(entry.get("name", "")), (about, path.parent))
    if not found:
        hint = "name one by target.kubeconfig, or in the environment variable KUBECONFIG"
        raise _refusal(f"there is no kubeconfig {', '.join(map(str, paths))}", hint)
    return Kubeconfig(current, merged["clusters"], merged["contexts"], merged["users"], tuple(found))


def way_of(config: Kubeconfig, context: str) -> Way:
    """Where a context leads; without a name, the current one. Raises `ProviderError` for what is missing or refused."""
    name = context or config.current
    if not name:
        raise _refusal("the kubeconfig has no current context", "name one by target.context")
    chosen, _ = _entry(config.contexts, name, "context", config)
    cluster, beside_cluster = _entry(config.clusters, str(chosen.get("cluster", "")), "cluster", config)
    user, beside_user = _entry(config.users, str(chosen.get("user", "")), "user", config)
    _require_safe(cluster, user, name)
    return Way(name, config.files, cluster, beside_cluster, user, beside_user)


def endpoint_of(way: Way, clock: Clock, environ: Mapping[str, str]) -> ClusterEndpoint:
    """The endpoint that a way leads to, with credentials. Its identity is not known yet.

    Raises `ProviderError` for what is refused or cannot be read.
    """
    cluster, beside_cluster, user, beside_user = way.cluster, way.beside_cluster, way.user, way.beside_user
    endpoint = ClusterEndpoint(
        identity="",
        server=way.server,
        authority=_material(cluster, "certificate-authority", beside_cluster),
        server_name=str(cluster.get("tls-server-name") or ""),
        proxy=str(cluster.get("proxy-url") or ""),
        certificate=_material(user, "client-certificate", beside_user),
        key=_material(user, "client-key", beside_user),
    )
    return _with_credentials(endpoint, user, beside_user, clock, environ)


def _with_credentials(
    endpoint: ClusterEndpoint, user: Entry, beside: Path, clock: Clock, environ: Mapping[str, str]
) -> ClusterEndpoint:
    if isinstance(user.get("exec"), dict):
        plugin = ExecCredential(user["exec"], beside, endpoint, clock, environ)
        shown = plugin.now()
        if shown.certificate:
            return msgspec.structs.replace(endpoint, certificate=shown.certificate, key=shown.key)
        return msgspec.structs.replace(endpoint, token=plugin.token)
    if "tokenFile" in user:
        path = beside / str(user["tokenFile"])  # read anew each time: whoever wrote it rotates it
        return msgspec.structs.replace(endpoint, token=lambda: _text(path).strip())
    if token := str(user.get("token") or ""):
        return msgspec.structs.replace(endpoint, token=lambda: token)
    return endpoint


def _document(path: Path) -> Mapping[str, Any]:
    findings = Findings()
    try:
        document = read(path.read_bytes(), str(path), findings)
    except (OSError, ConfigError) as error:
        raise _refusal(f"the kubeconfig {path} cannot be read: {error}") from error
    plain = document.root.plain() if document is not None and not findings.has_errors() else None
    if not isinstance(plain, dict):
        raise _refusal(f"the kubeconfig {path} cannot be read: it is no YAML of the right form")
    return plain


def _entry(table: Mapping[str, tuple[Entry, Path]], name: str, what: str, config: Kubeconfig) -> tuple[Entry, Path]:
    if name not in table:
        there = ", ".join(sorted(table)) or "none"
        where = ", ".join(config.files)
        raise _refusal(f"the kubeconfig has no {what} called {name or '(nothing)'}", f"there is {there}, in {where}")
    return table[name]


def _require_safe(cluster: Entry, user: Entry, context: str) -> None:
    """Refuse what would send credentials to whoever answers."""
    url = urlsplit(str(cluster.get("server") or ""))
    if not url.hostname:
        raise _refusal(f"the cluster of context {context} has no server")
    if cluster.get("insecure-skip-tls-verify"):
        text = f"context {context} trusts whoever answers (insecure-skip-tls-verify)"
        hint = "put the authority of its certificate into certificate-authority-data, and take that out"
        raise ProviderError(text, code=Code.INSECURE, hint=hint)
    if url.scheme != "https" and url.hostname not in _LOOPBACK:
        text = f"context {context} speaks without TLS: {cluster['server']}"
        raise ProviderError(text, code=Code.INSECURE, hint="give the server an https:// address")
    for name, hint in _REFUSED.items():
        if user.get(name):
            raise _refusal(f"the user of context {context} has {name}, which is not understood", hint)


def _material(entry: Entry, name: str, beside: Path) -> str:
    """A PEM text: from the entry itself, or from the file that it names, beside the kubeconfig."""
    if data := entry.get(f"{name}-data"):
        try:
            return base64.b64decode(str(data), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _refusal(f"{name}-data is no text in base64") from error
    return _text(beside / str(entry[name])) if entry.get(name) else ""


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise _refusal(f"{path}, which the kubeconfig names, cannot be read: {type(error).__name__}") from error


def _refusal(text: str, hint: str = "") -> ProviderError:
    return ProviderError(text, code=Code.KUBECONFIG, hint=hint)
