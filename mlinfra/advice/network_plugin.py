"""The VPC CNI: how many addresses of its subnet a node takes, by the plugin's settings as far as a stack gives them.

By default the plugin fills a node's first interface with addresses when the node starts, and keeps a second one, as
full, in reserve (WARM_ENI_TARGET=1: EKS best practices guide, "Amazon VPC CNI", November 2026). WARM_IP_TARGET and
MINIMUM_IP_TARGET take its place where they are set. With ENABLE_PREFIX_DELEGATION interfaces get blocks of sixteen
addresses instead of single ones, each aligned and wholly free (EKS user guide, "Assign more IP addresses to Amazon EKS
nodes with prefixes", November 2026). In a cluster of IPv6 it gives pods none of version 4. Pure; address checks ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mlinfra.advice.machine import Machine
from mlinfra.advice.reading import part, text
from mlinfra.advice.things import Thing, Things
from mlinfra.advice.tokens import ADDON
from mlinfra.core.value import Json

BLOCK = 16
_WARM = 2  # interfaces
# What of the plugin's settings has nothing to do with addresses.
_OF_POLICIES = frozenset({"enableNetworkPolicy"})


class NetworkPlugin(msgspec.Struct, frozen=True):
    """The plugin of a stack. `settings` are its environment, `None` where they are its defaults.

    ipv6: pods have addresses of version 6 alone, which subnets do not run out of; a node takes one of version 4.
    Of what a stack sets itself only what a node takes when it starts is known, not what its pods make it take.
    """

    settings: Mapping[str, Any] | None = None
    ipv6: bool = False

    @classmethod
    def of(cls, things: Things) -> NetworkPlugin:
        """The plugin as `things` configure it."""
        if any(text(part(one.properties, "kubernetesNetworkConfig"), "ipFamily") == "ipv6" for one in things):
            return cls(ipv6=True)
        return next((found for thing in things if (found := _configured(thing)) is not None), cls())

    @property
    def by_blocks(self) -> bool:
        """Whether interfaces get blocks of addresses."""
        return self._says("ENABLE_PREFIX_DELEGATION")

    def first(self, machine: Machine) -> int:
        """The addresses that a node takes when it starts; of `by_blocks`, the blocks."""
        if self.ipv6:
            return 1
        if self.settings is None:
            return machine.addresses
        if self.by_blocks:
            targets = max(self._number("WARM_IP_TARGET"), self._number("MINIMUM_IP_TARGET"))
            return max(1, -(-targets // BLOCK), self._number("WARM_PREFIX_TARGET"))
        if self._says("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"):
            return 1  # pods get addresses of other subnets
        targets = max(self._number("WARM_IP_TARGET"), self._number("MINIMUM_IP_TARGET"))
        return min(1 + targets, machine.addresses * machine.interfaces)

    def full(self, machine: Machine) -> int:
        """Those that it takes and keeps in reserve when it works; as `first` where nobody knows."""
        by_default = self.settings is None and not self.ipv6
        return machine.addresses * min(_WARM, machine.interfaces) if by_default else self.first(machine)

    def _says(self, name: str) -> bool:
        return self._text(name).lower() == "true"

    def _number(self, name: str) -> int:
        given = self._text(name)
        return int(given) if given.isascii() and given.isdigit() else 0

    def _text(self, name: str) -> str:
        """What is set; nothing where that is not known yet."""
        given = (self.settings or {}).get(name, "")
        return str(given) if isinstance(given, str | int) else ""


def _configured(thing: Thing) -> NetworkPlugin | None:
    """What a thing says of the plugin: nothing where it is another, or sets nothing that matters to addresses."""
    own = thing.properties
    if thing.type != ADDON or text(own, "addonName") != "vpc-cni":
        return None
    given = own.get("configurationValues")
    content = given.content if isinstance(given, Json) else given
    if content is None or (isinstance(content, dict) and content.keys() <= _OF_POLICIES):
        return None
    return NetworkPlugin(part(content, "env"))
