"""Karpenter's stand-in: node pools bring machines for pods without room, and take back those that idle.

It acts only while Karpenter runs in the cluster and its CRDs are served (karpenter.sh/v1, karpenter.k8s.aws/v1). Each
machine is a NodeClaim of its NodePool; NodeClaims, nodes and node classes bear Karpenter's own finalizers, so that
whoever removes Karpenter before its node pools is left with machines, as on a real cluster. Pools are tried by weight,
offerings by price; an offering without capacity, or one that a machine is taken back of, is avoided for three minutes,
and the next one is tried. Machines that EC2 takes back are emptied and ended before that. Empty nodes go after
`consolidateAfter`; nodes with some load are never consolidated, and nothing expires or drifts. Behaviour and words:
kubernetes-sigs/karpenter v1.7 (read November 2026). Called by the runtime.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mlinfra.sandbox.kubernetes.controllers import conditions, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import NODE, NODE_CLAIM, NODE_CLASS, NODE_POOL
from mlinfra.sandbox.kubernetes.controllers.cloud import CapacityShortage, Launch, Machine, Offering
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, always, owner_reference
from mlinfra.sandbox.kubernetes.controllers.eviction import evict
from mlinfra.sandbox.kubernetes.controllers.growth import (
    evictable,
    imagine,
    is_complete,
    is_empty,
    is_of_daemon,
    outlook,
    pending,
)
from mlinfra.sandbox.kubernetes.controllers.node_pools import (
    CAPACITY_TYPE,
    POOL,
    candidates,
    idle_time,
    is_within_limits,
    pool_shape,
)
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import has_ended, is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.controllers.scheduling.placement import Placement
from mlinfra.sandbox.kubernetes.controllers.scheduling.requests import untolerated
from mlinfra.sandbox.kubernetes.controllers.scheduling.scheduler import volumes_of
from mlinfra.sandbox.kubernetes.controllers.scheduling.snapshot import Snapshot
from mlinfra.sandbox.kubernetes.kinds import GroupVersionKind
from mlinfra.sandbox.kubernetes.values import Object, Objects, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "karpenter"
FINALIZER = "karpenter.sh/termination"
CLASS_FINALIZER = "karpenter.k8s.aws/termination"
_KEY: Key = ("", "karpenter")
_AVOID = timedelta(minutes=3)
# Why it starts nothing for a pod: nothing fits; or what fits is not to be had, or beyond the limits of its pool.
_UNFIT = "no instance type met the scheduling requirements or had enough resources"
_LACKING = "no instance type has the required offering, or all available instance types exceed limits for nodepool"
_DISRUPTED: Object = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
_Place = tuple[str, str, str]


class Karpenter:
    """Remembers which offerings were sold out, and since when nodes have been idle."""

    def __init__(self) -> None:
        self._sold_out: dict[_Place, datetime] = {}
        self._idle: dict[str, datetime] = {}

    def controller(self) -> Controller:
        """How the runtime calls it."""
        run = always(_KEY[1])
        kinds = (
            "pods",
            "nodes",
            "nodepools.karpenter.sh",
            "nodeclaims.karpenter.sh",
            "ec2nodeclasses.karpenter.k8s.aws",
        )
        triggers = {**dict.fromkeys(kinds, run), "deployments.apps": _when_installed}
        return Controller(name=NAME, reconcile=self.reconcile, triggers=triggers, nudged=_KEY)

    def reconcile(self, cluster: Cluster, _: Key) -> Again | None:
        """Look at all pools, claims and waiting pods."""
        served = all(cluster.store.registry.get(gvk) for gvk in (NODE_POOL, NODE_CLAIM, NODE_CLASS))
        if not served or not cluster.runs(programs.KARPENTER):
            return None
        now = cluster.clock()
        self._sold_out = {place: until for place, until in self._sold_out.items() if until > now}
        machines = {machine.instance_id: machine for machine in cluster.cloud.machines()}
        _tend_classes(cluster)
        pools = _ready_pools(cluster)
        for claim in cluster.peek(NODE_CLAIM):
            self._heed_interruption(cluster, claim, machines)
        for claim in cluster.peek(NODE_CLAIM):
            _tend_claim(cluster, claim, machines)
        self._provision(cluster, pools)
        following = self._consolidate(cluster)
        moments = [*self._sold_out.values(), *([following] if following else [])]
        return Again(max(1.0, (min(moments) - now).total_seconds()), quiet=True) if moments else None

    def _heed_interruption(self, cluster: Cluster, claim: Object, machines: dict[str, Machine]) -> None:
        """A machine that EC2 takes back is given up at once, and no other of its offering asked for."""
        machine = machines.get(str(at(claim, ("status", "providerID")) or "").rpartition("/")[2])
        if machine is None or machine.interruption is None or is_deleted(claim):
            return
        shape = machine.shape
        self._sold_out[shape.instance_type, shape.zone, shape.capacity_type] = cluster.clock() + _AVOID
        cluster.record(claim, NAME, "SpotInterrupted", "Spot interruption warning was triggered", warning=True)
        text = "Interruption triggered termination for the NodeClaim"
        cluster.record(claim, NAME, "TerminatingOnInterruption", text, warning=True)
        cluster.delete(NODE_CLAIM, claim)

    def _provision(self, cluster: Cluster, pools: Objects) -> None:
        waiting = pending(cluster)
        if not waiting:
            return
        snapshot = outlook(cluster, cluster.cloud.machines())
        for pod in waiting:
            obstacle, volumes, _ = volumes_of(cluster, pod)
            placement = Placement(pod, snapshot, volumes)
            home = next((n for n in snapshot.nodes.values() if placement.refusal(n) is None), None)
            if home is not None:
                snapshot.place(pod, home.name)
            elif not obstacle and not any(self._launch(cluster, pool, snapshot, placement) for pool in pools):
                text = _LACKING if _has_fitting(cluster, pools, placement) else _UNFIT
                cluster.record(pod, NAME, "FailedScheduling", f"Failed to schedule pod, {text}", warning=True)

    def _launch(self, cluster: Cluster, pool: Object, snapshot: Snapshot, placement: Placement) -> bool:
        """Start the cheapest machine of a pool that takes a pod; False where there is none."""
        reference = at(pool, ("spec", "template", "spec", "nodeClassRef", "name"), "")
        node_class = cluster.store.exists("ec2nodeclasses.karpenter.k8s.aws", reference)
        if node_class is None:
            return False
        for offering in candidates(pool, cluster.cloud.offerings()):
            shape = pool_shape(pool, offering.shape)
            place = (shape.instance_type, shape.zone, shape.capacity_type)
            node = imagine(cluster, f"{pool['metadata']['name']}-{len(snapshot.nodes)}", shape)
            fits = place not in self._sold_out and placement.refusal(node) is None
            if not fits or not is_within_limits(cluster, pool, shape):
                continue
            try:
                machine = _start(cluster, pool, node_class, offering)
            except CapacityShortage:
                self._sold_out[place] = cluster.clock() + _AVOID
                continue
            snapshot.add(imagine(cluster, machine.name, shape))
            snapshot.place(placement.pod, machine.name)
            cluster.record(placement.pod, NAME, "Nominated", f"Pod should schedule on: node/{machine.name}")
            return True
        return False

    def _consolidate(self, cluster: Cluster) -> datetime | None:
        """Delete the claims of nodes that have been empty long enough; gives when the next one will have been."""
        now, idle, moments = cluster.clock(), {}, []
        for claim in cluster.peek(NODE_CLAIM):
            name = at(claim, ("status", "nodeName"))
            pool = cluster.store.exists("nodepools.karpenter.sh", at(claim, ("metadata", "labels", POOL), ""))
            patience = None if pool is None else idle_time(pool)
            settled = name and conditions.holds(claim, "Initialized") and is_empty(cluster, name)
            if is_deleted(claim) or patience is None or not settled:
                continue
            since = self._idle.get(name, now)
            if now - since >= patience:
                cluster.record(claim, NAME, "DisruptionTerminating", "Disrupting NodeClaim: Empty/Delete")
                cluster.delete(NODE_CLAIM, claim)
                continue
            idle[name] = since
            moments.append(since + patience)
        self._idle = idle
        return min(moments, default=None)


def _has_fitting(cluster: Cluster, pools: Objects, placement: Placement) -> bool:
    """Whether a machine of some pool would take a pod, were it to be had and within the pool's limits."""
    return any(
        placement.refusal(imagine(cluster, f"{pool['metadata']['name']}-next", pool_shape(pool, offering.shape)))
        is None
        for pool in pools
        for offering in candidates(pool, cluster.cloud.offerings())
    )


