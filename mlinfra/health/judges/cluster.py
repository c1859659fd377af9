"""The cluster as the cloud sees it: its status and what EKS says of its health."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Seen

_COMING = {"CREATING": "it is being made", "UPDATING": "it is being changed"}
_GONE = "GONE"


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with it."""
    cluster = seen.cluster
    if cluster is None:
        return
    if cluster.status in _COMING:
        words = f"{_COMING[cluster.status]}; what runs on it may not answer meanwhile"
        yield Finding(severity=Severity.NOTE, subject=cluster.subject, words=words, layer=1)
    elif cluster.status == _GONE:
        yield Finding(
            severity=Severity.BROKEN,
            subject=cluster.subject,
            words="it is in the state and no longer in the account: somebody deleted it",
            remedy="mlinfra plan shows what is made again; mlinfra destroy takes down what is left",
            layer=1,
        )
    elif cluster.status != "ACTIVE":
        words = f"EKS calls it {cluster.status}"
        yield Finding(severity=Severity.BROKEN, subject=cluster.subject, words=words, layer=1)
    for problem in cluster.problems:
        yield Finding(severity=Severity.BROKEN, subject=cluster.subject, words=f"EKS says: {problem}", layer=1)
