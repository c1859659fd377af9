"""Where a group's nodes live, and whether they can join from there."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.facts import Facts
from mlinfra.library import Problem
from mlinfra.library.codes import Code
from mlinfra.library.outputs import Network, Subnet

# What a node without a way out must reach (EKS user guide, "Deploy private clusters", November 2026).
_NEEDED = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "s3", "sts")
# And what Session Manager's agent must (Systems Manager user guide, "Create VPC endpoints", November 2026).
_FOR_TUNNELS = ("ssm", "ssmmessages")


def chosen_subnets(zones: tuple[str, ...], reservation: str, network: Network, facts: Facts) -> list[Subnet]:
    """The network's subnets in `zones`; where none is named, in that of the reservation, or else all of them."""
    if zones:
        return [subnet for subnet in network.subnets if subnet.zone in zones]
    if reservation and "" not in {subnet.zone for subnet in network.subnets}:
        # Where its zone is not known it is one of the network's: which one makes no difference to anything else.
        zone = facts.reservations.get(reservation) or next((subnet.zone for subnet in network.subnets), "")
        return [subnet for subnet in network.subnets if subnet.zone == zone]
    return list(network.subnets)


def reservation_problems(zones: tuple[str, ...], reservation: str, network: Network, facts: Facts) -> Iterator[Problem]:
    """A reservation elsewhere. One that is not there is said to be so where capacity is judged."""
    zone, at = facts.reservations.get(reservation, ""), ("capacity", "reservation")
    known = {subnet.zone for subnet in network.subnets}
    if zone and "" not in known and zone not in (zones or known):
        hint = f"add {zone} to zones" if zone in known else f"add {zone} to network.zones"
        yield Problem(Code.RESERVATION, f"the reservation {reservation} is in {zone}", at=at, hint=hint)


def zone_problems(zones: tuple[str, ...], network: Network, *, tunnel: bool) -> Iterator[Problem]:
    """Zones that the network does not have, and nodes without what they need; a tunnel through them needs more."""
    known = [subnet.zone for subnet in network.subnets]
    for index, zone in enumerate(zones):
        if zone not in known:
            unknown = "" in known
            summary = f"the zones of the network are not known: {zone}" if unknown else f"the network is not in {zone}"
            hint = "take zones out" if unknown else f"there is {', '.join(known)}; network.zones adds to them"
            yield Problem(Code.GROUP_ZONES, summary, at=("zones", index), hint=hint)
    needed = (*_NEEDED, *(_FOR_TUNNELS if tunnel else ()))
    missing = [name for name in needed if name not in network.endpoints]
    if missing and not network.way_out:
        hint = f"set network.nat to single, or add to network.vpcEndpoints: {', '.join(missing)}"
        what = "carry a tunnel" if set(missing) <= set(_FOR_TUNNELS) else "join"
        yield Problem(Code.NODES_CUT_OFF, f"these nodes could never {what}: their subnets have no way out", hint=hint)
