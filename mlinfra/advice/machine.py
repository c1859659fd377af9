"""A machine type, as far as quotas and subnets care. EC2 describes it; `supply` asks, the checks read it."""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """Its vCPUs, and how many interfaces it takes with how many IPv4 addresses each."""

    vcpus: int
    interfaces: int
    addresses: int
