"""Preparing: what keeps a node from starting a pod's containers at all: what it mounts, its volume, its address.

For the judge of containers. Such a pod says nothing of it itself; the reason stands in an event about it. Words:
kubelet 1.33 and the VPC CNI plugin (kubernetes.io, "Volumes"; EKS best practices, "Amazon VPC CNI"; November 2026).
"""

from __future__ import annotations

import re

from mlinfra.health.seen import Live, Seen

_ABSENT = re.compile(r'(secret|configmap) "([^"]+)" not found')
_KEY = re.compile(r"references non-existent (secret|config) key: (\S+)")
_ATTACHED = re.compile(r"Multi-Attach error for volume \"([^\"]+)\"")
_ADDRESS = "failed to assign an IP address to container"
_NO_PLUGIN = ('name="aws-cni"', "connection refused")
_REASONS = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
_LET_GO = 480.0  # seconds; a volume of a node that is lost is let go of after six minutes


def obstacle(seen: Seen, pod: Live) -> tuple[str, str, bool] | None:
    """What is in the way, what to do, and whether it goes by itself; nothing where nothing is."""
    event = _newest(seen, pod)
    told, namespace = str(event.get("message") or ""), pod["metadata"].get("namespace")
    if found := _ABSENT.search(told):
        kind, name = found[1], found[2]
        remedy = f"make it, or mend the name: kubectl -n {namespace} get {kind}s"
        return f"it mounts the {kind} {name}, which is not there", remedy, False
    if found := _KEY.search(told):
        return (
            f"it mounts the key {found[2]}, which its {found[1]} does not have",
            "add the key, or mend its name",
            False,
        )
    if _ATTACHED.search(told):
        late = seen.age(event.get("firstTimestamp")) > _LET_GO
        words = "its volume is still attached to another node, which lets go of it within minutes of its end"
        return words, "see which node that is: kubectl get volumeattachments" if late else "", not late
    if all(mark in told for mark in _NO_PLUGIN):
        remedy = "see the pod of aws-node there: kubectl -n kube-system get pods -l k8s-app=aws-node -o wide"
        return "the network plugin of its node does not answer, so that it gets no address", remedy, False
    if _ADDRESS in told:
        remedy = "have fewer pods there, or a network with more room (network.cidr)"
        return "there is no free address for it: the subnets of its node's zone are full", remedy, False
    return None


def _newest(seen: Seen, pod: Live) -> Live:
    uid = pod["metadata"].get("uid", "")
    told = [
        event
        for event in seen.objects.get("Event", ())
        if event.get("reason") in _REASONS and (event.get("involvedObject") or {}).get("uid") == uid
    ]
    return max(told, key=lambda one: str(one.get("lastTimestamp") or one.get("eventTime") or ""), default={})
