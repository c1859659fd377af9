"""What is recorded and missing in one listing is asked for by its own id before it counts as gone."""

from __future__ import annotations

import msgspec

from mlinfra.core.observed import Absent, Listing, Present, Unreadable
from mlinfra.core.provider import Interest, Target
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.kms import KEY
from mlinfra.sandbox.faults import FaultKind, FaultRule
from tests.providers.aws.lifecycle import OURS, Account

NO_KEYS = FaultRule(kind=FaultKind.GARBLED, operation="ListKeys", message='{"Keys": []}')
NO_VPCS = FaultRule(
    kind=FaultKind.GARBLED,
    operation="DescribeVpcs",
    message="<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>",
    count=1,
)


def made(account: Account, type: str) -> tuple[Present, Target]:
    properties = {KEY: {"description": "k"}, VPC: {"cidrBlock": "10.0.0.0/16"}}[type]
    there = account.make("it", type, properties)
    return there, msgspec.structs.replace(account.target("it", type, properties), id=there.id)


def listed(account: Account, target: Target) -> Listing:
    interest = Interest(frozenset({target.id}), recorded=(target,))
    return account.provider.list({target.type: interest}, OURS)[target.type]


def test_what_an_odd_listing_leaves_out_is_not_gone(account: Account) -> None:
    for token, odd in ((KEY, NO_KEYS), (VPC, NO_VPCS)):
        there, target = made(account, token)
        account.server.faults.add(odd)
        listing = listed(account, target)
        assert ([one.id for one in listing.objects], listing.incomplete) == ([there.id], "")
        assert listing.objects[0].owner == target.owner


def test_what_cannot_be_seen_by_its_id_either_is_unreadable(account: Account) -> None:
    _, target = made(account, KEY)
    account.server.faults.add(NO_KEYS)
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeKey"))
    assert "kms DescribeKey for resources.it" in listed(account, target).incomplete


def test_what_is_gone_is_gone(account: Account) -> None:
    _, target = made(account, VPC)
    account.calls.one("ec2", "DeleteVpc", {"VpcId": target.id})
    assert listed(account, target) == Listing(())


def test_what_one_object_could_not_be_read_for_is_said_of_no_other(account: Account) -> None:
    denied, target = made(account, KEY)
    other = msgspec.structs.replace(target, id="0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f")
    account.server.faults.add(FaultRule(kind=FaultKind.DENIED, operation="DescribeKey", where={"KeyId": denied.id}))
    interest = Interest(frozenset({target.id, other.id}), recorded=(target, other))
    listing = account.provider.list({KEY: interest}, OURS)[KEY]
    assert isinstance(seen := listing.missing(denied.id), Unreadable)
    assert "DescribeKey" in seen.reason
    assert listing.missing(other.id) == Absent()


def test_what_a_listing_shows_is_not_asked_for_again(account: Account) -> None:
    _, target = made(account, VPC)
    account.server.calls.clear()
    listed(account, target)
    recorded = account.server.calls.counts()
    account.server.calls.clear()
    account.provider.list({VPC: Interest(frozenset({target.id}))}, OURS)
    assert recorded == account.server.calls.counts()
