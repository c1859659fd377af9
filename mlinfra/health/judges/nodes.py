"""Nodes: those that do not answer, are short of something, or take no pods."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.room import GROUP_LABEL
from mlinfra.health.seen import Live, Seen, condition, short

_PRESSURES = {
    "MemoryPressure": "it is short of memory, and evicts pods",
    "DiskPressure": "its disk is full, and it evicts pods",
    "PIDPressure": "it has too many processes",
    "NetworkUnavailable": "its network is not set up",
}
_INTERRUPTED = "aws-node-termination-handler/spot-itn"
_DISRUPTED = "karpenter.sh/disrupted"
_STARTING = 600.0  # seconds in which a new node may become ready


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each."""
    for node in seen.each("Node"):
        yield from _of(seen, node)


def _of(seen: Seen, node: Live) -> Iterator[Finding]:
    metadata = node["metadata"]
    subject, group = f"node {metadata['name']}", (metadata.get("labels") or {}).get(GROUP_LABEL, "")
    address = f"nodeGroups.{group}" if group else ""
    ready = condition(node, "Ready")
    if ready.get("status") != "True":
        young = seen.age(metadata.get("creationTimestamp")) < _STARTING and ready.get("status") == "False"
        silent = ready.get("status") == "Unknown"
        words = "its kubelet does not answer any more" if silent else short(ready.get("message")) or "it is not ready"
        yield Finding(
            severity=Severity.NOTE if young else Severity.BROKEN,
            subject=subject,
            words=f"NotReady: {words}" + ("; it is new, and may be starting" if young else ""),
            remedy=""
            if young
            else f"terminate its machine, and its group makes another: kubectl drain "
            f"{metadata['name']} --ignore-daemonsets first, if anything on it still answers",
            layer=2,
            address=address,
        )
        return
    for name, words in _PRESSURES.items():
        found = condition(node, name)
        if found.get("status") == "True":
            yield Finding(
                severity=Severity.BROKEN if name == "NetworkUnavailable" else Severity.WARNING,
                subject=subject,
                words=f"{name}: {words}",
                remedy="look at what runs there: kubectl describe node " + metadata["name"],
                layer=2,
                address=address,
            )
    yield from _closed(node, subject, address)


def _closed(node: Live, subject: str, address: str) -> Iterator[Finding]:
    spec = node.get("spec") or {}
    if any(taint.get("key") == _INTERRUPTED for taint in spec.get("taints") or ()):
        words = "AWS takes this spot machine back within two minutes; its pods are moving"
        yield Finding(severity=Severity.NOTE, subject=subject, words=words, layer=2, address=address)
    elif any(taint.get("key") == _DISRUPTED for taint in spec.get("taints") or ()):
        words = "Karpenter takes this machine away; its pods are moving"
        yield Finding(severity=Severity.NOTE, subject=subject, words=words, layer=2, address=address)
    elif spec.get("unschedulable"):
        yield Finding(
            severity=Severity.NOTE,
            subject=subject,
            words="it is cordoned: it takes no new pods",
            remedy=f"kubectl uncordon {node['metadata']['name']}, once whoever closed it is done",
            layer=2,
            address=address,
        )
