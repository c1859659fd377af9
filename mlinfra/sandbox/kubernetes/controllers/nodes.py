"""Machines of the account become Nodes, and Nodes go when their machines do. Also taints that drive pods away.

A node is registered NotReady when its machine starts, becomes Ready after `Timings.node_boot`, renews its lease from
then on, and loses its pods with its machine. Accelerators appear only once the device plugin's pod is ready on it (see
`Options.device_plugins`): on a real cluster the kubelet knows of `nvidia.com/gpu` only from that plugin.

Called by the runtime with the name of a node, or with `*` to compare with the account. It must not start machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import LEASE, NODE, POD
from mlinfra.sandbox.kubernetes.controllers.clock import micro, seconds_since
from mlinfra.sandbox.kubernetes.controllers.cloud import Machine
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, itself
from mlinfra.sandbox.kubernetes.controllers.eviction import evict
from mlinfra.sandbox.kubernetes.controllers.node_pools import POOL
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted, is_ready
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import untolerated
from mlinfra.sandbox.kubernetes.quantity import amounts, written
from mlinfra.sandbox.kubernetes.values import Object, Objects, at, timestamp
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "node-controller"
_REPORT = 300
_ALL: Key = ("", "*")
_NOT_READY = "node.kubernetes.io/not-ready"
_CORDONED = "node.kubernetes.io/unschedulable"
_MANAGED = "eks.amazonaws.com/nodegroup"
INTERRUPTED = "aws-node-termination-handler/spot-itn"
_RESERVED = {"cpu": 80, "memory": 574 * 1024 * 1024}
"""What EKS keeps back on a node of moderate size: 80 thousandths of a processor, 574 MiB (AL2023 bootstrap, 2026)."""


class Nodes:
    """The nodes of one cluster, after the machines that the account last told of."""

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}

    def controller(self) -> Controller:
        """How the runtime calls it."""
        return Controller(
            name=NAME,
            reconcile=self.reconcile,
            triggers={"nodes": itself, "pods": _node_of_plugin},
            nudged=_ALL,
        )

    def reconcile(self, cluster: Cluster, key: Key) -> Again | None:
        """Compare all nodes with the account, or bring one node a step on."""
        if key == _ALL:
            return self._compare(cluster)
        node = cluster.store.exists("nodes", key[1])
        machine = self._machines.get(key[1])
        if node is None:
            return None
        if machine is None:
            _keep_stranger(cluster, node)
            return None
        return _tend(cluster, node, machine)

    def _compare(self, cluster: Cluster) -> Again:
        self._machines = {machine.name: machine for machine in cluster.cloud.machines()}
        gone = [node for node in cluster.peek(NODE) if self._has_lost_its_machine(node)]
        for node in gone:
            name = node["metadata"]["name"]
            text = f"Deleting node {name} because it does not exist in the cloud provider"
            cluster.record(node, NAME, "DeletingNode", text)
            cluster.delete(NODE, node)
        # A new machine may have an old one's address: it joins only after the old one's pods have been collected.
        names = {node["metadata"]["name"] for node in gone}
        for machine in self._machines.values():
            found = cluster.store.exists("nodes", machine.name)
            if found is None and machine.name not in names:
                cluster.create(_node(machine, cluster), "kubelet")
            elif found is not None and machine.interruption:
                _tend(cluster, found, machine)
        if names & self._machines.keys():
            return Again(0.1)
        ends = [machine.interruption for machine in self._machines.values() if machine.interruption]
        waits = [(end - cluster.clock()).total_seconds() for end in ends]
        return Again(max(0.1, min([cluster.timings.resync, *waits])), quiet=True)

    def _has_lost_its_machine(self, node: Object) -> bool:
        identity, machine = at(node, ("spec", "providerID")), self._machines.get(node["metadata"]["name"])
        return bool(identity) and (machine is None or machine.provider_id != identity)


def _tend(cluster: Cluster, node: Object, machine: Machine) -> Again | None:
    if machine.interruption is not None:
        _interrupt(cluster, node, machine)
    age = (cluster.clock() - machine.launched).total_seconds()
    left = cluster.timings.node_boot - age
    status = _status(cluster, node, machine, ready=left <= 0)
    cluster.set_status(NODE, node, status, "kubelet")
    _set_taints(cluster, node, ready=left <= 0)
    if left > 0:
        return Again(left)
    _drive_out(cluster, node)
    _renew(cluster, node)
    return Again(cluster.timings.heartbeat, quiet=True)


def _keep_stranger(cluster: Cluster, node: Object) -> None:
    """A node that somebody registered by hand: it keeps its own status; its taints still act."""
    _set_taints(cluster, node, ready=True)
    _drive_out(cluster, node)


def _node(machine: Machine, cluster: Cluster) -> Object:
    labels = {**machine.shape.labels, "kubernetes.io/hostname": machine.name}
    taints = [dict(taint) for taint in machine.shape.taints]
    spec = {"providerID": machine.provider_id, "taints": [*taints, _taint(_NOT_READY)]}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": machine.name, "labels": labels}, "spec": spec}
    return {**node, "status": _status(cluster, node, machine, ready=False)}


def _taint(key: str, effect: str = "NoSchedule") -> Object:
    return {"key": key, "effect": effect}


def _status(cluster: Cluster, node: Object, machine: Machine, *, ready: bool) -> Object:
    old = node.get("status") or {}
    capacity = _capacity(cluster, machine)
    now = cluster.now()
    return {
        **old,
        "capacity": capacity,
        "allocatable": _allocatable(capacity, machine),
        "conditions": _beating(conditions.merged(old.get("conditions"), _conditions(ready), now), now),
        "addresses": [
            {"type": "InternalIP", "address": _address(machine)},
            {"type": "InternalDNS", "address": machine.name},
            {"type": "Hostname", "address": machine.name},
        ],
        "nodeInfo": _information(machine),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
    }


def _capacity(cluster: Cluster, machine: Machine) -> dict[str, str]:
    """What the kubelet reports: accelerators only where something announces them."""
    shape = machine.shape
    implied = cluster.options.device_plugins == "implied"
    pods = cluster.pods.on(machine.name)
    shown = {}
    for name, text in shape.capacity.items():
        plugin = programs.announcer(name)
        known = plugin is None or implied or name in shape.announced
        if known or any(programs.is_of(plugin, pod) and is_ready(pod) for pod in pods if plugin):
            shown[name] = str(text)
    return shown


def _allocatable(capacity: dict[str, str], machine: Machine) -> dict[str, str]:
    given = machine.shape.allocatable
    rest = {}
    for name, number in amounts(capacity).items():
        kept = _RESERVED.get(name, 0) if name not in given else 0
        rest[name] = str(given[name]) if name in given else written(name, max(0, number - kept))
    return rest


def _beating(news: Objects, now: datetime) -> Objects:
    """Conditions with the time of the last report: unchanged ones are reported every five minutes, as by kubelets."""
    stale = [seconds_since(c.get("lastHeartbeatTime") or c["lastTransitionTime"], now) >= _REPORT for c in news]
    again = any(stale) or any("lastHeartbeatTime" not in c for c in news)
    return [{**c, "lastHeartbeatTime": timestamp(now)} for c in news] if again else news


def _fine(kind: str, reason: str, message: str) -> Object:
    return conditions.condition(kind, False, reason, message)


def _conditions(ready: bool) -> Objects:
    fine = [
        _fine("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        _fine("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        _fine("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ]
    if ready:
        return [*fine, conditions.condition("Ready", True, "KubeletReady", "kubelet is posting ready status")]
    text = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"
    return [*fine, conditions.condition("Ready", False, "KubeletNotReady", text)]


def _address(machine: Machine) -> str:
    """The address that a private DNS name such as ip-10-0-1-7... spells, else one made from the instance's id."""
    parts = machine.name.partition(".")[0].split("-")
    if len(parts) == 5 and parts[0] == "ip" and all(part.isdigit() for part in parts[1:]):
        return ".".join(parts[1:])
    number = int.from_bytes(machine.instance_id.encode()[-3:], "big")
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _information(machine: Machine) -> Object:
    labels = machine.shape.labels
    return {
        "machineID": machine.instance_id,
        "systemUUID": machine.instance_id,
        "bootID": machine.instance_id,
        "kernelVersion": "6.12.0-simulated",
        "osImage": "Amazon Linux 2023 (simulated)",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kubeletVersion": f"v{machine.version}.0-eks-simulated",
        "kubeProxyVersion": "",
        "operatingSystem": labels.get("kubernetes.io/os", "linux"),
        "architecture": labels.get("kubernetes.io/arch", "amd64"),
    }


