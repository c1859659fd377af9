"""Where machines stand and what is set aside for them: placement groups, capacity reservations, spot scores.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-spot-placement-score-works.html (2026).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.ec2.filters import matches
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import hexadecimal, page, specified_tags, tag_list
from mlinfra.sandbox.aws.quotas import running

_STRATEGIES = ("cluster", "spread", "partition")


@dataclass
class Placement:
    """What is kept in one region."""

    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    reservations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def contents(self) -> list[tuple[str, str]]:
        """For the inventory."""
        held = [("ec2:placement-group", name) for name in self.groups]
        return held + [
            ("ec2:capacity-reservation", key) for key, r in self.reservations.items() if r["State"] == "active"
        ]


class PlacementGroups(Extension):
    """CreatePlacementGroup, DescribePlacementGroups, DeletePlacementGroup."""

    service = "ec2"

    def create_placement_group(self, call: Call, proceed: Proceed) -> Answer:
        """Make a group; a second one of its name is refused."""
        groups, name = self.account.store(Placement, call.region).groups, call["GroupName"]
        strategy = call.get("Strategy") or ("partition" if call.get("PartitionCount") else "cluster")
        if name in groups:
            raise AwsError("InvalidPlacementGroup.Duplicate", f"The placement group '{name}' already exists.")
        if strategy not in _STRATEGIES:
            raise AwsError("InvalidParameterValue", f"Value ({strategy}) for parameter strategy is invalid.")
        key = f"pg-{hexadecimal()}"
        group = {
            "GroupName": name,
            "GroupId": key,
            "GroupArn": self.account.arn("ec2", f"placement-group/{name}", region=call.region),
            "State": "pending",
            "Strategy": strategy,
            **({"PartitionCount": call.get("PartitionCount", 2)} if strategy == "partition" else {}),
            **({"SpreadLevel": call.get("SpreadLevel", "rack")} if strategy == "spread" else {}),
        }
        groups[name] = group
        if tags := specified_tags(call.params, "placement-group"):
            self.account.ec2(call.region).tags[key].update(tags)
        made = {**group, "Tags": tag_list(tags)}
        self.account.timeline.after(self.account.pace.network, lambda: group.update(State="available"))
        return {"PlacementGroup": made}

    def describe_placement_groups(self, call: Call, proceed: Proceed) -> Answer:
        """The groups, with their present tags."""
        groups = self.account.store(Placement, call.region).groups
        names, ids = call.get("GroupNames", []), call.get("GroupIds", [])
        if missing := [name for name in names if name not in groups]:
            raise AwsError("InvalidPlacementGroup.Unknown", f"The Placement Group '{missing[0]}' is unknown.")
        shown = [_tagged(self.account, call.region, group, group["GroupId"]) for group in groups.values()]
        return {
            "PlacementGroups": [
                group
                for group in shown
                if (not names or group["GroupName"] in names)
                and (not ids or group["GroupId"] in ids)
                and matches(group, call.get("Filters", []), {"group-name": "GroupName", "strategy": "Strategy"})
            ]
        }

    def delete_placement_group(self, call: Call, proceed: Proceed) -> Answer:
        """Refused while an instance is in it."""
        groups, name = self.account.store(Placement, call.region).groups, call["GroupName"]
        if name not in groups:
            raise AwsError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
        if _is_used(self.account, call.region, name):
            raise AwsError(
                "InvalidPlacementGroup.InUse", f"The placement group '{name}' is in use and may not be deleted."
            )
        self.account.ec2(call.region).tags.pop(groups[name]["GroupId"], None)
        del groups[name]
        return {}


class CapacityReservations(Extension):
    """CreateCapacityReservation and its neighbours, and GetSpotPlacementScores."""

    service = "ec2"

    def create_capacity_reservation(self, call: Call, proceed: Proceed) -> Answer:
        """Set machines aside in a zone."""
        from moto.ec2.models.instance_types import INSTANCE_TYPES

        if call["InstanceType"] not in INSTANCE_TYPES:
            raise AwsError("InvalidParameterValue", f"Invalid value '{call['InstanceType']}' for InstanceType.")
        zones = [zone.name for zone in self.account.ec2(call.region).describe_availability_zones()]
        zone = call.get("AvailabilityZone")
        if zone not in zones:
            raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
        count = int(call["InstanceCount"])
        key = f"cr-{hexadecimal()}"
        reservation = {
            "CapacityReservationId": key,
            "OwnerId": self.account.id,
            "CapacityReservationArn": self.account.arn("ec2", f"capacity-reservation/{key}", region=call.region),
            "InstanceType": call["InstanceType"],
            "InstancePlatform": call["InstancePlatform"],
            "AvailabilityZone": zone,
            "Tenancy": call.get("Tenancy", "default"),
            "TotalInstanceCount": count,
            "AvailableInstanceCount": count,
            "EbsOptimized": bool(call.get("EbsOptimized")),
            "EphemeralStorage": bool(call.get("EphemeralStorage")),
            "State": "active",
            "StartDate": self.account.now(),
            "CreateDate": self.account.now(),
            "EndDateType": call.get("EndDateType", "unlimited"),
            "InstanceMatchCriteria": call.get("InstanceMatchCriteria", "open"),
            **({"EndDate": call.get("EndDate")} if call.get("EndDate") else {}),
            **({"PlacementGroupArn": call.get("PlacementGroupArn")} if call.get("PlacementGroupArn") else {}),
        }
        self.account.store(Placement, call.region).reservations[key] = reservation
        tags = specified_tags(call.params, "capacity-reservation")
        self.account.ec2(call.region).tags[key].update(tags)
        return {"CapacityReservation": _tagged(self.account, call.region, reservation, key)}

    def describe_capacity_reservations(self, call: Call, proceed: Proceed) -> Answer:
        """The reservations, cancelled ones for a while."""
        kept = self.account.store(Placement, call.region).reservations
        ids = call.get("CapacityReservationIds", [])
        for key in ids:
            self._find(call, key)
        names = {"state": "State", "instance-type": "InstanceType", "availability-zone": "AvailabilityZone"}
        filled = dict(_filled(self.account, call.region, kept))
        shown = [_tagged(self.account, call.region, filled[key], key) for key in kept if not ids or key in ids]
        found, token = page(
            [r for r in shown if matches(r, call.get("Filters", []), names)],
            call.get("MaxResults"),
            call.get("NextToken"),
        )
        return {"CapacityReservations": found, "NextToken": token}

    def modify_capacity_reservation(self, call: Call, proceed: Proceed) -> Answer:
        """Change how many, and until when."""
        reservation = self._find(call, call["CapacityReservationId"])
        if (count := call.get("InstanceCount")) is not None:
            used = reservation["TotalInstanceCount"] - reservation["AvailableInstanceCount"]
            reservation |= {"TotalInstanceCount": int(count), "AvailableInstanceCount": int(count) - used}
        for name in ("EndDateType", "EndDate", "InstanceMatchCriteria"):
            if call.get(name) is not None:
                reservation[name] = call.get(name)
        return {"Return": True}

    def cancel_capacity_reservation(self, call: Call, proceed: Proceed) -> Answer:
        """Give the machines back."""
        reservation = self._find(call, call["CapacityReservationId"])
        if reservation["State"] != "active":
            message = f"The capacity reservation is in state {reservation['State']}"
            raise AwsError("InvalidCapacityReservationState", message)
        reservation |= {"State": "cancelled", "AvailableInstanceCount": 0}
        return {"Return": True}

    def get_spot_placement_scores(self, call: Call, proceed: Proceed) -> Answer:
        """How likely a request is to be filled, 1 to 10: the more types it takes, and the fewer, the likelier."""
        types = call.get("InstanceTypes", [])
        regions = call.get("RegionNames") or [call.region]
        score = max(1, min(9, 3 + len(types) - int(call["TargetCapacity"]) // 20))
        scores: list[dict[str, Any]] = []
        for region in regions:
            if call.get("SingleAvailabilityZone"):
                zones = self.account.ec2(region).describe_availability_zones()
                scores += [{"Region": region, "AvailabilityZoneId": zone.zone_id, "Score": score} for zone in zones]
            else:
                scores.append({"Region": region, "Score": score})
        return {"SpotPlacementScores": scores}

    def _find(self, call: Call, key: str) -> dict[str, Any]:
        kept = self.account.store(Placement, call.region).reservations
        if key not in kept:
            message = f"The capacity reservation ID '{key}' does not exist"
            raise AwsError("InvalidCapacityReservationId.NotFound", message)
        return kept[key]


def _filled(account: Account, region: str, kept: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Open ones without what runs in them: machines on demand of their type and zone, each in the first with room."""
    machines = Counter(
        (one.instance_type, one.placement.zone) for one in running(account, region) if one.lifecycle != "spot"
    )
    for key, held in kept.items():
        kind, used = (held["InstanceType"], held["AvailabilityZone"]), 0
        if held["State"] == "active" and held["InstanceMatchCriteria"] == "open":
            used = min(machines[kind], held["AvailableInstanceCount"])
            machines[kind] -= used
        yield key, {**held, "AvailableInstanceCount": held["AvailableInstanceCount"] - used}


def _tagged(account: Account, region: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    return {**body, "Tags": tag_list(account.ec2(region).tags.get(key, {}))}


def _is_used(account: Account, region: str, name: str) -> bool:
    groups = account.backend("autoscaling", region).autoscaling_groups.values()
    return any(group.placement_group == name and group.instance_states for group in groups)