def _start(cluster: Cluster, pool: Object, node_class: Object, offering: Offering) -> Machine:
    """Write the NodeClaim, then start its machine; a claim that finds none is removed again."""
    name = pool["metadata"]["name"]
    shape = pool_shape(pool, offering.shape)
    labels = {POOL: name, CAPACITY_TYPE: shape.capacity_type, "node.kubernetes.io/instance-type": shape.instance_type}
    claim = cluster.create(
        {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {
                "generateName": f"{name}-",
                "labels": {**labels, "topology.kubernetes.io/zone": shape.zone},
                "finalizers": [FINALIZER],
                "ownerReferences": [owner_reference(pool)],
            },
            "spec": _claim_spec(pool, shape.instance_type),
        },
        NAME,
    )
    tags = {
        "karpenter.sh/nodepool": name,
        "karpenter.sh/nodeclaim": claim["metadata"]["name"],
        "eks:eks-cluster-name": cluster.name,
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        "karpenter.k8s.aws/ec2nodeclass": node_class["metadata"]["name"],
        **(at(node_class, ("spec", "tags")) or {}),
    }
    launch = Launch(token=claim["metadata"]["uid"], shape=shape, node_class=node_class.get("spec") or {}, tags=tags)
    try:
        machine = cluster.cloud.launch(launch)
    except CapacityShortage as error:
        what = f"{shape.instance_type} ({shape.capacity_type}) in {shape.zone}"
        text = (
            f"NodeClaim {claim['metadata']['name']} event: insufficient capacity, with fleet error(s), {error}; {what}"
        )
        cluster.record(claim, NAME, "InsufficientCapacityError", text, warning=True)
        cluster.drop_finalizer(NODE_CLAIM, claim, FINALIZER)
        cluster.delete(NODE_CLAIM, claim)
        raise
    _report_claim(cluster, claim, machine, launched=True)
    return machine


