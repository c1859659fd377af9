"""Add-ons that EKS calls degraded, and the names of the cluster: without them nothing in it finds anything.

What an add-on lacks are mostly its pods, and what is said of those explains it. Names of workloads: EKS user guide,
"AWS add-ons" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.replicas import replicas_of
from mlinfra.health.rollouts import starting_of
from mlinfra.health.seen import AddOn, Seen, short

_SYSTEM = "kube-system"
_NAMES = "Deployment kube-system/coredns"
_WORKLOADS = {
    "coredns": (_NAMES,),
    "vpc-cni": (f"DaemonSet {_SYSTEM}/aws-node",),
    "kube-proxy": (f"DaemonSet {_SYSTEM}/kube-proxy",),
    "eks-pod-identity-agent": (f"DaemonSet {_SYSTEM}/eks-pod-identity-agent",),
    "aws-ebs-csi-driver": (f"Deployment {_SYSTEM}/ebs-csi-controller", f"DaemonSet {_SYSTEM}/ebs-csi-node"),
    "aws-efs-csi-driver": (f"Deployment {_SYSTEM}/efs-csi-controller", f"DaemonSet {_SYSTEM}/efs-csi-node"),
    "aws-fsx-csi-driver": (f"Deployment {_SYSTEM}/fsx-csi-controller", f"DaemonSet {_SYSTEM}/fsx-csi-node"),
}
_COMING = {"CREATING": "it is being installed", "UPDATING": "it is being changed"}


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    yield from _names(seen)
    for one in seen.add_ons:
        if one.status in _COMING:
            yield _finding(seen, one, Severity.NOTE, _COMING[one.status], "")
        elif one.status == "GONE":
            words = "it is in the state and no longer in the cluster: somebody removed it"
            yield _finding(seen, one, Severity.BROKEN, words, "apply installs it again")
        elif one.status != "ACTIVE" or one.problems:
            said = "; ".join(map(short, one.problems)) or "it does not say why"
            remedy = "its pods say why: kubectl -n kube-system get pods; EKS looks again by itself once they run"
            yield _finding(seen, one, Severity.WARNING, f"EKS calls it {one.status}: {said}", remedy)


def _finding(seen: Seen, one: AddOn, severity: Severity, words: str, remedy: str) -> Finding:
    behind = _WORKLOADS.get(one.name, ())
    return Finding(
        severity=severity,
        subject=f"add-on {one.name}",
        words=words,
        remedy=remedy,
        because=frozenset(behind).union(*(seen.pods_of(name) for name in behind), {"DNS of the cluster"}),
        layer=2,
        address=one.address,
    )


def _names(seen: Seen) -> Iterator[Finding]:
    """CoreDNS without a pod that answers. One that has only just been made is given its time."""
    live = seen.by_subject.get(_NAMES)
    if live is None:
        return
    ready, wanted = replicas_of("Deployment", live)
    if ready or (wanted and starting_of(seen, "Deployment", live)):
        return
    why = "it is scaled to 0" if not wanted else f"none of the {wanted} pods of coredns works"
    scale = "kubectl -n kube-system scale deployment/coredns --replicas=2"
    yield Finding(
        severity=Severity.BROKEN,
        subject="DNS of the cluster",
        words=f"it is down ({why}): nothing in the cluster finds anything by its name, services outside included",
        remedy=scale
        if not wanted
        else "mend the pods of coredns: kubectl -n kube-system describe pods -l k8s-app=kube-dns",
        because=seen.pods_of(_NAMES),
        layer=1,
        address="cluster.addons.coredns",
    )
