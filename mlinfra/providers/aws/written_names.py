"""Names that a cluster's controller wrote into hosted zones, and that outlived it.

external-dns writes beside each record a text that says whose it is: `heritage=external-dns,external-dns/owner=CLUSTER`,
at the record's name with its type before it (`a-web.acme.example`; kubernetes-sigs/external-dns v0.21, registry/mapper,
November 2026). Called through the session's teardown, once the cluster is gone, so that nobody writes them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.core.errors import NotFound
from mlinfra.providers.aws.sweep import Says

_PREFIX = "/hostedzone/"
_AT_ONCE = 100  # records in one change; AWS takes a thousand
_PARTS = ("Name", "Type", "TTL", "ResourceRecords", "AliasTarget")
# An alias is a record of type A; earlier releases marked it as the CNAME that was asked for.
_MEANT = {"cname": ("CNAME", "A", "AAAA")}

Record = Mapping[str, Any]


class Written(msgspec.Struct, frozen=True):
    """One record, and the zone that it is in."""

    zone: str
    record: Record

    def __str__(self) -> str:
        return f"record {self.record['Type']} {_plain(self.record['Name'])}"


class WrittenNames:
    """Those of one account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def left(self, cluster: str, zones: Iterable[str] | None) -> tuple[Written, ...]:
        """What is in those zones, or in all where nobody knows which. Only looks; zones that are gone hold nothing."""
        looked_at = self._zones() if zones is None else zones
        return tuple(Written(zone, one) for zone in looked_at for one in owned_by(cluster, list(self._records(zone))))

    def remove(self, cluster: str, zones: Iterable[str] | None, operation: Says) -> None:
        """Take it out. Raises `ProviderError` where that is not allowed."""
        by_zone: dict[str, list[Written]] = {}
        for found in self.left(cluster, zones):
            by_zone.setdefault(found.zone, []).append(found)
        for zone, written in by_zone.items():
            for one in written:
                operation.say(f"removes {one}, which the cluster wrote")
            for start in range(0, len(written), _AT_ONCE):
                operation.check()
                operation.fence()
                self._take_out(zone, written[start : start + _AT_ONCE])

    def _take_out(self, zone: str, written: list[Written]) -> None:
        changes = [
            {
                "Action": "DELETE",
                "ResourceRecordSet": {part: one.record[part] for part in _PARTS if part in one.record},
            }
            for one in written
        ]
        params = {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}}
        self._calls.one("route53", "ChangeResourceRecordSets", params)

    def _zones(self) -> list[str]:
        pages = self._calls.pages("route53", "ListHostedZones", {})
        return [str(one["Id"]).removeprefix(_PREFIX) for page in pages for one in page["HostedZones"]]

    def _records(self, zone: str) -> Iterator[Record]:
        """All of a zone, page by page; the next page is named by three parts."""
        params: dict[str, Any] = {"HostedZoneId": zone}
        while True:
            try:
                page = self._calls.one("route53", "ListResourceRecordSets", params)
            except NotFound:
                return
            yield from page["ResourceRecordSets"]
            if not page.get("IsTruncated"):
                return
            names = {f"StartRecord{part}": page.get(f"NextRecord{part}") for part in ("Name", "Type", "Identifier")}
            params = {"HostedZoneId": zone, **{name: value for name, value in names.items() if value}}


def owned_by(cluster: str, records: Sequence[Record]) -> Iterator[Record]:
    """The records of a zone that are that cluster's, and the texts that say so."""
    mark = re.compile(rf"heritage=external-dns,(.*,)?external-dns/owner={re.escape(cluster)}(,|\"|$)")
    ours: set[tuple[str, str]] = set()
    for one in records:
        if one["Type"] == "TXT" and any(mark.search(said["Value"]) for said in one.get("ResourceRecords") or ()):
            yield one
            kind, _, name = _plain(one["Name"]).partition("-")
            ours.update((name, meant) for meant in _MEANT.get(kind, (kind.upper(),)))
    yield from (one for one in records if (_plain(one["Name"]), one["Type"]) in ours and "SetIdentifier" not in one)


def _plain(name: str) -> str:
    """As people write it: without a dot at the end, and with an asterisk instead of its code."""
    return name.rstrip(".").lower().replace("\\052", "*")
