"""Tokens for the Kubernetes API of EKS clusters: a presigned request to STS, which proves who the caller is.

Made without a call and without any helper program. Documented at docs.aws.amazon.com/eks, "Grant IAM users access to
Kubernetes with EKS access entries", and by github.com/kubernetes-sigs/aws-iam-authenticator (read 2026-11-21).
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import msgspec

from mlinfra.aws.clients import Clients

_PREFIX = "k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_SIGNED_FOR = 60  # seconds in the URL, as every client has it; EKS itself takes a token for fifteen minutes
_LIFE = timedelta(minutes=14)


class ClusterToken(msgspec.Struct, frozen=True):
    """A bearer token, and until when to use it. Never stored, never printed but to the one who asked for it."""

    token: str
    expires: datetime


def cluster_token(clients: Clients, cluster: str, now: datetime) -> ClusterToken:
    """A token for the cluster called `cluster`, proving whoever the clients' credentials belong to."""
    url = clients.presign(
        "sts", "/?Action=GetCallerIdentity&Version=2011-06-15", headers={_HEADER: cluster}, seconds=_SIGNED_FOR
    )
    text = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return ClusterToken(_PREFIX + text, now + _LIFE)
