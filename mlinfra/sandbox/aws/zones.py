"""Route 53: caller references, private zones, and changes that have to fit what is there.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html (a caller reference is good for one
zone; with a network, a zone is private) and API_ChangeResourceRecordSets.html (a record that is there cannot be made,
and one that is deleted has to be described as it is; 2026). moto compares with what was once asked for instead.
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class HostedZones(Extension):
    """CreateHostedZone, AssociateVPCWithHostedZone, ChangeResourceRecordSets."""

    service = "route53"

    def create_hosted_zone(self, call: Call, proceed: Proceed) -> Answer:
        """Make one, once."""
        zones = self._backend(call).zones
        if any(zone.caller_reference == call["CallerReference"] for zone in zones.values()):
            raise AwsError(
                "HostedZoneAlreadyExists",
                f"A hosted zone has already been created with the specified caller reference {call['CallerReference']}",
                status=409,
            )
        network = call.get("VPC") or {}
        self._check_network(network)
        before = set(zones)
        answer = proceed()
        (made,) = set(zones) - before
        if network and not zones[made].private_zone:
            zones[made].private_zone = True
            zones[made].add_vpc(network["VPCId"], network["VPCRegion"])
        return answer

    def associate_vpc_with_hosted_zone(self, call: Call, proceed: Proceed) -> Answer:
        """Only a network that exists."""
        self._check_network(call["VPC"])
        return proceed()

    def change_resource_record_sets(self, call: Call, proceed: Proceed) -> Answer:
        """All changes, or none."""
        zone = self._backend(call).get_hosted_zone(call["HostedZoneId"])
        there = {_identity(_as_shown(record)): _as_shown(record) for record in zone.rrsets}
        for change in call["ChangeBatch"]["Changes"]:
            _check(change["Action"], change["ResourceRecordSet"], there)
        zone.rr_changes.extend(
            {**change, "Action": "UPSERT", "ResourceRecordSet": _for_moto(change["ResourceRecordSet"])}
            for change in call["ChangeBatch"]["Changes"]
            if change["Action"] == "DELETE"
        )
        return proceed()

    def _backend(self, call: Call) -> Any:
        return self.account.backend("route53", call.region)

    def _check_network(self, network: dict[str, str]) -> None:
        if network and network["VPCId"] not in self.account.ec2(network["VPCRegion"]).vpcs:
            raise AwsError(
                "InvalidVPCId", f"The VPC: {network['VPCId']} that you provided is not authorized or missing"
            )


def _name(name: str) -> str:
    return name.rstrip(".").lower()


def _identity(record: dict[str, Any]) -> tuple[str, str, str]:
    return _name(record["Name"]), record["Type"], record.get("SetIdentifier") or ""


def _as_shown(record: Any) -> dict[str, Any]:
    """One of moto's in the form of a request."""
    values = [one if isinstance(one, str) else one["Value"] for one in record.records or []]
    return {
        "Name": record.name,
        "Type": record.type,
        "SetIdentifier": record.set_identifier,
        "TTL": record.ttl,
        "Values": values,
        "AliasTarget": record.alias_target,
    }


def _check(action: str, asked: dict[str, Any], there: dict[tuple[str, str, str], dict[str, Any]]) -> None:
    found = there.get(_identity(asked))
    name = f"[name='{_name(asked['Name'])}.', type='{asked['Type']}']"
    if action == "CREATE" and found is not None:
        raise AwsError(
            "InvalidChangeBatch", f"[Tried to create resource record set {name} but it already exists]", status=400
        )
    if action == "DELETE" and found is None:
        raise AwsError(
            "InvalidChangeBatch", f"[Tried to delete resource record set {name} but it was not found]", status=400
        )
    if action == "DELETE" and found is not None and not _fits(asked, found):
        raise AwsError(
            "InvalidChangeBatch",
            f"[Tried to delete resource record set {name} but the values provided do not match the current values]",
            status=400,
        )


def _fits(asked: dict[str, Any], found: dict[str, Any]) -> bool:
    values = sorted(one["Value"] for one in asked.get("ResourceRecords") or [])
    ttl, shown = asked.get("TTL"), found["TTL"]
    alias = (asked.get("AliasTarget") or {}).get("DNSName", "")
    target = (found["AliasTarget"] or {}).get("DNSName", "")
    same_time = (ttl is None and shown is None) or str(ttl) == str(shown)
    return values == sorted(found["Values"]) and same_time and _name(alias) == _name(target)


def _for_moto(record: dict[str, Any]) -> dict[str, Any]:
    """As moto's journal has what was asked for."""
    return {**record, "Name": _name(record["Name"])}
