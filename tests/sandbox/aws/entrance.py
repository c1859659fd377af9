"""How tests enter the Kubernetes API of a simulated EKS cluster: with a token of their own, as every client does."""

from __future__ import annotations

import base64
import ssl
from typing import Any

import httpx
from botocore.signers import RequestSigner

from tests.sandbox.kubernetes.client import Client


def token(aws: Any, cluster: str) -> str:
    """As `aws eks get-token` makes it."""
    sts = aws.sts
    signer: Any = RequestSigner(
        sts.meta.service_model.service_id, "us-east-1", "sts", "v4", aws.session.get_credentials(), aws.session.events
    )
    asked = {
        "method": "GET",
        "url": "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(asked, region_name="us-east-1", expires_in=60, operation_name="")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def enter(aws: Any, cluster: dict[str, Any]) -> Client:
    """A client of a cluster's API, as whoever `aws` is."""
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificateAuthority"]["data"]).decode())
    headers = {"Authorization": f"Bearer {token(aws, cluster['name'])}"}
    return Client(httpx.Client(base_url=cluster["endpoint"], verify=context, headers=headers))
