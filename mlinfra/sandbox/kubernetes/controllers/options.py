"""How a simulated cluster behaves where real ones differ: how long things take, and what must be installed.

Given to `control_plane.ControlPlane`. All durations are in seconds.
"""

from __future__ import annotations

import msgspec


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """How long things take. The defaults keep the order of real events while a rehearsal stays short."""

    image_pull: float = 1
    """From a pod's arrival on its node until its containers run."""
    add_on_patience: float = 60
    """How long an add-on may lack pods before EKS calls it degraded."""
    readiness: float = 1
    """From then until it is ready."""
    run: float = 2
    """How long a pod runs that is meant to end; the annotation `sandbox.mlinfra.dev/duration` overrides it."""
    termination: float = 1
    """From a pod's deletion to its end; its grace period if that is shorter."""
    node_boot: float = 15
    """From the start of an instance to a Ready node."""
    heartbeat: float = 10
    """Between renewals of a node's lease (kubelet: a quarter of 40 s)."""
    load_balancer: float = 2
    """Until a load balancer is active and its hostname published."""
    crash_backoff: float = 10
    """Before the first restart; doubles up to five minutes, as the kubelet's."""
    resync: float = 60
    """How often the account is asked for its machines when nothing told us that they changed."""
    scale_down: float = 600
    """How long a node must be unneeded before the cluster autoscaler removes it (its default: ten minutes)."""
    provision_failure: float = 300
    """How long the cluster autoscaler avoids a group that could not grow (its first back-off: five minutes)."""
    downscale_window: float = 300
    """Stabilisation window of the HorizontalPodAutoscaler when it shrinks (its default: five minutes)."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What else can be chosen.

    device_plugins: `required` shows accelerators on a node only while a device plugin's pod runs there, as on real
        clusters, where forgetting the plugin is the most common reason for pods that never start; `implied` shows
        them at once.
    standing: programs that count as running without a Deployment of theirs (see `programs`).
    pod_cidr: where the addresses of pods come from.
    certificate: the cluster's CA in PEM, published in every namespace as `kube-root-ca.crt`.
    events: how many Events are kept; the oldest go first (real clusters keep them for an hour).
    """

    timings: Timings = Timings()
    device_plugins: str = "required"
    standing: frozenset[str] = frozenset()
    pod_cidr: str = "100.64.0.0/14"
    certificate: str = ""
    events: int = 5_000
