"""Authentication as EKS does it: a token is a presigned request to STS, its signer a principal with an access entry.

A token is `k8s-aws-v1.` and the base64 of a presigned GetCallerIdentity URL in which the header `x-k8s-aws-id`, the
cluster's name, is signed (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster";
docs.aws.amazon.com/eks, "Grant IAM users access to Kubernetes with EKS access entries"). Real EKS lets STS check the
signature; here `secret` does, for keys whose secret the sandbox knows. Made by the sandbox's AWS half, given to a
`KubernetesCluster` as its authenticator. It must not decide what a principal may do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

import msgspec

from mlinfra.sandbox.kubernetes.requests import Grant, Identity
from mlinfra.sandbox.kubernetes.values import Clock

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
_TERM = timedelta(minutes=15)  # the longest that a token lives, whatever its URL says
_SKEW = timedelta(minutes=5)
_DATE = "%Y%m%dT%H%M%SZ"
_ASSUMED = re.compile(r"^arn:(?P<partition>[\w-]+):sts::(?P<account>\d*):assumed-role/(?P<role>[^/]+)/(?P<session>.+)$")


class AccessEntry(msgspec.Struct, frozen=True):
    """One access entry of a cluster: a principal (the ARN of a role or user), and who it is in the cluster.

    `username` may hold `{{SessionName}}`; empty, it is what EKS gives by default. `grants` are its access policies.
    """

    principal_arn: str
    username: str = ""
    groups: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()


class EksAuthenticator:
    """Verifies EKS tokens of one cluster.

    `lookup` gives the ARN behind an access key id (a user's, or an assumed role's), `entry` the access entry of a role
    or user ARN, `secret` the secret of an access key id where it is known. Each gives None for what it does not know.
    """

    def __init__(
        self,
        cluster: str,
        clock: Clock,
        lookup: Callable[[str], str | None],
        entry: Callable[[str], AccessEntry | None],
        secret: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lookup = lookup
        self._entry = entry
        self._secret = secret

    def __call__(self, token: str) -> Identity | None:
        """Give the identity that a token proves; None when it proves nothing here."""
        url = _read(token)
        if url is None:
            return None
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        key = query.get("X-Amz-Credential", "").partition("/")[0]
        if not self._is_meant(query) or not self._is_current(query) or not self._is_signed(url, query, key):
            return None
        arn = self._lookup(key)
        entry = self._entry(principal_of(arn)) if arn else None
        return _identity(entry, arn, key) if entry and arn else None

    @staticmethod
    def _is_meant(query: dict[str, str]) -> bool:
        signed = query.get("X-Amz-SignedHeaders", "").split(";")
        return query.get("Action") == "GetCallerIdentity" and CLUSTER_HEADER in signed

    def _is_current(self, query: dict[str, str]) -> bool:
        try:
            made = datetime.strptime(query.get("X-Amz-Date", ""), _DATE).replace(tzinfo=UTC)
        except ValueError:
            return False
        return made - _SKEW <= self._clock() <= made + _TERM

    def _is_signed(self, url: SplitResult, query: dict[str, str], key: str) -> bool:
        secret = self._secret(key)
        if secret is None:
            return bool(query.get("X-Amz-Signature"))
        wanted = _signature(url, query, secret, {"host": url.netloc, CLUSTER_HEADER: self._cluster})
        return hmac.compare_digest(wanted, query.get("X-Amz-Signature", ""))


def _read(token: str) -> SplitResult | None:
    if not token.startswith(PREFIX):
        return None
    text = token.removeprefix(PREFIX)
    try:
        return urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def principal_of(arn: str) -> str:
    """Give the ARN that access entries know: a role's for a session of it, else the ARN itself."""
    found = _ASSUMED.match(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn


def _identity(entry: AccessEntry, arn: str, key: str) -> Identity:
    session = _ASSUMED.match(arn)
    default = f"{arn.rpartition('/')[0]}/{{{{SessionName}}}}" if session else arn
    # EKS puts a dash where a session's name has an @, so that it is a Kubernetes name.
    name = session["session"].replace("@", "-") if session else ""
    username = (entry.username or default).replace("{{SessionName}}", name)
    extra = {"accessKeyId": (key,), "arn": (arn,), "canonicalArn": (principal_of(arn),)}
    return Identity(username, (*entry.groups, "system:authenticated"), extra=extra, grants=entry.grants)


def _signature(url: SplitResult, query: dict[str, str], secret: str, headers: dict[str, str]) -> str:
    """Sign a presigned GET again, with Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request")."""
    signed = query.get("X-Amz-SignedHeaders", "").split(";")
    pairs = sorted((quote(k, "-_.~"), quote(v, "-_.~")) for k, v in query.items() if k != "X-Amz-Signature")
    canonical = "\n".join(
        [
            "GET",
            url.path or "/",
            "&".join(f"{key}={value}" for key, value in pairs),
            *(f"{name}:{headers.get(name, '')}" for name in signed),
            "",
            ";".join(signed),
            hashlib.sha256(b"").hexdigest(),
        ]
    )
    _, *scope = query.get("X-Amz-Credential", "").split("/")
    parts = ("AWS4-HMAC-SHA256", query.get("X-Amz-Date", ""), "/".join(scope))
    to_sign = "\n".join([*parts, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
