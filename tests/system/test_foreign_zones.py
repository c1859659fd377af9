"""A record in a zone of somebody else: one that is there is a conflict, and stays as it is."""

from __future__ import annotations

from pathlib import Path

from .account import Account

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: names}
target: {platform: aws, region: us-east-1}
resources:
  api:
    type: aws:route53/record:Record
    properties: {zoneId: ZONE, name: api.example.com, type: A, ttl: 60, records: [192.0.2.1]}
"""


def _prepare(account: Account) -> str:
    zone = account.client("route53").create_hosted_zone(Name="example.com", CallerReference="theirs")
    name = str(zone["HostedZone"]["Id"]).removeprefix("/hostedzone/")
    Path("stack.yaml").write_text(STACK.replace("ZONE", name))
    account.note()
    return name


def _records(account: Account, zone: str) -> list[str]:
    listed = account.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [one["Value"] for record in listed if record["Type"] == "A" for one in record["ResourceRecords"]]


def test_a_record_lives_in_a_zone_of_others(account: Account) -> None:
    zone = _prepare(account)
    account.do("apply", "stack.yaml", "--yes")
    account.do("plan", "stack.yaml", "--detailed-exitcode")
    assert _records(account, zone) == ["192.0.2.1"]
    account.do("destroy", "stack.yaml", "--yes")
    assert _records(account, zone) == []
    assert account.left() == []


def test_a_record_that_is_there_is_not_overwritten(account: Account) -> None:
    zone = _prepare(account)
    theirs = {"Name": "api.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.9"}]}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": theirs}]}
    account.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)
    ran = account.run("apply", "stack.yaml", "--yes")
    assert ran.code != 0
    assert "resources.api" in ran.out + ran.err
    assert _records(account, zone) == ["192.0.2.9"]
