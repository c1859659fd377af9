"""Target group bindings: the ready pods behind a service, registered with a target group that somebody else made.

Only while the AWS Load Balancer Controller runs, and its definitions are there. Its finalizer is its own
(`elbv2.k8s.aws/resources`): when the controller goes first, the binding hangs, as on a real cluster. Behaviour:
kubernetes-sigs/aws-load-balancer-controller v3.5, docs/guide/targetgroupbinding (read November 2026). Targets of type
`instance` and its own security group rules are not played. Called by the runtime.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlinfra.sandbox.kubernetes.controllers import conditions, pod_status, programs
from mlinfra.sandbox.kubernetes.controllers.catalog import POD, SERVICE, TARGET_GROUP_BINDING
from mlinfra.sandbox.kubernetes.controllers.cloud import CloudError
from mlinfra.sandbox.kubernetes.controllers.cluster import Again, Cluster, all_of, itself
from mlinfra.sandbox.kubernetes.controllers.endpoints import selected
from mlinfra.sandbox.kubernetes.controllers.load_balancers import pod_targets
from mlinfra.sandbox.kubernetes.controllers.pod_index import Key
from mlinfra.sandbox.kubernetes.controllers.pods import is_deleted
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller
from mlinfra.sandbox.kubernetes.values import Object, at
from mlinfra.sandbox.kubernetes.watch import Event

NAME = "targetGroupBinding"
_GATE = "target-health.elbv2.k8s.aws"
FINALIZER = "elbv2.k8s.aws/resources"


def reconcile(cluster: Cluster, key: Key) -> Again | None:
    """Register the pods that are ready, and no others; none once the binding goes."""
    served = cluster.store.registry.get(TARGET_GROUP_BINDING) is not None
    binding = cluster.find(TARGET_GROUP_BINDING, key) if served else None
    if binding is None or not cluster.runs(programs.LOAD_BALANCER_CONTROLLER):
        return None
    group = str(binding["spec"]["targetGroupARN"])
    if is_deleted(binding):
        cluster.cloud.set_targets(group, ())
        cluster.drop_finalizer(TARGET_GROUP_BINDING, binding, FINALIZER)
        return None
    cluster.add_finalizer(TARGET_GROUP_BINDING, binding, FINALIZER)
    try:
        cluster.cloud.set_targets(group, _targets(cluster, binding))
    except CloudError as error:
        cluster.record(binding, NAME, "FailedReconcile", f"Failed reconcile: {error}", warning=True)
        raise
    _open_gates(cluster, binding)
    generation = binding["metadata"].get("generation", 1)
    cluster.set_status(TARGET_GROUP_BINDING, binding, {"observedGeneration": generation})
    return None


def _open_gates(cluster: Cluster, binding: Object) -> None:
    """Say of pods that wait for it that the load balancer finds them well: here it does as soon as they are registered.

    docs/deploy/pod_readiness_gate.md and pkg/targetgroupbinding/utils.go of the same source: the condition is named for
    the binding.
    """
    gate, now = f"{_GATE}/{binding['metadata']['name']}", cluster.now()
    for pod in cluster.pods.within(binding["metadata"]["namespace"]):
        gates = [one["conditionType"] for one in at(pod, ("spec", "readinessGates")) or ()]
        if gate in gates and conditions.holds(pod, "ContainersReady") and not conditions.holds(pod, gate):
            found = conditions.merged(pod["status"]["conditions"], [conditions.condition(gate, True)], now)
            opened = {**pod, "status": {**pod["status"], "conditions": found}}
            cluster.set_status(POD, pod, pod_status.ready(opened, True, now), NAME)


def _targets(cluster: Cluster, binding: Object) -> Sequence[tuple[str, int]]:
    reference = binding["spec"]["serviceRef"]
    service = cluster.find(SERVICE, (binding["metadata"]["namespace"], reference["name"]))
    if service is None or not at(service, ("spec", "selector")):
        return ()
    wanted = reference["port"]
    port = next((one for one in service["spec"]["ports"] if wanted in (one["port"], one.get("name"))), None)
    return pod_targets(selected(cluster, service), port) if port is not None else ()


_BESIDE = all_of(TARGET_GROUP_BINDING, same_namespace=True)


def _all(cluster: Cluster, event: Event) -> list[Key]:
    """Every one, when the controller may have come."""
    is_controller = programs.is_of(programs.LOAD_BALANCER_CONTROLLER, event.object)
    return list(all_of(TARGET_GROUP_BINDING)(cluster, event)) if is_controller else []


CONTROLLER = Controller(
    name="target-group-binding-controller",
    reconcile=reconcile,
    triggers={
        "targetgroupbindings.elbv2.k8s.aws": itself,
        "services": _BESIDE,
        "pods": _BESIDE,
        "deployments.apps": _all,
    },
)
