"""Drivers of volumes as charts: what those of all file systems have in common. For modules of `components`."""

from __future__ import annotations

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library.addon import add_addon
from mlinfra.library.contract import Contract, Namespace
from mlinfra.library.outputs import Cluster, Component
from mlinfra.library.scope import Scope


def room_of_driver(name: str) -> Namespace:
    """The namespace of one: nobody comes in, and its pods need their node."""
    because = "mounts file systems into the pods of its node, through a folder of the kubelet"
    return Namespace(name=name, level="privileged", because=because, entrances=())


def add_driver(scope: Scope, contract: Contract, facts: Facts, values: Properties) -> Component:
    """Install it, unless the stack has it as an add-on of EKS, which is called as its chart is."""
    name = contract.chart.name
    if name in scope.one(Cluster).addons:
        return Component(address=Address(f"cluster.addons.{name}"))
    return Component(address=add_addon(scope, contract, facts, values).address)
