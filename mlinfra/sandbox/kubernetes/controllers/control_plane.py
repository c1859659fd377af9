"""The control plane of one simulated cluster: all controllers over one store, one account, one clock.

    plane = ControlPlane("ml", store, clock, cloud)
    plane.runtime.settle()          # tests: until nothing happens any more, with a SimulatedClock
    plane.runtime.start()           # users: in the background; plane.runtime.stop() ends it

Made by whoever serves a cluster. It must not be made twice for one store.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlinfra.sandbox.kubernetes.controllers import (
    add_ons,
    cron_jobs,
    daemon_sets,
    deployments,
    disruption,
    endpoints,
    housekeeping,
    ingresses,
    jobs,
    keda,
    load_balancers,
    nginx_ingresses,
    quotas,
    replica_sets,
    stateful_sets,
    target_group_bindings,
    volume_reclaim,
    volumes,
)
from mlinfra.sandbox.kubernetes.controllers.cloud import Cloud
from mlinfra.sandbox.kubernetes.controllers.cluster import Cluster
from mlinfra.sandbox.kubernetes.controllers.cluster_autoscaler import ClusterAutoscaler
from mlinfra.sandbox.kubernetes.controllers.horizontal import HorizontalAutoscaler
from mlinfra.sandbox.kubernetes.controllers.karpenter import Karpenter
from mlinfra.sandbox.kubernetes.controllers.kubelet import Kubelet
from mlinfra.sandbox.kubernetes.controllers.nodes import Nodes
from mlinfra.sandbox.kubernetes.controllers.options import Options
from mlinfra.sandbox.kubernetes.controllers.runtime import Controller, Runtime
from mlinfra.sandbox.kubernetes.controllers.scheduling import scheduler
from mlinfra.sandbox.kubernetes.faults import Obstacles, no_obstacle
from mlinfra.sandbox.kubernetes.store import Store
from mlinfra.sandbox.kubernetes.values import Clock


class ControlPlane:
    """What stands behind the API of one cluster. `obstacles` keeps controllers from removing finalizers."""

    def __init__(
        self,
        name: str,
        store: Store,
        clock: Clock,
        cloud: Cloud,
        options: Options = Options(),  # noqa: B008 (frozen)
        obstacles: Obstacles = no_obstacle,
    ) -> None:
        self.cluster = Cluster(name, store, clock, cloud, options, obstacles)
        self.runtime = Runtime(self.cluster, controllers(options))
        cloud.watch(self.runtime.nudge)


def controllers(options: Options) -> Iterable[Controller]:
    """All controllers, in no particular order: each only reacts to what it sees."""
    return (
        Nodes().controller(),
        add_ons.CONTROLLER,
        scheduler.CONTROLLER,
        Kubelet(options.pod_cidr).controller(),
        replica_sets.CONTROLLER,
        deployments.CONTROLLER,
        stateful_sets.CONTROLLER,
        daemon_sets.CONTROLLER,
        jobs.CONTROLLER,
        cron_jobs.CONTROLLER,
        endpoints.CONTROLLER,
        load_balancers.CONTROLLER,
        ingresses.CONTROLLER,
        nginx_ingresses.CONTROLLER,
        target_group_bindings.CONTROLLER,
        volumes.CONTROLLER,
        volume_reclaim.CONTROLLER,
        disruption.CONTROLLER,
        quotas.CONTROLLER,
        HorizontalAutoscaler().controller(),
        keda.CONTROLLER,
        ClusterAutoscaler().controller(),
        Karpenter().controller(),
        housekeeping.Namespaces(options.certificate).controller(),
        housekeeping.API_SERVICES,
    )