def _set_taints(cluster: Cluster, node: Object, *, ready: bool) -> None:
    """The taints that the node controller itself keeps: not ready, cordoned."""
    taints = at(node, ("spec", "taints")) or []
    wanted = {_NOT_READY: not ready, _CORDONED: bool(at(node, ("spec", "unschedulable")))}
    kept = [taint for taint in taints if wanted.get(taint["key"], True)]
    present = {taint["key"] for taint in kept}
    kept += [_taint(key) for key, on in wanted.items() if on and key not in present]
    if kept != taints:
        cluster.change(NODE, node, lambda old: {**old, "spec": {**(old.get("spec") or {}), "taints": kept}})


def _drive_out(cluster: Cluster, node: Object) -> None:
    """Delete the pods that do not tolerate a NoExecute taint (those that do for a while stay, which is a shortcut)."""
    taints = [taint for taint in at(node, ("spec", "taints")) or () if taint.get("effect") == "NoExecute"]
    if not taints:
        return
    for pod in cluster.pods.on(node["metadata"]["name"]):
        if not is_deleted(pod) and untolerated(pod, taints, ("NoExecute",)) is not None:
            cluster.record(
                pod,
                "taint-eviction-controller",
                "TaintManagerEviction",
                f"Marking for deletion Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}",
            )
            cluster.delete(POD, pod)


