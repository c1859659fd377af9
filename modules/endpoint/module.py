"""A model as a service.

Real-time, asynchronous, in batches, or as a task that runs once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts
from mlinfra.core.value import Value
from mlinfra.library import Block, Check, Place, Scope, Wish
from mlinfra.library.addon import component
from mlinfra.library.forms import Name, Quantity
from mlinfra.library.outputs import Cluster, LoadBalancer, ModelServing, NodeGroup, Service

from .access import add_access
from .hosts import gpu_resource_of, host_problems, hosts_of
from .kinds import kind_problems
from .pods import Server, add_deployment, add_entrance
from .rollout import Rollout, rollout_problems
from .scaling import Replicas, add_scaling, is_scaled, say_what_is_idle, scaling_problems, sleeps
from .shares import MODEL, Variant, share_problems
from .waking import add_waking, cold_start, waking_problems
from .ways_in import add_ways_in, hosts_outside, way_in_problems, ways_in, with_gates

SECTION = Place("endpoints", many=True)
NEEDS = (Cluster, NodeGroup, ModelServing, LoadBalancer)
USES = ("model-serving", "prometheus", "keda", "keda-http", "metrics-server")


class Outputs(Service, frozen=True, kw_only=True, rename="camel"):
    """Where it answers, within the cluster and outside of it."""

    hosts: Annotated[Value, Meta(description="the names under which it is reached through load balancers")]


class Resources(Block, frozen=True, kw_only=True):
    """What one replica takes."""

    cpu: Annotated[Annotated[float, Meta(gt=0)] | Quantity, Meta(description="processors")] = 1
    memory: Annotated[Quantity, Meta(description="memory")] = "2Gi"
    gpu: Annotated[int, Meta(description="GPUs", ge=0, le=16)] = 0


class Inputs(Block, frozen=True, kw_only=True):
    """A model as a service."""

    kind: Annotated[
        Literal["realtime", "async", "batch", "task"],
        Meta(description="how it is asked: at once, through a queue, over a data set, or once"),
    ] = "realtime"
    runtime: Annotated[
        Literal["triton", "vllm", "tf-serving", "torchserve", "custom"],
        Meta(description="the server that runs it; custom: an image of your own"),
    ] = "triton"
    image: Annotated[str, Meta(description="custom: the image")] = ""
    model: Annotated[
        str, Meta(description="where the model is", pattern=MODEL, examples=["s3://acme-models/ranker/7"])
    ] = ""
    resources: Annotated[Resources, Meta(description="what one replica takes")] = Resources()
    node_groups: Annotated[
        tuple[Name, ...],
        Meta(description="the node groups it may run on, in order of preference; empty: wherever it fits"),
    ] = ()
    replicas: Annotated[Replicas, Meta(description="how many there are")] = Replicas()
    rollout: Annotated[Rollout, Meta(description="how a new version takes over")] = Rollout()
    traffic: Annotated[
        dict[Name, Variant],
        Meta(description="several models that share the requests, `model` among them if said; each has the replicas"),
    ] = {}
    load_balancers: Annotated[
        tuple[Name, ...] | None,
        Meta(
            description="those that it is reached through, as NAME.DOMAIN; null: every one with a domain and a gateway"
        ),
    ] = None


CHECKS = (
    Check(kind_problems, ("kind", "runtime", "model", "traffic")),
    Check(scaling_problems, ("replicas.min", "replicas.max")),
    Check(rollout_problems, ("rollout",)),
)


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """Where it lives, what measures it, and what makes it more or fewer by that."""
    yield Wish("model-serving")
    yield Wish("prometheus")
    if is_scaled(inputs.replicas):
        yield from (Wish("keda"), Wish("metrics-server"))
    if sleeps(inputs.replicas):
        yield Wish("keda-http")


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Make its servers, their entrance, and what scales them."""
    groups, balancers = scope.every(NodeGroup), scope.every(LoadBalancer)
    chosen = ways_in(inputs.load_balancers, balancers)
    scope.settle(
        *host_problems(inputs.node_groups, inputs.resources.gpu, groups),
        *way_in_problems(inputs.load_balancers, balancers),
        *share_problems(inputs.model, inputs.traffic, chosen),
        *(waking_problems(bool(inputs.traffic), chosen) if sleeps(inputs.replicas) else ()),
    )
    say_what_is_idle(scope, inputs.replicas)
    if inputs.image:
        scope.idle("image", because=f"the server is that of runtime {inputs.runtime}")
    serving = scope.one(ModelServing)
    models = {name: one.model for name, one in inputs.traffic.items()} or {"": inputs.model}
    servers = {
        name: with_gates(_server(scope.name, name, model, inputs, serving, groups, facts), chosen)
        for name, model in models.items()
    }
    hosts = hosts_outside(scope.name, chosen)
    for server in servers.values():
        _add_server(scope, server, inputs.replicas, hosts, facts)
    shares = {servers[name].name: one.weight for name, one in inputs.traffic.items()}
    exposed = add_ways_in(scope, next(iter(servers.values())), chosen, shares)
    url: Value = f"http://{scope.name}.{serving.namespace}.svc.cluster.local:8000"
    if shares:
        url = f"{'https' if chosen[0].tls else 'http'}://{hosts[0]}"
    return Outputs(url=url, hosts=hosts, exposed=exposed)


def _server(
    name: str,
    variant: str,
    model: str,
    inputs: Inputs,
    serving: ModelServing,
    groups: tuple[NodeGroup, ...],
    facts: Facts,
) -> Server:
    hosts = hosts_of(inputs.node_groups, inputs.resources.gpu, groups)
    return Server(
        name=f"{name}-{variant}" if variant else name,
        called=name,
        variant=variant,
        serving=serving,
        model=model,
        region=facts.region,
        resources=_amounts(inputs.resources, gpu_resource_of(hosts)),
        hosts=hosts,
        preferred=inputs.node_groups,
        replicas=None if is_scaled(inputs.replicas) else inputs.replicas.min,
        rollout={"maxSurge": inputs.rollout.max_surge, "maxUnavailable": inputs.rollout.max_unavailable},
        in_flight=inputs.replicas.target_in_flight,
        sleeps=sleeps(inputs.replicas),
    )


def _add_server(scope: Scope, server: Server, replicas: Replicas, hosts: list[str], facts: Facts) -> None:
    deployment = add_deployment(scope, server, after=add_access(scope, server, facts))
    add_entrance(scope, server, measured_by=component("prometheus"))
    before = [component("keda"), component("prometheus")]
    if server.sleeps:
        scope.note(cold_start(server.hosts))
        woken_by = component("keda-http")
        routes = add_waking(scope, server, hosts, after=[woken_by])
        add_scaling(scope, server, replicas, deployment, after=[*before, woken_by, *routes])
    elif server.replicas is None:
        add_scaling(scope, server, replicas, deployment, after=before)


def _amounts(resources: Resources, gpu: str) -> dict[str, str]:
    """As Kubernetes spells them: `cpu: 2`, `nvidia.com/gpu: 1`."""
    cpu = resources.cpu
    spelt = cpu if isinstance(cpu, str) else f"{round(cpu * 1000)}m"
    return {
        "cpu": spelt,
        "memory": resources.memory,
        **({gpu: str(resources.gpu)} if resources.gpu else {}),
    }
