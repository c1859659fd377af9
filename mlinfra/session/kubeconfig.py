"""Kubeconfigs: how kubectl and every other client reaches a stack's cluster.

A kubeconfig holds no secret. Its user is a command of ours that makes a token when one is needed. The protocol between
the two is kubernetes.io's "client-go credential plugins" (read November 2026): a client refuses an answer in another
version than its kubeconfig names. All clients speak v1beta1; lightkube 1.0 does not speak v1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlinfra.aws.clients import Clients, Endpoint
from mlinfra.aws.cluster_token import cluster_token
from mlinfra.core.clock import SystemClock
from mlinfra.core.errors import NotFound
from mlinfra.core.state import Record, State
from mlinfra.session.codes import Code

_CLUSTER = "aws:eks/cluster:Cluster"
_API = "client.authentication.k8s.io/v1beta1"
_APIS = (_API, "client.authentication.k8s.io/v1")
_ASKED = "KUBERNETES_EXEC_INFO"  # where clients say what they want; lightkube says nothing
_INSTALL = """mlinfra is needed for tokens of this cluster, and was not found.

Install it (pip install mlinfra) where this client finds it on its PATH, or activate the environment that it is in."""


def kubeconfig(state: State | None, stack: str, region: str, endpoint: Endpoint | None) -> dict[str, Any]:
    """The kubeconfig of the stack's cluster, as data. Raises `NotFound` where none is recorded.

    `endpoint`: of a simulated cloud, whose credentials are no secret.
    """
    record = _cluster(state, stack)
    name = str(record.outputs["name"])
    context = f"{stack}-{name}" if stack != name else name
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": context,
                "cluster": {
                    "server": record.outputs["endpoint"],
                    "certificate-authority-data": record.outputs["certificateAuthority"]["data"],
                },
            }
        ],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
        "users": [{"name": context, "user": {"exec": _exec(name, region, endpoint)}}],
    }


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
