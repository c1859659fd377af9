"""Nodes: those that do not answer, are short of something, or take no pods."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.pools import POOL
from mlinfra.health.room import GROUP_LABEL
from mlinfra.health.seen import Live, Seen, condition, short

_PRESSURES = {
    "MemoryPressure": "it is short of memory, and evicts pods",
    "DiskPressure": "its disk is full, and it evicts pods",
    "PIDPressure": "it has too many processes",
    "NetworkUnavailable": "its network is not set up",
}
# As the termination handler taints a node (github.com/aws/aws-node-termination-handler, pkg/node, November 2026). The
# nodes of EKS's own groups are cordoned and no more: the event tells why.
_HANDLER = "aws-node-termination-handler/"
_INTERRUPTED = {f"{_HANDLER}{why}" for why in ("spot-itn", "rebalance-recommendation", "scheduled-maintenance")}
_ANNOUNCED = "SpotInterruption"
_SHORTLY = 900.0  # seconds that such an announcement holds for
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
    if told := _taken_back(seen, node):
        yield Finding(severity=Severity.NOTE, subject=subject, words=told, layer=2, address=address)
        return
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
    if any(taint.get("key") == _DISRUPTED for taint in spec.get("taints") or ()):
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


def _taken_back(seen: Seen, node: Live) -> str:
    """What is said of a node whose machine AWS takes back; empty of any other."""
    taints = [str(taint.get("key", "")) for taint in (node.get("spec") or {}).get("taints") or ()]
    if _INTERRUPTED.isdisjoint(taints) and not _is_announced(seen, node):
        return ""
    who = "Karpenter" if POOL in (node["metadata"].get("labels") or {}) else "its group"
    closed = (node.get("spec") or {}).get("unschedulable") or _DISRUPTED in taints
    moving = "its pods are moving" if closed else "its pods end with it"
    return f"AWS takes this machine back, a spot machine within two minutes; {moving}, and {who} starts another for it"


def _is_announced(seen: Seen, node: Live) -> bool:
    for event in seen.objects.get("Event", ()):
        about = event.get("involvedObject") or {}
        same = about.get("kind") == "Node" and about.get("name") == node["metadata"]["name"]
        moment = event.get("lastTimestamp") or event.get("eventTime")
        if same and event.get("reason") == _ANNOUNCED and seen.age(moment) < _SHORTLY:
            return True
    return False