def _claim_spec(pool: Object, instance_type: str) -> Object:
    template = at(pool, ("spec", "template", "spec")) or {}
    kept = {key: template[key] for key in ("nodeClassRef", "taints", "startupTaints", "expireAfter") if key in template}
    chosen = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": [instance_type]}
    return {**kept, "requirements": [*(template.get("requirements") or ()), chosen]}


def _report_claim(cluster: Cluster, claim: Object, machine: Machine, *, launched: bool) -> None:
    node = cluster.store.exists("nodes", machine.name)
    registered, ready = node is not None, node is not None and is_complete(node, machine)
    old = claim.get("status") or {}
    news = [
        conditions.standard("Launched", launched, "Launched"),
        conditions.standard("Registered", registered, "Registered" if registered else "NodeNotFound"),
        conditions.standard("Initialized", ready, "Initialized" if ready else "NodeNotReady"),
        conditions.standard("Ready", ready, "Ready" if ready else "UnhealthyDependents"),
    ]
    status = {
        **old,
        "providerID": machine.provider_id,
        "nodeName": machine.name,
        "capacity": dict(machine.shape.capacity),
        "allocatable": dict(machine.shape.offered()),
        "conditions": conditions.merged(old.get("conditions"), news, cluster.now()),
    }
    cluster.set_status(NODE_CLAIM, claim, status, NAME)


