"""Hosted zones and records.

Calls and fields: Route 53 API reference, 2013-04-01. Names and replacement: Pulumi's AWS schema 7.51, without
delegation sets, accelerated recovery and routing policies. Names of zones are not unique: a zone of ours that was not
tagged yet is told by its caller reference, which names the stack, and another's zone of the same name is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.aws.calls import Answer
from mlinfra.core.property import Replace, block, boolean, integer, list_of, set_of, text
from mlinfra.core.provider import Target
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.core.value import Path, Properties
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Holding, Item, Reading, Shape, Tagging, Update
from mlinfra.providers.aws.listing import parents
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import ordered_by
from mlinfra.providers.aws.services.ec2_network import VPC
from mlinfra.providers.aws.tags import from_form, to_form
from mlinfra.providers.aws.template import Computed, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"

_PREFIX = "/hostedzone/"
_AT_ONCE = 10  # zones in one request for tags; a hundred records in one change are well below the limit
_APEX = ("NS", "SOA")  # records that come and go with their zone


def _plain_name(name: Any) -> Any:
    """As records are asked for: AWS shows a dot at the end, and writes an asterisk as its code."""
    return name.rstrip(".").lower().replace("\\052", "*") if isinstance(name, str) else name


def _reference(target: Target) -> str:
    return f"mlinfra/{target.owner.stack}/{target.token[:40]}"


def _bare(item: Item) -> Item:
    return {**item, "ZoneId": str(item["Id"]).removeprefix(_PREFIX), "Name": _plain_name(item["Name"])}


def _zones(reader: Reader, wanted: Wanted) -> list[Item]:
    """With tags: AWS tells those of ten zones at once."""
    listed = [_bare(item) for item in reader.pages("route53", "ListHostedZones", "HostedZones")]
    names = [item["ZoneId"] for item in listed]
    lots = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]
    tags = {
        name: shown for some in reader.each(lambda lot: _tags_of(reader, lot), lots) for name, shown in some.items()
    }
    return [{**item, "Tags": tags.get(item["ZoneId"], [])} for item in listed if _may_concern(item, tags, wanted)]


def _tags_of(reader: Reader, zones: list[str]) -> dict[str, list[dict[str, str]]]:
    answer = reader.one("route53", "ListTagsForResources", {"ResourceType": "hostedzone", "ResourceIds": zones})
    return {one["ResourceId"]: one.get("Tags", []) for one in answer["ResourceTagSets"]}


def _may_concern(item: Item, tags: dict[str, list[dict[str, str]]], wanted: Wanted) -> bool:
    ours = str(item.get("CallerReference", "")).startswith(f"mlinfra/{wanted.stack}/")
    shown = from_form("list", tags.get(item["ZoneId"], []))
    return ours or item["ZoneId"] in wanted.interest.ids or wanted.tagged(shown)


def _with_networks(reader: Reader, item: Item) -> Item:
    """Those of a private zone, and the name servers of a public one."""
    answer = reader.one("route53", "GetHostedZone", {"Id": item["ZoneId"]}, item["ZoneId"])
    return {**item, **_parts(answer)}


def _parts(answer: Answer) -> Item:
    return {"VPCs": answer.get("VPCs") or [], "NameServers": (answer.get("DelegationSet") or {}).get("NameServers", [])}


def _zone(work: Work) -> Item | None:
    answer = work.call("GetHostedZone", Id=work.id)
    tags = work.call("ListTagsForResource", ResourceType="hostedzone", ResourceId=work.id)
    return {**_bare(answer["HostedZone"]), **_parts(answer), "Tags": tags["ResourceTagSet"].get("Tags", [])}


def _tag_new(work: Work) -> None:
    """The creation takes no tags."""
    work.tags = {**work.properties.get("tags", {}), **work.target.owner.tags()}
    _add_tags(work)


def _add_tags(work: Work) -> None:
    tags = sorted(work.tags.items())
    for start in range(0, len(tags), _AT_ONCE):
        some = to_form("list", dict(tags[start : start + _AT_ONCE]))
        work.call("ChangeTagsForResource", ResourceType="hostedzone", ResourceId=work.id, AddTags=some)


def _remove_tags(work: Work) -> None:
    keys = sorted(work.tags)
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        work.call("ChangeTagsForResource", ResourceType="hostedzone", ResourceId=work.id, RemoveTagKeys=some)


def _first_network(work: Work) -> Any:
    """A zone that is made with a network is private; the others join it afterwards."""
    networks = work.value("vpcs") or []
    return _network(work, networks[0]) if networks else None


def _network(work: Work, one: dict[str, Any]) -> dict[str, Any]:
    return {"VPCId": one["vpcId"], "VPCRegion": one.get("vpcRegion") or work.site.region}


def _join_others(work: Work) -> None:
    """New ones first: the last network of a private zone cannot leave it."""
    shown = {one["VPCId"]: one for one in work.call("GetHostedZone", Id=work.id).get("VPCs") or []}
    desired = {one["vpcId"]: _network(work, one) for one in work.value("vpcs") or []}
    for name in sorted(desired.keys() - shown.keys()):
        work.call("AssociateVPCWithHostedZone", HostedZoneId=work.id, VPC=desired[name])
    for name in sorted(shown.keys() - desired.keys() if desired else ()):
        work.call("DisassociateVPCFromHostedZone", HostedZoneId=work.id, VPC=shown[name])


def _set_comment(work: Work) -> None:
    work.call("UpdateHostedZoneComment", Id=work.id, Comment=work.value("comment") or "")


def _delete_zone(work: Work) -> None:
    if work.value("forceDestroy"):
        _empty(work)
    work.call("DeleteHostedZone", Id=work.id)


def _empty(work: Work) -> None:
    """Every record but those that go with the zone."""
    apex = _plain_name(work.call("GetHostedZone", Id=work.id)["HostedZone"]["Name"])
    for record in _records_of(lambda params: work.call("ListResourceRecordSets", **params), work.id):
        if not (_plain_name(record["Name"]) == apex and record["Type"] in _APEX):
            work.pause(0.0, f"deleting {record['Name']} {record['Type']}")
            _change(work, "DELETE", work.id, record)


def _holders(work: Work) -> Iterator[str]:
    """The records that somebody wrote into it."""
    apex = _plain_name(work.call("GetHostedZone", Id=work.id)["HostedZone"]["Name"])
    for record in _records_of(lambda params: work.call("ListResourceRecordSets", **params), work.id):
        if not (_plain_name(record["Name"]) == apex and record["Type"] in _APEX):
            yield f"{record['Name']} {record['Type']} is in it"


def _change(work: Work, action: str, zone: str, record: Item) -> None:
    changes = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    work.call("ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=changes)


def _records_of(ask: Any, zone: str, **start: str) -> Iterator[Item]:
    """All records of a zone, page by page; the next page is named by three parts."""
    params: dict[str, Any] = {"HostedZoneId": zone, **start}
    while True:
        page = ask(params)
        yield from page["ResourceRecordSets"]
        if not page.get("IsTruncated"):
            return
        names = {f"StartRecord{part}": page.get(f"NextRecord{part}") for part in ("Name", "Type", "Identifier")}
        params = {"HostedZoneId": zone, **{name: value for name, value in names.items() if value}}


_ZONE = AwsType(
    about=ResourceType(
        token=ZONE,
        irreplaceable="its name servers, which others delegate to",
        inputs=block(
            {
                "name": text(
                    required=True,
                    replace=Replace.CREATE_FIRST,
                    canonical=_plain_name,
                    pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$",
                ),
                "comment": text(default=""),
                "vpcs": list_of(
                    block({"vpcId": text(required=True, refers=VPC), "vpcRegion": text()}),
                    canonical=ordered_by("vpcId"),
                    description="Of a private zone; a zone is private or public for life.",
                ),
                "forceDestroy": boolean(write_only=True, default=False, description="Delete it with its records."),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
    ),
    service="route53",
    id="ZoneId",
    made=lambda answer: str(answer["HostedZone"]["Id"]).removeprefix(_PREFIX),
    names={"vpcs": "VPCs", "vpcs[].vpcId": "VPCId", "vpcs[].vpcRegion": "VPCRegion"},
    create=call(
        "CreateHostedZone",
        "name",
        CallerReference=Computed(lambda work: _reference(work.target)),
        HostedZoneConfig={"Comment": prop("comment")},
        VPC=Computed(_first_network),
    ),
    reading=Reading(
        source=_zones,
        details=_with_networks,
        one=_zone,
        outputs={
            "comment": "Config.Comment",
            "arn": "arn:{partition}:route53:::hostedzone/{id}",
            "zoneId": "ZoneId",
            "callerReference": "CallerReference",
            "nameServers": "NameServers",
        },
        derived={"primaryNameServer": lambda item: next(iter(item.get("NameServers") or []), None)},
    ),
    tagging=Tagging(form="list", creation={}, add=_add_tags, remove=_remove_tags),
    updates=(
        Update(("comment",), _set_comment),
        Update(("vpcs",), _join_others),
        # Ours alone: it matters when the zone is deleted.
        Update(("forceDestroy",), ()),
    ),
    after=(_tag_new,),
    signed="callerReference",
    signature=_reference,
    delete=_delete_zone,
    held=Holding(
        by=_holders,
        hint="delete these records and run the same command again; or say forceDestroy: true of the zone, "
        "`mlinfra apply STACK --target {address}`, and they go with it",
    ),
    # A zone with records is not about to become empty.
    conflicts=r"PriorRequestNotComplete",
)


def _records(reader: Reader, wanted: Wanted) -> list[Item]:
    """All of our zones, but for what comes and goes with them; in zones of others, those that the stack names."""
    names = {
        one["ZoneId"]: one["Name"] for one in map(_bare, reader.pages("route53", "ListHostedZones", "HostedZones"))
    }
    ours = parents(_RECORD, reader, wanted)
    zones = sorted((ours | wanted.interest.names) & names.keys())

    def read(zone: str) -> list[Item]:
        listed = _records_of(lambda params: reader.one("route53", "ListResourceRecordSets", params, zone), zone)
        return [{**one, "HostedZoneId": zone, "Name": _plain_name(one["Name"])} for one in listed]

    def concerns(one: Item) -> bool:
        named = wanted.named(one["Name"], _RECORD.id.format(**_identity(one)))
        is_apex = one["Name"] == names[one["HostedZoneId"]] and one["Type"] in _APEX
        return named or (one["HostedZoneId"] in ours and not is_apex)

    found = [record for records in reader.each(read, zones) for record in records]
    return [one for one in found if "SetIdentifier" not in one and concerns(one)]


def _identity(item: Item) -> dict[str, str]:
    return {"zoneId": item["HostedZoneId"], "name": item["Name"], "type": item["Type"]}


def _record(work: Work) -> Item | None:
    zone, name, kind = (str(work.value(part)) for part in ("zoneId", "name", "type"))
    start = {"StartRecordName": name, "StartRecordType": kind}
    for one in _records_of(lambda params: work.call("ListResourceRecordSets", **params), zone, **start):
        if (_plain_name(one["Name"]), one["Type"]) == (_plain_name(name), kind) and "SetIdentifier" not in one:
            return {**one, "HostedZoneId": zone, "Name": _plain_name(one["Name"])}
        if _plain_name(one["Name"]) != _plain_name(name):
            break
    return None


def _delete_record(work: Work) -> None:
    """AWS wants to hear all that it has of what is to be deleted."""
    found = work.describe()
    if found is not None:
        parts = ("Name", "Type", "TTL", "ResourceRecords", "AliasTarget")
        _change(work, "DELETE", found["HostedZoneId"], {part: found[part] for part in parts if part in found})


def _alias(aliases: Any) -> Any:
    return aliases[0] if isinstance(aliases, list) and aliases else None


# What is not there is made, what is there is changed: whether it may be was decided when it was planned.
_PUT = call(
    "ChangeResourceRecordSets",
    HostedZoneId=prop("zoneId"),
    ChangeBatch={
        "Changes": [
            {
                "Action": "UPSERT",
                "ResourceRecordSet": {
                    "Name": prop("name"),
                    "Type": prop("type"),
                    "TTL": prop("ttl"),
                    "ResourceRecords": prop("records"),
                    "AliasTarget": prop("aliases"),
                },
            }
        ]
    },
)


def _against_record(properties: Properties) -> Iterator[tuple[Path, str]]:
    """Amazon Route 53 developer guide, "TXT record type" (November 2026): strings in double quotation marks."""
    if properties.get("type") in ("TXT", "SPF") and isinstance(properties.get("records"), list | tuple):
        for index, text in enumerate(properties["records"]):
            if isinstance(text, str) and not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
                yield ("records", index), "stands in no double quotation marks, which a text must"


_RECORD = AwsType(
    about=ResourceType(
        token=RECORD,
        inputs=block(
            {
                "zoneId": text(required=True, replace=Replace.DELETE_FIRST, refers=ZONE),
                "name": text(
                    required=True,
                    replace=Replace.DELETE_FIRST,
                    canonical=_plain_name,
                    pattern=r"^[a-z0-9_*-]+(\.[a-z0-9_/-]+)*$",
                    description="In full, in small letters, without a dot at the end.",
                ),
                "type": text(required=True, replace=Replace.DELETE_FIRST),
                "ttl": integer(maximum=2147483647, default=None, minimum=0),
                "records": set_of(text(), default=None),
                "aliases": list_of(
                    block(
                        {
                            "name": text(required=True, canonical=_plain_name),
                            "zoneId": text(required=True),
                            "evaluateTargetHealth": boolean(required=True),
                        }
                    ),
                    default=None,
                    maxItems=1,
                ),
            }
        ),
        key=("zoneId", "name", "type"),
        owned_by=OwnedBy.PARENT,
        parent="zoneId",
    ),
    service="route53",
    id="{zoneId}/{type}/{name}",
    names={
        "zoneId": "HostedZoneId",
        "ttl": "TTL",
        "records": "ResourceRecords",
        "aliases": "AliasTarget",
        "aliases[].name": "DNSName",
        "aliases[].zoneId": "HostedZoneId",
    },
    shapes={
        "records": Shape(
            outward=lambda values: [{"Value": value} for value in values],
            inward=lambda shown: [one["Value"] for one in shown],
        ),
        "aliases": Shape(outward=_alias, inward=lambda shown: [shown]),
    },
    create=_PUT,
    reading=Reading(source=_records, one=_record, outputs={"fqdn": "{name}"}),
    updates=(Update(("ttl", "records", "aliases"), (_PUT,)),),
    delete=_delete_record,
    against=_against_record,
)

TYPES = (_ZONE, _RECORD)
