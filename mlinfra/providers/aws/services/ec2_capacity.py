"""Where machines stand and what is set aside for them: placement groups and capacity reservations.

Calls and fields: EC2 API reference, 2016-11-15. Names and replacement: Pulumi's AWS schema 7.51, without Outposts.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, boolean, integer, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Tagging, Update, Waiting
from mlinfra.providers.aws.forms import ZONE
from mlinfra.providers.aws.listing import is_gone
from mlinfra.providers.aws.services.canonical import moment
from mlinfra.providers.aws.services.together import only_with
from mlinfra.providers.aws.tags import ec2_tags
from mlinfra.providers.aws.template import ID, NAMELESS_KEYS, TAGS, call, prop
from mlinfra.providers.aws.work import Work

PLACEMENT_GROUP = "aws:ec2/placementGroup:PlacementGroup"
CAPACITY_RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"

_PLACEMENT_GROUP = AwsType(
    about=ResourceType(
        token=PLACEMENT_GROUP,
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "strategy": text(required=True, replace=Replace.CREATE_FIRST, enum=["cluster", "partition", "spread"]),
                "partitionCount": integer(replace=Replace.CREATE_FIRST, minimum=1, maximum=7),
                "spreadLevel": text(replace=Replace.CREATE_FIRST, enum=["host", "rack"]),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=255),
    ),
    service="ec2",
    id="{name}",
    names={"name": "GroupName"},
    create=call("CreatePlacementGroup", "name", "strategy", "partitionCount", "spreadLevel"),
    reading=Reading(
        listing=call("DescribePlacementGroups"),
        items="PlacementGroups",
        one=call("DescribePlacementGroups", GroupNames=[ID]),
        outputs={"arn": "GroupArn", "placementGroupId": "GroupId"},
        absent={"State": ("deleted",)},
    ),
    # Tags go by the id that AWS gives, everything else by name.
    tagging=Tagging(
        form="list",
        creation=ec2_tags("placement-group").creation,
        add=call("CreateTags", Resources=[prop("placementGroupId")], Tags=TAGS),
        remove=call("DeleteTags", Resources=[prop("placementGroupId")], Tags=NAMELESS_KEYS),
    ),
    waiting=Waiting(state="State", ready=("available",), every=1.0, limit=300.0),
    delete=call("DeletePlacementGroup", "name"),
    conflicts=r"PlacementGroup\.InUse",
    # EC2 API reference, CreatePlacementGroup (November 2026).
    against=only_with("strategy", {"partitionCount": "partition", "spreadLevel": "spread"}),
)

# Until when and how many may change; what is set aside where may not. The old one is given back first: together they
# might be more than there is.
_END = ("instanceCount", "endDate", "endDateType", "instanceMatchCriteria")


def _why_not(item: Item) -> str:
    return f"{item.get('TotalInstanceCount')} of {item.get('InstanceType')} are not to be had"


def _cancel(work: Work) -> None:
    """One that has ended already shows for a while, and cannot be cancelled."""
    item = work.describe()
    if item is not None and not is_gone(work.kind, item):
        work.call("CancelCapacityReservation", CapacityReservationId=work.id)


_CAPACITY_RESERVATION = AwsType(
    about=ResourceType(
        token=CAPACITY_RESERVATION,
        inputs=block(
            {
                "instanceType": text(required=True, replace=Replace.DELETE_FIRST),
                "instancePlatform": text(required=True, replace=Replace.DELETE_FIRST),
                "availabilityZone": text(rules=ZONE, required=True, replace=Replace.DELETE_FIRST),
                "instanceCount": integer(maximum=1000, required=True, minimum=1),
                "ebsOptimized": boolean(replace=Replace.DELETE_FIRST, default=False),
                "ephemeralStorage": boolean(replace=Replace.DELETE_FIRST, default=False),
                "tenancy": text(replace=Replace.DELETE_FIRST, default="default"),
                "placementGroupArn": text(replace=Replace.DELETE_FIRST, refers=PLACEMENT_GROUP),
                "instanceMatchCriteria": text(default="open", enum=["open", "targeted"]),
                "endDateType": text(default="unlimited", enum=["unlimited", "limited"]),
                "endDate": text(default=None, canonical=moment, format="date-time"),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="ec2",
    shapes={"endDate": Shape(outward=moment, inward=moment)},
    id="CapacityReservationId",
    made="CapacityReservation.CapacityReservationId",
    create=call(
        "CreateCapacityReservation",
        "instanceType",
        "instancePlatform",
        "availabilityZone",
        "instanceCount",
        "ebsOptimized",
        "ephemeralStorage",
        "tenancy",
        "placementGroupArn",
        "instanceMatchCriteria",
        "endDateType",
        "endDate",
    ),
    reading=Reading(
        listing=call("DescribeCapacityReservations"),
        items="CapacityReservations",
        one=call("DescribeCapacityReservations", CapacityReservationIds=[ID]),
        outputs={"instanceCount": "TotalInstanceCount", "arn": "CapacityReservationArn", "ownerId": "OwnerId"},
        absent={"State": ("cancelled", "expired")},
    ),
    tagging=ec2_tags("capacity-reservation"),
    updates=(Update(_END, (call("ModifyCapacityReservation", *_END, CapacityReservationId=ID),)),),
    waiting=Waiting(
        state="State", ready=("active",), failed=("failed", "unsupported"), why=_why_not, every=5.0, limit=600.0
    ),
    delete=_cancel,
)

TYPES = (_PLACEMENT_GROUP, _CAPACITY_RESERVATION)
