"""What makes nodes and pods more or fewer.

Cluster Autoscaler or Karpenter for nodes; KEDA or Kubernetes' own autoscaler for pods.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.library import Block, Place

SECTION = Place("autoscaling")


class Nodes(Block, frozen=True, kw_only=True):
    """What makes nodes more or fewer."""

    kind: Annotated[
        Literal["cluster-autoscaler", "karpenter", "none"],
        Meta(description="who does it; Karpenter makes nodes itself, except those of system, reserved and EFA groups"),
    ] = "cluster-autoscaler"
    consolidate: Annotated[bool, Meta(description="karpenter: whether it moves pods together to free nodes")] = True
    disruption_budget: Annotated[
        str,
        Meta(
            description="karpenter: how many nodes it may disturb at once, a number or a share such as 10%",
            pattern=r"^([0-9]+|[0-9]{1,2}%|100%)$",
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
