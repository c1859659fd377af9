from __future__ import annotations

import pytest

from mlinfra.core.errors import Conflict
from mlinfra.core.observed import Absent, Present
from mlinfra.core.provider import Interest
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.services.route53 import RECORD, ZONE
from mlinfra.sandbox.faults import FaultKind, FaultRule, When
from tests.providers.aws.lifecycle import Account, Build, Case, live


def network(number: int) -> tuple[str, Build]:
    return VPC, lambda account: {"cidrBlock": f"10.{number}.0.0/16"}


A_ZONE = (ZONE, lambda account: {"name": "example.com"})
CASES = [
    Case(
        type=ZONE,
        properties=lambda account: {"name": "example.com", "comment": "of models", "tags": {"team": "recsys"}},
        changes=(
            lambda account: {"comment": "of others"},
            lambda account: {"comment": None},
            lambda account: {"forceDestroy": True},
            lambda account: {"tags": {"team": "search"}},
        ),
    ),
    Case(
        name="a private zone",
        type=ZONE,
        needs={"one": network(1), "two": network(2), "three": network(3)},
        properties=lambda account: {
            "name": "models.internal",
            "vpcs": [{"vpcId": account.id("one")}, {"vpcId": account.id("two")}],
        },
        changes=(
            lambda account: {"vpcs": [{"vpcId": account.id("three")}, {"vpcId": account.id("two")}]},
            lambda account: {"vpcs": [{"vpcId": account.id("three")}]},
        ),
    ),
    Case(
        type=RECORD,
        needs={"zone": A_ZONE},
        properties=lambda account: {
            "zoneId": account.id("zone"),
            "name": "api.example.com",
            "type": "A",
            "ttl": 300,
            "records": ["192.0.2.1", "192.0.2.2"],
        },
        changes=(
            lambda account: {"ttl": 60},
            lambda account: {"records": ["192.0.2.3"]},
            lambda account: {
                "ttl": None,
                "records": None,
                "aliases": [
                    {"name": "lb-1.elb.amazonaws.com", "zoneId": "Z35SXDOTRQ7X7K", "evaluateTargetHealth": False}
                ],
            },
        ),
    ),
    Case(
        name="a record whose name has an asterisk",
        type=RECORD,
        needs={"zone": A_ZONE},
        properties=lambda account: {
            "zoneId": account.id("zone"),
            "name": "*.models.example.com",
            "type": "CNAME",
            "ttl": 300,
            "records": ["api.example.com"],
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_lives(case: Case, account: Account) -> None:
    live(account, case)


def put(account: Account, zone: str, name: str) -> None:
    record = {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.9"}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    account.calls.one("route53", "ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": changes})


def test_a_zone_of_another_with_the_same_name_does_not_concern_us(account: Account) -> None:
    account.calls.one("route53", "CreateHostedZone", {"Name": "example.com", "CallerReference": "theirs"})
    assert isinstance(account.provider.find(account.target("it", ZONE, {"name": "example.com"})), Absent)


def test_a_zone_that_a_killed_run_left_without_tags_is_found_again(account: Account) -> None:
    made = account.make("it", ZONE, {"name": "example.com"})
    shown = account.calls.one("route53", "ListTagsForResource", {"ResourceType": "hostedzone", "ResourceId": made.id})
    keys = [tag["Key"] for tag in shown["ResourceTagSet"]["Tags"]]
    bare = {"ResourceType": "hostedzone", "ResourceId": made.id, "RemoveTagKeys": keys}
    account.calls.one("route53", "ChangeTagsForResource", bare)
    found = account.provider.find(account.target("it", ZONE, {"name": "example.com"}))
    assert isinstance(found, Present)
    assert (found.id, found.owner) == (made.id, made.owner)


def test_a_zone_with_records_of_others_is_deleted_only_if_the_stack_says_so(account: Account) -> None:
    made = account.make("it", ZONE, {"name": "example.com"})
    put(account, made.id, "theirs.example.com")
    with pytest.raises(Conflict, match="HostedZoneNotEmpty"):
        account.provider.delete(account.target("it", ZONE, {"name": "example.com"}, made.id), account.journal())
    forced = {"name": "example.com", "forceDestroy": True}
    account.provider.delete(account.target("it", ZONE, forced, made.id), account.journal())
    assert account.listed(ZONE, Interest(frozenset({made.id}))) == []


def test_of_a_zone_of_others_only_the_records_are_read_that_the_stack_names(account: Account) -> None:
    answer = account.calls.one("route53", "CreateHostedZone", {"Name": "example.com", "CallerReference": "theirs"})
    zone = answer["HostedZone"]["Id"].removeprefix("/hostedzone/")
    put(account, zone, "ours.example.com")
    put(account, zone, "theirs.example.com")
    named = Interest(names=frozenset({zone, "ours.example.com", "A"}))
    assert [one.properties["name"] for one in account.listed(RECORD, named)] == ["ours.example.com"]


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.ERROR])
def test_a_record_whose_deletion_was_not_answered_is_deleted(account: Account, kind: FaultKind) -> None:
    zone = account.make("zone", ZONE, {"name": "example.com"})
    properties = {"zoneId": zone.id, "name": "api.example.com", "type": "A", "ttl": 300, "records": ["192.0.2.1"]}
    record = account.make("record", RECORD, properties)
    target = account.target("record", RECORD, properties, record.id)
    account.server.faults.add(FaultRule(kind=kind, operation="ChangeResourceRecordSets", when=When.AFTER, count=1))
    account.provider.delete(target, account.journal())
    assert isinstance(account.provider.find(target), Absent)


def test_what_comes_with_a_zone_is_no_record_of_the_stack(account: Account) -> None:
    account.make("it", ZONE, {"name": "example.com"})
    assert account.listed(RECORD) == []


def test_a_record_is_found_among_more_than_one_page(account: Account) -> None:
    zone = account.make("zone", ZONE, {"name": "example.com"})
    for start in range(0, 320, 80):
        changes = [
            {
                "Action": "CREATE",
                "ResourceRecordSet": {
                    "Name": f"n{number:03}.example.com",
                    "Type": "A",
                    "TTL": 60,
                    "ResourceRecords": [{"Value": "192.0.2.9"}],
                },
            }
            for number in range(start, start + 80)
        ]
        params = {"HostedZoneId": zone.id, "ChangeBatch": {"Changes": changes}}
        account.calls.one("route53", "ChangeResourceRecordSets", params)
    wanted = {"zoneId": zone.id, "name": "n319.example.com", "type": "A"}
    found = account.provider.find(account.target("it", RECORD, wanted))
    assert isinstance(found, Present)
    assert found.properties["records"] == ["192.0.2.9"]


def test_a_text_that_stands_in_no_quotation_marks_is_refused_before_route_53_does(account: Account) -> None:
    record = {"zoneId": "Z1", "name": "acme.example", "type": "TXT", "ttl": 60, "records": ['"v=spf1 -all"', "hello"]}
    [told] = account.provider.validate(RECORD, record)
    assert told.startswith("records[1] stands in no double quotation marks")
