"""Networks: whether ranges of addresses, taken together, let in the internet.

The checks on security groups, endpoints and conditions ask. Two halves of the internet are the internet: ranges are
added up before anything is said of them, and private ones count for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict

# More than a /8 of version 4, or a /16 of version 6: whoever lists so many addresses names nobody.
_MOST_4 = 2**24
_MOST_6 = 2**112
# What is no address of the internet (RFC 1918, 3927, 4193, 6598, 6890).
_PRIVATE_4 = tuple(
    map(
        IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")


def is_world(ranges: Sequence[Value]) -> Verdict:
    """Whether these let in the internet. `UNKNOWN` where one that is not known yet may."""
    known = frozenset(one for one in ranges if isinstance(one, str))
    if _lets_in(known):
        return Verdict.PASS
    return Verdict.UNKNOWN if any(isinstance(one, Expression) for one in ranges) else Verdict.FAIL


@lru_cache(maxsize=1024)
def _lets_in(ranges: frozenset[str]) -> bool:
    fours: list[IPv4Network] = []
    sixes: list[IPv6Network] = []
    for text in ranges:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            continue
        if isinstance(network, IPv6Network):
            sixes.append(network)
        elif not any(network.subnet_of(one) for one in _PRIVATE_4):
            fours.append(network)
    return (
        sum(one.num_addresses for one in collapse_addresses(fours)) > _MOST_4
        or sum(_global(one) for one in collapse_addresses(sixes)) > _MOST_6
    )


def _global(network: IPv6Network) -> int:
    """How many addresses of the internet are in it."""
    if network.supernet_of(_GLOBAL_6):
        return _GLOBAL_6.num_addresses
    return network.num_addresses if network.subnet_of(_GLOBAL_6) else 0
