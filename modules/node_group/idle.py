"""Idle settings: what a node group says, and what changes nothing beside the rest of the stack."""

from __future__ import annotations

from mlinfra.library import Scope
from mlinfra.library.outputs import Autoscaling

from .capacity import Capacity

_NOBODY = "nothing of the stack makes nodes more or fewer"
_CHOOSE = "set autoscaling.nodes.kind, or take it out"


def say_what_is_idle(scope: Scope, capacity: Capacity, most: int, scaler: Autoscaling | None, *, pooled: bool) -> None:
    """What nobody reads. scaler: who makes nodes more; pooled: whether that makes those of the group one by one."""
    kind = scaler.nodes if scaler is not None else "none"
    if kind == "none":
        scope.idle("priority", because=_NOBODY, hint=_CHOOSE)
    elif kind == "karpenter" and not pooled:
        scope.idle("priority", because="Karpenter makes no nodes of this group")
    if pooled:
        _idle_in_a_pool(scope, capacity)
    elif capacity.is_ours:
        _idle_in_a_scaling_group(scope, capacity, most, nobody=kind == "none")


def _idle_in_a_pool(scope: Scope, capacity: Capacity) -> None:
    if capacity.type == "mixed" and capacity.fallback == "none":
        because = "Karpenter buys on demand whenever it finds no spot machine for a mixed group"
        scope.idle("capacity", "fallback", because=because, hint="take it out, or set capacity.type to spot")


def _idle_in_a_scaling_group(scope: Scope, capacity: Capacity, most: int, *, nobody: bool) -> None:
    """Of a group that never asks for a spot machine, what is said of those; and a fallback that nobody turns to."""
    whole = _all_on_demand(capacity, most)
    for field in ("maxPrice", "fallback") if whole else ():
        scope.idle("capacity", field, because=f"{whole}: no spot machine is asked for")
    if capacity.on_demand_percent == 100:
        scope.idle("capacity", "onDemandBase", because="all nodes are bought on demand by onDemandPercent")
    elif whole:
        scope.idle("capacity", "onDemandPercent", because=whole)
    if nobody and not whole and capacity.fallback != "none":
        because = f"{_NOBODY}, and the second group stays empty"
        scope.idle("capacity", "fallback", because=because, hint=_CHOOSE)


def _all_on_demand(capacity: Capacity, most: int) -> str:
    """Why every node of the group is bought on demand; empty where some are not."""
    if capacity.type != "mixed":
        return ""
    if capacity.on_demand_percent == 100:
        return "onDemandPercent is 100"
    return f"onDemandBase is {most}, as many as there may be" if capacity.on_demand_base >= most > 0 else ""
