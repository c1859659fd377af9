"""Nodes: those that do not answer, are short of something, or take no pods."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.pools import POOL, pools
from mlinfra.health.room import GROUP_LABEL
from mlinfra.health.seen import Live, Seen, condition, short
from mlinfra.health.turnover import DISRUPTED, TAKEN_BACK, is_starting, leaving, turnovers

_PRESSURES = {
    "MemoryPressure": "it is short of memory, and evicts pods",
    "DiskPressure": "its disk is full, and it evicts pods",
    "PIDPressure": "it has too many processes",
    "NetworkUnavailable": "its network is not set up",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each. What leaves as its group has it replaced is told of the group."""
    going = leaving(seen)
    moving = turnovers(seen)
    stuck = {group.name for group in seen.groups if group.failure or group.problems}
    stuck |= {pool.name for pool in pools(seen) if pool.hindered and not pool.stood_in}
    for node in seen.each("Node"):
        own = (node["metadata"].get("labels") or {}).get(GROUP_LABEL, "")
        if why := going.get(node["metadata"]["name"]):
            if f"node group {own}" not in moving:
                yield _leaving(node, why, f"nodeGroups.{own}" if own else "", stuck=own in stuck)
        elif f"node group {own}" not in moving or not is_starting(seen, node):
            yield from _of(seen, node, f"nodeGroups.{own}" if own else "")


def _of(seen: Seen, node: Live, address: str) -> Iterator[Finding]:
    metadata = node["metadata"]
    subject = f"node {metadata['name']}"
    ready = condition(node, "Ready")
    if ready.get("status") != "True":
        young = is_starting(seen, node)
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
    if (node.get("spec") or {}).get("unschedulable"):
        yield Finding(
            severity=Severity.NOTE,
            subject=subject,
            words="it is cordoned: it takes no new pods",
            remedy=f"kubectl uncordon {node['metadata']['name']}, once whoever closed it is done",
            layer=2,
            address=address,
        )


def _leaving(node: Live, why: str, address: str, *, stuck: bool) -> Finding:
    """A node on its way out, and who sees to what comes instead. stuck: whether its group gets no machines."""
    spec = node.get("spec") or {}
    closed = spec.get("unschedulable") or any(taint.get("key") == DISRUPTED for taint in spec.get("taints") or ())
    moving = "its pods are moving" if closed else "its pods end with it"
    who = "Karpenter" if POOL in (node["metadata"].get("labels") or {}) else "its group"
    instead = "its group gets no other" if stuck else f"{who} starts another for it"
    return Finding(
        severity=Severity.NOTE,
        subject=f"node {node['metadata']['name']}",
        words=f"{why}; {moving}" + (f", and {instead}" if why == TAKEN_BACK else ""),
        layer=2,
        address=address,
    )
