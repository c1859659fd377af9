"""The cluster autoscaler's stand-in: groups grow for pods without room, and empty nodes go after a while.

It acts only while a cluster autoscaler runs in the cluster, and only on groups that bear the discovery tag
`k8s.io/cluster-autoscaler/enabled`. What a new node of an empty group would be like it learns as the real one does: of
managed groups from EKS, of others only from the scaling group's `k8s.io/cluster-autoscaler/node-template/...` tags.
Groups are chosen by the priority expander's ConfigMap where there is one, then by how little of the node would be left
idle. A group that finds no machines is avoided for a while, and the next one is tried. Nodes with some load are never
emptied, where the real one moves pods of little used nodes. Behaviour and words: kubernetes/autoscaler,
cluster-autoscaler 1.33 (read November 2026). Called by the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.autoscaler_status import Avoided, write_status
from mlinfra.sandbox.kubernetes.controllers.catalog import DEPLOYMENT, NODE
from mlinfra.sandbox.kubernetes.controllers.cloud import CapacityShortage, Machine, NodeGroup, Shape
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, always
from mlinfra.sandbox.kubernetes.controllers.growth import imagine, is_empty, outlook, pending
from mlinfra.sandbox.kubernetes.controllers.nodes import cordon
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement
from mlinfra.sandbox.kubernetes.controllers.scheduling.scheduler import volumes_of
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import NodeInfo, Snapshot
from mlinfra.sandbox.kubernetes.controllers.scheduling.verdict import histogram
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "cluster-autoscaler"
ENABLED = "k8s.io/cluster-autoscaler/enabled"
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template/"
_MANAGED = "eks:nodegroup-name"
_PRIORITIES = "cluster-autoscaler-priority-expander"
_KEEP = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
_KEY: Key = ("", "autoscaler")
_KNOWN = ("topology.kubernetes.io/", "node.kubernetes.io/instance-type", "kubernetes.io/arch", "kubernetes.io/os")
_TOO_LARGE = "max node group size reached"
_AVOIDED = "in backoff after failed scale-up"


class _Option(msgspec.Struct, frozen=True):
    """A group that could take a pod, and the node it would bring."""

    group: NodeGroup
    node: NodeInfo


class ClusterAutoscaler:
    """Remembers which groups failed, and since when nodes have been idle."""

    def __init__(self) -> None:
        self._avoided: dict[str, Avoided] = {}
        self._idle: dict[str, datetime] = {}

    def controller(self) -> Controller:
        """How the runtime calls it."""
        watched = ("pods", "nodes", "daemonsets.apps")
        triggers = {**dict.fromkeys(watched, always(_KEY[1])), "deployments.apps": _when_installed}
        return Controller(name=NAME, reconcile=self.reconcile, triggers=triggers, nudged=_KEY)

    def reconcile(self, cluster: Cluster, _: Key) -> Again | None:
        """Grow where pods wait, shrink where nodes idle."""
        if not cluster.runs(programs.CLUSTER_AUTOSCALER):
            self._idle.clear()
            return None
        now = cluster.clock()
        self._avoided = {name: avoided for name, avoided in self._avoided.items() if avoided.until > now}
        groups = [group for group in cluster.cloud.node_groups() if ENABLED in group.tags]
        waiting = pending(cluster)
        if waiting:
            self._grow(cluster, groups, waiting)
        write_status(cluster, _home(cluster), groups, self._avoided, NAME)
        next_look = self._shrink(cluster)
        moments = [*(one.until for one in self._avoided.values()), *([next_look] if next_look else [])]
        return Again(max(1.0, (min(moments) - now).total_seconds()), quiet=True) if moments else None

    def _grow(self, cluster: Cluster, groups: Sequence[NodeGroup], waiting: Sequence[Object]) -> None:
        machines = cluster.cloud.machines()
        snapshot = outlook(cluster, machines)
        _add_missing(cluster, snapshot, groups, machines)
        sizes = {group.name: group for group in groups}
        for pod in waiting:
            obstacle, volumes, _ = volumes_of(cluster, pod)
            placement = Placement(pod, snapshot, volumes)
            home = next((n for n in snapshot.nodes.values() if placement.refusal(n) is None), None)
            if obstacle:
                continue
            if home is not None:
                snapshot.place(pod, home.name)  # it has room on a node that is on its way
            else:
                self._grow_for(cluster, sizes, machines, snapshot, placement)

    def _grow_for(
        self,
        cluster: Cluster,
        sizes: dict[str, NodeGroup],
        machines: Sequence[Machine],
        snapshot: Snapshot,
        placement: Placement,
    ) -> None:
        pod = placement.pod
        reasons: list[str] = []
        for option in self._options(cluster, sizes, machines, placement, reasons):
            group, wanted = option.group, option.group.desired + 1
            try:
                cluster.cloud.set_desired(group.name, wanted)
            except CapacityShortage as error:
                now, pause = cluster.clock(), timedelta(seconds=cluster.timings.provision_failure)
                self._avoided[group.name] = Avoided(now, now + pause)
                cluster.record(
                    pod, NAME, "FailedScaleUp", f"failed to increase node group {group.name}: {error}", warning=True
                )
                reasons.append(_AVOIDED)
                continue
            sizes[group.name] = msgspec.structs.replace(group, desired=wanted)
            snapshot.add(option.node)
            snapshot.place(pod, option.node.name)
            text = f"pod triggered scale-up: [{{{group.name} {group.desired}->{wanted} (max: {group.maximum})}}]"
            cluster.record(pod, NAME, "TriggeredScaleUp", text)
            return
        cluster.record(pod, NAME, "NotTriggerScaleUp", f"pod didn't trigger scale-up: {histogram(reasons)}")

    def _options(
        self,
        cluster: Cluster,
        sizes: dict[str, NodeGroup],
        machines: Sequence[Machine],
        placement: Placement,
        reasons: list[str],
    ) -> list[_Option]:
        """The groups that would help, best first; why the others would not goes to `reasons`."""
        options = []
        for group in sizes.values():
            if group.name in self._avoided:
                reasons.append(_AVOIDED)
                continue
            if group.desired >= group.maximum:
                reasons.append(_TOO_LARGE)
                continue
            shape = next_shape(group, has_nodes=any(machine.node_group == group.name for machine in machines))
            node = imagine(cluster, f"template-{group.name}-{group.desired}", shape)
            refusal = placement.refusal(node)
            if refusal is None:
                options.append(_Option(group, node))
            else:
                reasons.extend(refusal.reasons)
        ranks = priorities(cluster)
        return sorted(options, key=lambda option: (-_rank(ranks, option.group.name), _waste(option.node, placement)))

    def _shrink(self, cluster: Cluster) -> datetime | None:
        """Remove nodes that have idled long enough; gives when the next one will have."""
        groups = {group.name: group for group in cluster.cloud.node_groups() if ENABLED in group.tags}
        now, delay = cluster.clock(), timedelta(seconds=cluster.timings.scale_down)
        idle = {}
        for machine in cluster.cloud.machines():
            group = groups.get(machine.node_group)
            node = cluster.store.exists("nodes", machine.name)
            if group is None or node is None or not _may_go(cluster, node, group):
                continue
            since = self._idle.get(machine.name, now)
            if now - since >= delay:
                groups[group.name] = msgspec.structs.replace(group, desired=group.desired - 1)
                _remove(cluster, node, machine)
            else:
                idle[machine.name] = since
        self._idle = idle
        return min(idle.values()) + delay if idle else None


def _may_go(cluster: Cluster, node: Object, group: NodeGroup) -> bool:
    kept = at(node, ("metadata", "annotations", _KEEP)) == "true"
    name = node["metadata"]["name"]
    return group.desired > group.minimum and not kept and conditions.holds(node, "Ready") and is_empty(cluster, name)


def _remove(cluster: Cluster, node: Object, machine: Machine) -> None:
    cordon(cluster, node, [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}])
    cluster.record(node, NAME, "ScaleDown", "node removed by cluster autoscaler")
    cluster.cloud.terminate(machine.instance_id)
    cluster.delete(NODE, node)


def _add_missing(
    cluster: Cluster, snapshot: Snapshot, groups: Iterable[NodeGroup], machines: Sequence[Machine]
) -> None:
    """Machines that groups want and do not have yet count as nodes on their way."""
    for group in groups:
        present = sum(machine.node_group == group.name for machine in machines)
        for number in range(present, group.desired):
            snapshot.add(imagine(cluster, f"upcoming-{group.name}-{number}", next_shape(group, has_nodes=True)))


def next_shape(group: NodeGroup, *, has_nodes: bool) -> Shape:
    """What the autoscaler takes the next node of a group to be."""
    shape = group.shapes[group.desired % len(group.shapes)]
    if has_nodes or _MANAGED in group.tags:
        return shape
    labels = {key: value for key, value in shape.labels.items() if key.startswith(_KNOWN)}
    capacity = dict(shape.capacity)
    taints = []
    for key, value in group.tags.items():
        kind, _, name = key.removeprefix(_TEMPLATE).partition("/")
        if not key.startswith(_TEMPLATE):
            continue
        if kind == "label":
            labels[name] = value
        elif kind == "resources":
            capacity[name] = value
        elif kind == "taint":
            text, _, effect = value.partition(":")
            taints.append({"key": name, "value": text, "effect": effect})
    return msgspec.structs.replace(shape, labels=labels, capacity=capacity, taints=taints)


def _home(cluster: Cluster) -> str:
    homes = (one["metadata"] for one in cluster.peek(DEPLOYMENT) if programs.is_of(programs.CLUSTER_AUTOSCALER, one))
    return next((str(meta["namespace"]) for meta in homes), "kube-system")


def priorities(cluster: Cluster) -> list[tuple[int, re.Pattern[str]]]:
    """The priority expander's ConfigMap: numbers, each with patterns of group names beneath it.

    It is read in the namespace of the autoscaler itself, which is kube-system where it is no Deployment here.
    """
    found = cluster.store.exists("configmaps", _PRIORITIES, _home(cluster))
    number, ranks = 0, []
    for line in str(at(found or {}, ("data", "priorities")) or "").splitlines():
        if head := re.match(r"^\s*(\d+)\s*:\s*$", line):
            number = int(head[1])
        elif item := re.match(r"^\s*-\s*(.+?)\s*$", line):
            ranks.append((number, re.compile(item[1].strip("'\""))))
    return ranks


def _rank(ranks: Sequence[tuple[int, re.Pattern[str]]], group: str) -> int:
    return max((number for number, pattern in ranks if pattern.search(group)), default=0)


def _waste(node: NodeInfo, placement: Placement) -> tuple[float, float, str]:
    """Idle accelerators first, then the idle share of processors and memory, then the name."""
    accelerators = sum(
        number - placement.need.get(name, 0)
        for name, number in node.allocatable.items()
        if "/" in name and not name.startswith("vpc.amazonaws.com/")
    )
    shares = [
        1 - placement.need.get(name, 0) / node.allocatable[name]
        for name in ("cpu", "memory")
        if node.allocatable.get(name)
    ]
    return accelerators, sum(shares), node.name


def _when_installed(_: Cluster, event: Event) -> Iterable[Key]:
    return (_KEY,) if programs.is_of(programs.CLUSTER_AUTOSCALER, event.object) else ()
