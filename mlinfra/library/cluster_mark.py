"""The tag that says of something that a cluster's controllers made whose it is, by which a sweep finds it. For modules.

`MARK` is for the statements of a contract, which leave the name of the cluster open. What each controller does with it,
and where that is documented: mlinfra/providers/aws/cluster_marks.py.
"""

from __future__ import annotations

MARK = "kubernetes.io/cluster/{cluster}"


def cluster_mark(cluster: str) -> dict[str, str]:
    """The tag that a cluster of that name puts onto what is its own."""
    return {MARK.format(cluster=cluster): "owned"}
