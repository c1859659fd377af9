"""The network interfaces by which a database stands in its subnets, which moto leaves out.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html (2026): one in a
subnet of its zone, and one in another zone where there is a standby. They bear the database's security groups, and hold
subnet, groups and network for as long as it is there: it is what a deletion of one of those runs into.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.account import Account

_DESCRIPTION = "RDSNetworkInterface"  # what EC2 shows of each


def place_database(account: Account, region: str, database: Any) -> None:
    """Put it into the subnets of its group, or see that what is there bears its security groups and has its standby."""
    ec2, group = account.ec2(region), getattr(database, "db_subnet_group", None)
    if group is None:
        return
    held: dict[str, Any] = getattr(database, "interfaces", {})
    # Those of its own zone first.
    subnets = sorted(group._subnets, key=lambda one: one.availability_zone != database.availability_zone)
    wanted = {one.availability_zone: one for one in reversed(subnets)}
    zones = list(dict.fromkeys(one.availability_zone for one in subnets))[: 2 if database.multi_az else 1]
    for zone in [zone for zone in held if zone not in zones]:
        ec2.enis.pop(held.pop(zone).id, None)
    for zone in zones:
        if zone not in held:
            held[zone] = ec2.create_network_interface(wanted[zone], [], description=_DESCRIPTION)
            held[zone].status, held[zone].requester_managed = "in-use", True
        groups = (ec2.get_security_group_from_id(one) for one in database.vpc_security_group_ids)
        held[zone]._group_set = [one for one in groups if one is not None]
    database.interfaces = held


def displace_database(account: Account, region: str, database: Any) -> None:
    """Take its interfaces away: it is gone."""
    for interface in getattr(database, "interfaces", {}).values():
        account.ec2(region).enis.pop(interface.id, None)
