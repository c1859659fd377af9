"""How a Kubernetes API is reached: what a cluster's outputs or a kubeconfig come to.

The session makes it, the providers behind clusters are handed it. Nothing in it is ever stored, sealed or printed.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class ClusterEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One Kubernetes API.

    identity: of the connection that it serves.
    server: its URL. authority: the PEM text of those who may vouch for it; empty for the machine's own list.
    token: makes a bearer token that is good now; asked anew whenever one may have expired.
    certificate, key: the client's own, as PEM texts, where it proves itself by those.
    server_name: the name that the server's certificate bears, where that is not the host of the URL.
    proxy: the URL of the HTTP proxy in between.
    """

    identity: str
    server: str
    authority: str = ""
    token: Callable[[], str] | None = None
    certificate: str = ""
    key: str = ""
    server_name: str = ""
    proxy: str = ""
