"""How Kubernetes places pods on the group's nodes: labels and taints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from mlinfra.core.gpu_parts import DIVIDED, division
from mlinfra.library import Block, Problem
from mlinfra.library.codes import Code
from mlinfra.library.node_labels import EFA, GPU, GROUP
from mlinfra.library.sharing import sharing_labels

from .machines import Machines

_OWN = "mlinfra/"
# EKS user guide, "Node labels and taints": prefixes that managed groups refuse.
_RESERVED = ("eks.amazonaws.com/", "kubernetes.io/", "k8s.io/")
_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}
KUBERNETES_EFFECTS = {eks: kubernetes for kubernetes, eks in _EFFECTS.items()}
_KEY = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")


class Taint(Block, frozen=True, kw_only=True):
    """What keeps pods away that do not tolerate it."""

    key: Annotated[str, Meta(description="its key", pattern=_KEY, examples=["dedicated", "acme.example/team"])]
    value: Annotated[str, Meta(description="its value", pattern=f"^{_VALUE.pattern}$", examples=["inference"])] = ""
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"], Meta(description="what happens to such pods")
    ] = "NoSchedule"


def labels_of(
    group: str, machines: Machines, own: Mapping[str, str], *, efa: bool = False, sharing: str = "", profile: str = ""
) -> dict[str, str]:
    """The labels of the group's nodes. sharing: the name of the way in which pods share its GPUs. profile: the parts
    that each GPU is divided into."""
    gpu = re.sub(r"[^A-Za-z0-9.-]+", "-", machines.gpu_name).strip("-.")
    return {
        "workload": group,
        **own,
        GROUP: group,
        **({GPU: gpu or "mixed"} if machines.gpus else {}),
        **({EFA: "true"} if efa else {}),
        **sharing_labels(sharing),
        **({DIVIDED: division(profile)} if profile else {}),
    }


def taints_of(machines: Machines, own: tuple[Taint, ...]) -> list[dict[str, str]]:
    """The taints of the group's nodes, as EKS spells them. Accelerators are kept for pods that ask for them."""
    taints = list(own)
    if machines.accelerator and all(taint.key != machines.accelerator for taint in own):
        taints.append(Taint(key=machines.accelerator, value="present"))
    return [
        {"key": taint.key, **({"value": taint.value} if taint.value else {}), "effect": _EFFECTS[taint.effect]}
        for taint in taints
    ]


def tolerated(taints: list[dict[str, str]]) -> tuple[dict[str, str], ...]:
    """The same taints as Kubernetes spells them."""
    spelt = {eks: kubernetes for kubernetes, eks in _EFFECTS.items()}
    return tuple({**taint, "effect": spelt[taint["effect"]]} for taint in taints)


def label_problems(labels: Mapping[str, str], taints: tuple[Taint, ...]) -> Iterator[Problem]:
    """Labels and taints that Kubernetes, EKS or mlinfra would refuse."""
    for key, value in labels.items():
        if key.startswith((_OWN, *_RESERVED)) or not re.fullmatch(_KEY, key) or not _VALUE.fullmatch(value):
            summary = f"{key}: {value} cannot be a label of a node group"
            hint = f"letters, digits, '-', '_' and '.'; no key that begins with {', '.join((_OWN, *_RESERVED))}"
            yield Problem(Code.LABEL_OR_TAINT, summary, at=("labels", key), hint=hint)
    seen = set()
    for index, taint in enumerate(taints):
        if (taint.key, taint.effect) in seen:
            summary = f"the taint {taint.key} with {taint.effect} is there twice"
            yield Problem(Code.LABEL_OR_TAINT, summary, at=("taints", index), hint="take one of them out")
        seen.add((taint.key, taint.effect))
