"""Names that a cluster wrote into hosted zones go with it; those of others, and those that nobody claims, stay."""

from __future__ import annotations

from typing import Any

import pytest

from mlinfra.providers.aws.written_names import WrittenNames, owned_by
from tests.providers.aws.lifecycle import Account, Journal


def _text(name: str, owner: str) -> dict[str, Any]:
    said = f'"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/serving/web"'
    return {"Name": name, "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": said}]}


def _address(name: str, kind: str = "A", value: str = "192.0.2.1") -> dict[str, Any]:
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}


_MINE = [
    _address("web.acme.example"),
    _text("a-web.acme.example", "ml"),
    _address("*.tiles.acme.example", "CNAME", "lb.example.com"),
    _text("cname-*.tiles.acme.example", "ml"),
]
_OTHERS = [
    _address("shop.acme.example"),
    _text("a-shop.acme.example", "ml-2"),
    _address("by-hand.acme.example"),
    _address("web.acme.example", "AAAA", "2001:db8::1"),
    {**_text("note.acme.example", "ml"), "ResourceRecords": [{"Value": '"owner=ml"'}]},
]


def _zone(account: Account, name: str, records: list[dict[str, Any]]) -> str:
    made = account.calls.one("route53", "CreateHostedZone", {"Name": name, "CallerReference": name})
    zone = str(made["HostedZone"]["Id"]).rpartition("/")[2]
    changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in records]
    account.calls.one(
        "route53", "ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}
    )
    return zone


def _names(account: Account, zone: str) -> set[tuple[str, str]]:
    listed = account.calls.one("route53", "ListResourceRecordSets", {"HostedZoneId": zone})["ResourceRecordSets"]
    return {(one["Name"].rstrip("."), one["Type"]) for one in listed if one["Type"] not in ("NS", "SOA")}


@pytest.mark.parametrize("known", [True, False])
def test_what_a_cluster_wrote_goes_and_nothing_else(known: bool, account: Account) -> None:
    zone = _zone(account, "acme.example", [*_MINE, *_OTHERS])
    names, zones = WrittenNames(account.calls), (zone,) if known else None
    assert len(names.left("ml", zones)) == len(_MINE)
    names.remove("ml", zones, Journal())
    assert _names(account, zone) == {(one["Name"], one["Type"]) for one in _OTHERS}
    assert names.left("ml", zones) == ()
    names.remove("ml", zones, Journal())  # once more is no error


def test_a_zone_that_is_gone_or_was_not_named_is_left_alone(account: Account) -> None:
    zone = _zone(account, "acme.example", _MINE)
    names = WrittenNames(account.calls)
    names.remove("ml", (), Journal())
    names.remove("ml", ("Z0NOSUCHZONE",), Journal())
    assert len(_names(account, zone)) == len(_MINE)


@pytest.mark.parametrize(("marked", "kind"), [("a-x.y", "A"), ("cname-x.y", "A"), ("cname-x.y", "CNAME")])
def test_an_alias_is_known_however_its_text_calls_it(marked: str, kind: str) -> None:
    records = [_text(marked, "ml"), _address("x.y", kind)]
    assert list(owned_by("ml", records)) == records


def test_a_record_that_somebody_routes_by_weight_is_not_taken_for_one_of_a_controller() -> None:
    weighted = {**_address("x.y"), "SetIdentifier": "blue", "Weight": 1}
    assert list(owned_by("ml", [_text("a-x.y", "ml"), weighted])) == [_text("a-x.y", "ml")]