def _interrupt(cluster: Cluster, node: Object, machine: Machine) -> None:
    """Tell of a spot interruption; cordon and empty the node, where somebody looks after that.

    EKS does so for the groups that it manages, Karpenter for the machines that it started (`karpenter`), and for all
    others the termination handler, where it runs.
    """
    if not at(node, ("spec", "unschedulable")):
        end = timestamp(machine.interruption or cluster.now())
        text = f"Spot interruption: instance {machine.instance_id} will be interrupted at {end}"
        cluster.record(node, "aws", "SpotInterruption", text, warning=True)
    labels = machine.shape.labels
    managed = _MANAGED in labels
    if POOL in labels or not (managed or cluster.runs(programs.TERMINATION_HANDLER)):
        return
    if not at(node, ("spec", "unschedulable")):
        cordon(cluster, node, [] if managed else [_taint(INTERRUPTED)])
    for pod in cluster.pods.on(machine.name):
        if not _is_of_daemon(pod) and not is_deleted(pod):
            evict(cluster.store, pod)


def cordon(cluster: Cluster, node: Object, taints: Objects) -> None:
    """Keep new pods from a node, and put taints on it."""

    def change(old: Object) -> Object:
        spec = old.get("spec") or {}
        return {**old, "spec": {**spec, "unschedulable": True, "taints": [*(spec.get("taints") or ()), *taints]}}

    cluster.change(NODE, node, change)


def _is_of_daemon(pod: Object) -> bool:
    return any(ref["kind"] == "DaemonSet" for ref in pod["metadata"].get("ownerReferences") or ())


def _renew(cluster: Cluster, node: Object) -> None:
    name = node["metadata"]["name"]
    known = cluster.store.exists("leases.coordination.k8s.io", name, "kube-node-lease")
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro(cluster.clock())}
    if known is None:
        owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
        meta = {"name": name, "namespace": "kube-node-lease", "ownerReferences": [owner]}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec}
        cluster.create(lease, "kubelet")
    elif seconds_since(at(known, ("spec", "renewTime")), cluster.clock()) >= cluster.timings.heartbeat:
        cluster.patch(LEASE, known, {"spec": spec})


def _node_of_plugin(_: Cluster, event: Event) -> Iterable[Key]:
    """The node whose device plugin came, became ready, or went."""
    name = at(event.object, ("spec", "nodeName"))
    if name and any(programs.is_of(plugin, event.object) for plugin in set(programs.DEVICE_PLUGINS.values())):
        yield "", name
