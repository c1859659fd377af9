"""More or fewer replicas by requests in flight, which KEDA reads from Prometheus, or from who wakes what sleeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta

from mlinfra.core.address import Address
from mlinfra.core.value import Properties
from mlinfra.library import Block, Handle, Problem, Scope
from mlinfra.library.codes import Code
from mlinfra.library.forms import Duration
from mlinfra.library.in_cluster import PROMETHEUS, WAKING_SCALER

from .pods import Server
from .waking import AWAKE_SECONDS, waking_routes


class Replicas(Block, frozen=True, kw_only=True):
    """How many there are, and what makes them more."""

    min: Annotated[int, Meta(description="fewest", ge=0)] = 1
    max: Annotated[int, Meta(description="most", ge=1)] = 3
    target_in_flight: Annotated[int, Meta(description="requests in flight for each replica, to aim at", ge=1)] = 8
    window: Annotated[
        Duration, Meta(description="over which time they are averaged; not of what sleeps, which is counted at once")
    ] = "60s"
    scale_to_zero: Annotated[bool, Meta(description="whether none are left while nobody asks")] = False


def scaling_problems(fewest: int, most: int) -> Iterator[Problem]:
    """Bounds that contradict each other."""
    if fewest > most:
        summary = f"min is {fewest} and max is {most}"
        yield Problem(Code.ENDPOINT_REPLICAS, summary, at=("replicas", "max"), hint="raise max, or lower min")


def sleeps(replicas: Replicas) -> bool:
    """Whether none are left while nobody asks."""
    return replicas.scale_to_zero or replicas.min == 0


def is_scaled(replicas: Replicas) -> bool:
    """Whether there are sometimes more and sometimes fewer."""
    return replicas.max > replicas.min or sleeps(replicas)


def say_what_is_idle(scope: Scope, replicas: Replicas) -> None:
    """Settings that scale nothing where replicas are always as many, or where they are counted as they are asked."""
    if sleeps(replicas):
        counted = "requests for what sleeps are counted at once, and not averaged"
        scope.idle("replicas", "window", because=counted)
        if not replicas.scale_to_zero:
            hint = "set min to 1 to have one awake always, or take scaleToZero out"
            because = "min is 0, and so none is left while nobody asks"
            scope.idle("replicas", "scaleToZero", because=because, hint=hint)
    elif not is_scaled(replicas):
        for field in ("targetInFlight", "window"):
            because = f"there are always {replicas.max}" if replicas.max > 1 else "there is always one"
            scope.idle("replicas", field, because=because, hint=f"take it out, or raise max above {replicas.min}")


def add_scaling(
    scope: Scope, server: Server, replicas: Replicas, deployment: Handle, *, after: Iterable[Handle | Address]
) -> Handle:
    """Add what scales `deployment`. While nothing can be measured, none is taken away, and what sleeps is awake."""
    spec: Properties = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": server.name},
        "minReplicaCount": replicas.min,
        "maxReplicaCount": replicas.max,
        "pollingInterval": 15,
        "fallback": {"failureThreshold": 3, "replicas": max(replicas.min, 1), "behavior": "currentReplicasIfHigher"},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}}},
        **_measured(server, replicas),
    }
    token = "kubernetes:keda.sh/v1alpha1:ScaledObject"
    return scope.add(
        server.local("scaling"), token, {"metadata": server.metadata, "spec": spec}, depends_on=[deployment, *after]
    )


def _measured(server: Server, replicas: Replicas) -> Properties:
    """By what: an average of what the servers counted, or, since those that sleep count nothing, what is asked of them
    at the moment. KEDA takes none away to sleep (`idleReplicaCount`) but where something is left of that."""
    if not sleeps(replicas):
        metadata = {
            "serverAddress": PROMETHEUS,
            "query": in_flight(server, replicas.window),
            "threshold": str(replicas.target_in_flight),
        }
        return {"triggers": [{"type": "prometheus", "metricType": "AverageValue", "metadata": metadata}]}
    idle = {"idleReplicaCount": 0} if replicas.min else {}
    triggers = [
        {"type": "external-push", "metadata": {"scalerAddress": WAKING_SCALER, "interceptorRoute": name}}
        for name in waking_routes(server)
    ]
    return {"cooldownPeriod": AWAKE_SECONDS, **idle, "triggers": triggers}


def in_flight(server: Server, window: str) -> str:
    """How many requests were in flight on average: by Little's law, the time that they took together, by the time
    that passed. Triton counts the former in microseconds, waiting included."""
    pods = f'namespace="{server.serving.namespace}",pod=~"{server.name}-[a-z0-9]+-[a-z0-9]+"'
    return f"sum(rate(nv_inference_request_duration_us{{{pods}}}[{window}])) / 1e6"
