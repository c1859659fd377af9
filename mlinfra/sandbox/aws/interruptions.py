"""Interruptions: spot instances that EC2 announces it will take back, and takes back two minutes later.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html (2026): the notice comes two
minutes before. There is no market here: whoever rehearses says when, by the control path or by `Sandbox.interrupt`.
Who hears of it and empties the node is the cluster's affair (`kubernetes/controllers/nodes`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from mlinfra.sandbox.aws.account import Account

NOTICE = 120.0


class Interruption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A spot instance that is to be taken back, in so many seconds."""

    instance: str
    seconds: float = NOTICE


class Announced:
    """When each instance will be taken back."""

    def __init__(self) -> None:
        self.moments: dict[str, datetime] = {}


def announce(account: Account, region: str, asked: Interruption) -> datetime:
    """Announce one; answers when the instance goes. Raises `ValueError` for what is no running spot instance.

    A scaling group that balances its capacity starts another at once, as it does when EC2 recommends it.
    """
    instance = account.ec2(region).get_instance_by_id(asked.instance)
    if instance is None or instance.state not in ("pending", "running"):
        raise ValueError(f"there is no running instance {asked.instance} in {region}")
    if instance.lifecycle != "spot":
        raise ValueError(f"{asked.instance} was bought on demand: EC2 takes back spot instances only")
    moment = account.now() + timedelta(seconds=max(0.0, asked.seconds))
    account.store(Announced, region).moments[asked.instance] = moment
    group = getattr(instance, "autoscaling_group", None)
    if group is not None:
        group.rebalance()
    return moment


def moment_of(account: Account, region: str, instance: str) -> datetime | None:
    """When an instance will be taken back; `None` for one that may stay."""
    return account.store(Announced, region).moments.get(instance)


def take_back(account: Account, region: str) -> None:
    """End the instances whose time has come."""
    moments, now = account.store(Announced, region).moments, account.now()
    gone = [identity for identity, moment in moments.items() if moment <= now]
    for identity in gone:
        del moments[identity]
    running = [one for one in gone if account.ec2(region).get_instance_by_id(one) is not None]
    if running:
        account.ec2(region).terminate_instances(running)
