"""Which release of the program goes with which version of Kubernetes.

It simulates the scheduler of one minor version, and asks the API for what that version has: 1.35 waits for device
classes (`resource.k8s.io/v1`) whatever it is told, which clusters before 1.34 do not serve, and scales nothing there
(kubernetes/autoscaler, issue 9244). Its authors want the newest release of the cluster's own minor version
(cluster-autoscaler/README.md, "Releases"); these are the tags of that repository on 2026-11-25.
"""

from __future__ import annotations

# Those that EKS offers, extended support included.
_RELEASES = {
    "1.31": "v1.31.5",
    "1.32": "v1.32.7",
    "1.33": "v1.33.6",
    "1.34": "v1.34.5",
    "1.35": "v1.35.2",
    "1.36": "v1.36.1",
}
_NEWEST = "v1.36.1"


def release_for(kubernetes: str) -> str:
    """The image's tag for a cluster of that version, such as `1.35`. What is not known is newer than all that is."""
    return _RELEASES.get(kubernetes, _NEWEST)
