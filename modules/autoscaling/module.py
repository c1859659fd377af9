"""What makes nodes and pods more or fewer.

Cluster Autoscaler or Karpenter for nodes; KEDA or Kubernetes' own autoscaler for pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.facts import Facts, Wants
from mlinfra.library import Block, Place, Scope, Wish
from mlinfra.library.forms import Duration
from mlinfra.library.outputs import Autoscaling

SECTION = Place("autoscaling")
USES = ("cluster-autoscaler", "karpenter", "keda", "metrics-server")
Outputs = Autoscaling


class Nodes(Block, frozen=True, kw_only=True):
    """What makes nodes more or fewer."""

    kind: Annotated[
        Literal["cluster-autoscaler", "karpenter", "none"],
        Meta(description="who does it; Karpenter makes nodes itself, except those of system, reserved and EFA groups"),
    ] = "cluster-autoscaler"
    fallback_after: Annotated[
        Duration,
        Meta(description="cluster-autoscaler: how long a group may fail to bring a node before the next one is tried"),
    ] = "5m"
    consolidate: Annotated[
        bool, Meta(description="karpenter: whether it moves pods together to free nodes; empty ones go in any case")
    ] = True
    disruption_budget: Annotated[
        str,
        Meta(
            description="karpenter: how many nodes it may disturb at once, a number or a share such as 10%",
            pattern=r"^([0-9]+|[0-9]{1,2}%|100%)$",
            examples=["1", "10%"],
        ),
    ] = "10%"


class Pods(Block, frozen=True, kw_only=True):
    """What makes pods more or fewer."""

    kind: Annotated[
        Literal["keda", "hpa", "none"],
        Meta(description="who does it: KEDA, by any measure; hpa, by processor and memory alone"),
    ] = "hpa"


class Inputs(Block, frozen=True, kw_only=True):
    """What makes nodes and pods more or fewer."""

    nodes: Annotated[Nodes, Meta(description="what makes nodes more or fewer")] = Nodes()
    pods: Annotated[Pods, Meta(description="what makes pods more or fewer")] = Pods()


def wants(inputs: Inputs) -> Wants:
    """Machines that Karpenter starts are of an image that we choose; which types they are, the node groups say."""
    return Wants(image_of_each=inputs.nodes.kind == "karpenter")


def wishes(inputs: Inputs, facts: Facts) -> Iterator[Wish]:
    """Whoever does it. What Kubernetes itself scales by comes with each choice."""
    nodes = inputs.nodes
    if nodes.kind == "cluster-autoscaler":
        yield Wish("cluster-autoscaler", {"fallbackAfter": nodes.fallback_after})
    if nodes.kind == "karpenter":
        yield Wish("karpenter")
    if inputs.pods.kind != "none":
        yield Wish("metrics-server")
    if inputs.pods.kind == "keda":
        yield Wish("keda")


def build(scope: Scope, inputs: Inputs, facts: Facts) -> Outputs:
    """Nothing but what it wishes for: say who does what."""
    nodes = inputs.nodes
    _say_what_is_idle(scope, nodes.kind)
    return Autoscaling(
        nodes=nodes.kind,
        pods=inputs.pods.kind,
        consolidate=nodes.consolidate,
        disruption_budget=nodes.disruption_budget,
    )


# What does the same in its own way, or not at all, where nodes are not made by whom a setting is for.
_OTHERWISE = {
    "cluster-autoscaler": "Cluster Autoscaler takes away nodes that are hardly used, as its own settings say",
    "karpenter": "Karpenter tries what else the pods accept as soon as a machine is refused",
    "none": "nothing makes nodes more or fewer",
}
_SETTINGS = {
    "fallbackAfter": "cluster-autoscaler",
    "consolidate": "karpenter",
    "disruptionBudget": "karpenter",
}


def _say_what_is_idle(scope: Scope, kind: str) -> None:
    for field, whose in _SETTINGS.items():
        if kind != whose:
            hint = f"take it out, or set kind to {whose}"
            scope.idle("nodes", field, because=_OTHERWISE[kind], hint=hint)
