"""Addresses for pods and services: the first free one of a range. Kept by the controllers that give them out."""

from __future__ import annotations

import ipaddress


class AddressPool:
    """Addresses by holder. The same holder gets the same address again; a released one is given out last."""

    def __init__(self, cidr: str) -> None:
        self._network = ipaddress.ip_network(cidr)
        self._next = 10  # the first ones belong to the API and to DNS
        self._held: dict[str, str] = {}
        self._holders: dict[str, str] = {}

    def hold(self, holder: str, wanted: str = "") -> str:
        """Give the holder's address; `wanted` is taken if nobody else has it. Raises LookupError when all are taken."""
        if holder in self._held and wanted in ("", self._held[holder]):
            return self._held[holder]
        address = wanted if wanted and self._holders.get(wanted, holder) == holder else self._free()
        self.release(holder)
        self._held[holder], self._holders[address] = address, holder
        return address

    def release(self, holder: str) -> None:
        """Take an address back."""
        address = self._held.pop(holder, None)
        if address is not None:
            del self._holders[address]

    def _free(self) -> str:
        size = self._network.num_addresses - 2
        for _ in range(size):
            address = str(self._network[self._next])
            self._next = self._next % size + 1
            if address not in self._holders:
                return address
        raise LookupError(f"no address is left in {self._network}")