def _tend_claim(cluster: Cluster, claim: Object, machines: dict[str, Machine]) -> None:
    """Bring a claim up to date, or end its machine when it is being deleted and its node is empty."""
    identity = str(at(claim, ("status", "providerID")) or "").rpartition("/")[2]
    machine = machines.get(identity)
    name = at(claim, ("status", "nodeName")) or ""
    node = cluster.store.find(NODE, name) if name else None
    if node is not None and is_deleted(node) and not is_deleted(claim):
        cluster.delete(NODE_CLAIM, claim)
        return
    if machine is not None and not is_deleted(claim):
        if node is not None:
            cluster.add_finalizer(NODE, node, FINALIZER)
        _report_claim(cluster, claim, machine, launched=True)
        return
    if machine is not None and not _drained(cluster, node, machine):
        return
    if machine is not None:
        cluster.cloud.terminate(machine.instance_id)
    if node is not None:
        cluster.delete(NODE, node)
        _let_go(cluster, NODE, name, FINALIZER)
    if not is_deleted(claim):  # the machine went by itself
        cluster.delete(NODE_CLAIM, claim)
    _let_go(cluster, NODE_CLAIM, claim["metadata"]["name"], FINALIZER)


def _let_go(cluster: Cluster, kind: GroupVersionKind, name: str, finalizer: str) -> None:
    found = cluster.store.find(kind, name)
    if found is not None:
        cluster.drop_finalizer(kind, found, finalizer)


def _drained(cluster: Cluster, node: Object | None, machine: Machine) -> bool:
    """Evict what runs on a node; True once nothing is left but daemons, and pods that tolerate that it goes.

    Those are not waited for: they would come back to the same node (karpenter.sh, "Disruption", read 2026-11-25).
    """
    if node is None:
        return True
    if not any(taint["key"] == _DISRUPTED["key"] for taint in at(node, ("spec", "taints")) or ()):
        cluster.change(NODE, node, lambda old: _tainted(old, _DISRUPTED))
    for pod in evictable(cluster, machine.name):
        if untolerated(pod, [_DISRUPTED], ("NoSchedule",)) is not None:
            evict(cluster.store, pod)
    return all(
        has_ended(pod) or is_of_daemon(pod) or untolerated(pod, [_DISRUPTED], ("NoSchedule",)) is None
        for pod in cluster.pods.on(machine.name)
    )


def _tainted(node: Object, taint: Object) -> Object:
    spec = node.get("spec") or {}
    return {**node, "spec": {**spec, "taints": [*(spec.get("taints") or ()), taint]}}


def _tend_classes(cluster: Cluster) -> None:
    """Node classes are ready at once; one that is deleted goes when no claim uses it."""
    used = {at(claim, ("spec", "nodeClassRef", "name")) for claim in cluster.peek(NODE_CLAIM)}
    for item in cluster.peek(NODE_CLASS):
        found = cluster.store.get(NODE_CLASS, item["metadata"]["name"])
        if not is_deleted(found):
            cluster.add_finalizer(NODE_CLASS, found, CLASS_FINALIZER)
            _set_ready(cluster, NODE_CLASS, found)
        elif found["metadata"]["name"] not in used:
            cluster.drop_finalizer(NODE_CLASS, found, CLASS_FINALIZER)


def _ready_pools(cluster: Cluster) -> Objects:
    """The pools whose class exists, heaviest first."""
    pools = []
    for item in cluster.peek(NODE_POOL):
        name = at(item, ("spec", "template", "spec", "nodeClassRef", "name"), "")
        if is_deleted(item):
            continue
        known = cluster.store.exists("ec2nodeclasses.karpenter.k8s.aws", name) is not None
        reason = "Ready" if known else "NodeClassNotFound"
        _set_ready(cluster, NODE_POOL, item, holds=known, reason=reason)
        if known:
            pools.append(item)
    return sorted(pools, key=lambda pool: (-int(at(pool, ("spec", "weight"), 0)), pool["metadata"]["name"]))


def _set_ready(
    cluster: Cluster, kind: GroupVersionKind, obj: Object, *, holds: bool = True, reason: str = "Ready"
) -> None:
    old = obj.get("status") or {}
    merged = conditions.merged(old.get("conditions"), [conditions.standard("Ready", holds, reason)], cluster.now())
    cluster.set_status(kind, obj, {**old, "conditions": merged}, NAME)


def _when_installed(_: Cluster, event: Event) -> Iterable[Key]:
    return (_KEY,) if programs.is_of(programs.KARPENTER, event.object) else ()
