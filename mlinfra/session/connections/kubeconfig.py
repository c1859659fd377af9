"""Kubeconfigs: how kubectl and every other client reaches a stack's cluster.

A kubeconfig holds no secret. Its user is a command of ours that makes a token when one is needed. The protocol between
the two is kubernetes.io's "client-go credential plugins" (read November 2026): a client refuses an answer in another
version than its kubeconfig names. All clients speak v1beta1; lightkube 1.0 does not speak v1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.aws.cluster_token import cluster_token
from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import NotFound
from mlinfra.core.state import Record, State
from mlinfra.session.codes import Code
from mlinfra.session.connections.road import DOCUMENT, UNSAID, Road

_CLUSTER = "aws:eks/cluster:Cluster"
PORT = 8443  # of this machine, where a tunnel begins unless another is asked for
_API = "client.authentication.k8s.io/v1beta1"
_APIS = (_API, "client.authentication.k8s.io/v1")
_ASKED = "KUBERNETES_EXEC_INFO"  # where clients say what they want; lightkube says nothing
_INSTALL = """mlinfra is needed for tokens of this cluster, and was not found.

Install it (pip install mlinfra) where this client finds it on its PATH, or activate the environment that it is in."""


def kubeconfig(
    state: State | None, stack: str, region: str, endpoint: Endpoint | None, road: Road = UNSAID, port: int = PORT
) -> tuple[dict[str, Any], str]:
    """The kubeconfig of the stack's cluster, as data, and what a client needs besides to get there, in words.

    `endpoint`: of a simulated cloud, whose credentials are no secret, and to which no road is needed. `port`: of this
    machine, where a tunnel begins. Raises `NotFound` where no cluster is recorded.
    """
    record, road = _cluster(state, stack), UNSAID if endpoint is not None else road
    server = str(record.outputs["endpoint"])
    name = str(record.outputs["name"])
    context = f"{stack}-{name}" if stack != name else name
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": context,
                "cluster": {
                    **_entrance(server, road, port),
                    "certificate-authority-data": record.outputs["certificateAuthority"]["data"],
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
        "users": [{"name": context, "user": {"exec": _exec(name, region, endpoint)}}],
    }
    return found, _way(server, region, road, port)


def _entrance(server: str, road: Road, port: int) -> dict[str, str]:
    """Where a client knocks. What stands in the environment alone may hold a password, and is left there."""
    if road.reach == "ssm":
        return {"server": f"https://127.0.0.1:{port}", "tls-server-name": str(urlsplit(server).hostname)}
    return {"server": server, **({"proxy-url": road.proxy} if road.reach == "proxy" and road.proxy else {})}


def _way(server: str, region: str, road: Road, port: int) -> str:
    """What a client needs besides the kubeconfig; empty where that is nothing."""
    if road.reach == "proxy" and not road.proxy:
        return (
            "the API is reached through a proxy that the stack does not name: clients take that of HTTPS_PROXY, which "
            "has to be set where they run (or name it as cluster.endpoint.proxy)"
        )
    if road.reach != "ssm":
        return ""
    api = urlsplit(server)
    bastion = road.bastion or "INSTANCE"
    found = "" if road.bastion else "; INSTANCE is any node of `aws ssm describe-instance-information`"
    return (
        f"the API is reached through Session Manager, and this kubeconfig leads to port {port} of this machine. Open "
        f"the tunnel, and leave it open meanwhile{found}:\n"
        f"  aws ssm start-session --region {region} --target {bastion} --document-name {DOCUMENT} "
        f"--parameters host={api.hostname},portNumber={api.port or 443},localPortNumber={port}"
    )


def _cluster(state: State | None, stack: str) -> Record:
    records = [record for record in state.records.values() if record.type == _CLUSTER] if state else []
    if not records:
        raise NotFound(
            f"{stack} has no cluster yet",
            code=Code.NO_CLUSTER,
            hint="declare `cluster` and apply; `mlinfra state list` shows what is there",
        )
    return records[0]


def _exec(name: str, region: str, endpoint: Endpoint | None) -> dict[str, Any]:
    environment: Mapping[str, str] = {}
    if endpoint is not None:
        environment = {
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_ACCESS_KEY_ID": endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        }
    return {
        "apiVersion": _API,
        "command": "mlinfra",
        "args": ["cluster-token", name, "--region", region],
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "installHint": _INSTALL,
        "interactiveMode": "Never",
        "provideClusterInfo": False,
    }


def token_credential(cluster: str, region: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The answer to a client that runs us for a token: an ExecCredential, by the standard AWS environment.

    It is in the version that the client asks for in `environ`, or in the one of our kubeconfigs.
    """
    made = cluster_token(Clients(region), cluster, SystemClock().now())
    return {
        "apiVersion": _version_asked(environ.get(_ASKED, "")),
        "kind": "ExecCredential",
        "spec": {},
        "status": {"token": made.token, "expirationTimestamp": f"{made.expires:%Y-%m-%dT%H:%M:%SZ}"},
    }


def _version_asked(text: str) -> str:
    try:
        asked = json.loads(text)["apiVersion"] if text else _API
    except (ValueError, LookupError, TypeError):  # whoever wrote it is no client that could be served otherwise
        return _API
    return asked if asked in _APIS else _API
