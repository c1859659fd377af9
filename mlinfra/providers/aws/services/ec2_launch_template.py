"""Launch templates: a change is a new version, and the old ones stay.

Calls and fields: EC2 API reference, 2016-11-15. Names and types: Pulumi's AWS schema 7.51, which spells some booleans
as text; what clusters never use of it (secondary interfaces, licences, enclaves) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlinfra.core.property import (
    Property,
    Replace,
    block,
    boolean,
    integer,
    list_of,
    map_of,
    number,
    set_of,
    text,
)
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.core.value import Path, Properties, is_known
from mlinfra.core.volume_limits import impossible
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Shape, Update
from mlinfra.providers.aws.forms import (
    ADDRESS,
    BASE64,
    IMAGE,
    PRICE,
    RESERVATION,
    SECURITY_GROUP_ID,
    SUBNET_ID,
    TEMPLATE_NAME,
    TIMESTAMP,
    ZONE,
)
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.ec2_security_groups import SECURITY_GROUP
from mlinfra.providers.aws.tags import ec2_tags, from_form, to_form
from mlinfra.providers.aws.template import ID, Call, Template, call, prop
from mlinfra.providers.aws.work import Work

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def _flag() -> Property:
    return text(enum=["true", "false"])


def _between(bound: Property) -> Property:
    return block({"min": bound, "max": bound})


_DISK = block(
    {
        "deviceName": text(),
        "noDevice": text(),
        "virtualName": text(),
        "ebs": block(
            {
                "deleteOnTermination": _flag(),
                "encrypted": _flag(),
                "iops": integer(minimum=1),
                "kmsKeyId": text(refers="aws:kms/key:Key"),
                "snapshotId": text(),
                "throughput": integer(minimum=1),
                "volumeSize": integer(minimum=1, maximum=65536),
                "volumeType": text(),
            }
        ),
    }
)
_INTERFACE = block(
    {
        "associatePublicIpAddress": _flag(),
        "deleteOnTermination": _flag(),
        "description": text(),
        "deviceIndex": integer(minimum=0),
        "interfaceType": text(enum=["interface", "efa", "efa-only"]),
        "networkCardIndex": integer(minimum=0),
        "networkInterfaceId": text(),
        "privateIpAddress": text(rules=ADDRESS),
        "securityGroups": set_of(text(rules=SECURITY_GROUP_ID, refers=SECURITY_GROUP)),
        "subnetId": text(rules=SUBNET_ID),
    }
)
_REQUIREMENTS = block(
    {
        "vcpuCount": block({"min": integer(required=True, minimum=0), "max": integer(minimum=0)}, required=True),
        "memoryMib": block({"min": integer(required=True, minimum=0), "max": integer(minimum=0)}, required=True),
        "acceleratorCount": _between(integer(minimum=0)),
        "acceleratorManufacturers": set_of(text()),
        "acceleratorNames": set_of(text()),
        "acceleratorTotalMemoryMib": _between(integer(minimum=0)),
        "acceleratorTypes": set_of(text()),
        "allowedInstanceTypes": set_of(text()),
        "bareMetal": text(),
        "burstablePerformance": text(),
        "cpuManufacturers": set_of(text()),
        "excludedInstanceTypes": set_of(text()),
        "instanceGenerations": set_of(text()),
        "localStorage": text(),
        "localStorageTypes": set_of(text()),
        "memoryGibPerVcpu": _between(number(minimum=0)),
        "networkInterfaceCount": _between(integer(minimum=0)),
        "spotMaxPricePercentageOverLowestPrice": integer(minimum=0),
        "onDemandMaxPricePercentageOverLowestPrice": integer(minimum=0),
        "totalLocalStorageGb": _between(number(minimum=0)),
    }
)
_MARKET = block(
    {
        "marketType": text(),
        "spotOptions": block(
            {
                "blockDurationMinutes": integer(minimum=60, maximum=360),
                "instanceInterruptionBehavior": text(),
                "maxPrice": text(rules=PRICE),
                "spotInstanceType": text(),
                "validUntil": text(rules=TIMESTAMP),
            }
        ),
    }
)
_PLACEMENT = block(
    {
        "affinity": text(),
        "availabilityZone": text(rules=ZONE),
        "groupName": text(),
        "groupId": text(pattern="^pg-[0-9a-f]+$"),
        "hostId": text(pattern="^h-[0-9a-f]+$"),
        "partitionNumber": integer(minimum=1, maximum=7),
        "tenancy": text(),
    }
)
_RESERVATION = block(
    {
        "capacityReservationPreference": text(),
        "capacityReservationTarget": block(
            {"capacityReservationId": text(rules=RESERVATION), "capacityReservationResourceGroupArn": text()}
        ),
    }
)
_METADATA = block(
    {
        "httpEndpoint": text(),
        "httpProtocolIpv6": text(),
        "httpPutResponseHopLimit": integer(minimum=1, maximum=64),
        "httpTokens": text(),
        "instanceMetadataTags": text(),
    }
)
# What a version holds. Taken out of the stack, each is simply not in the next version.
_DATA: dict[str, Property] = {
    "blockDeviceMappings": list_of(_DISK, default=None),
    "capacityReservationSpecification": _RESERVATION,
    "cpuOptions": block(
        {"coreCount": integer(minimum=1), "threadsPerCore": integer(minimum=1, maximum=2)}, default=None
    ),
    "creditSpecification": block({"cpuCredits": text(enum=["standard", "unlimited"])}, default=None),
    "disableApiTermination": boolean(default=None),
    "ebsOptimized": text(enum=["true", "false"], default=None),
    "iamInstanceProfile": block({"arn": text(), "name": text()}, default=None),
    "imageId": text(rules=IMAGE, default=None),
    "instanceInitiatedShutdownBehavior": text(default=None),
    "instanceMarketOptions": _MARKET,
    "instanceRequirements": _REQUIREMENTS,
    "instanceType": text(default=None),
    "keyName": text(default=None),
    "metadataOptions": _METADATA,
    "monitoring": block({"enabled": boolean()}, default=None),
    "networkInterfaces": list_of(_INTERFACE, default=None),
    "placement": _PLACEMENT,
    "tagSpecifications": list_of(block({"resourceType": text(), "tags": map_of(text())}), default=None),
    "userData": text(rules=BASE64, default=None, description="In base64."),
    "vpcSecurityGroupIds": set_of(text(rules=SECURITY_GROUP_ID, refers=SECURITY_GROUP), default=None),
}


def _to_flag(value: Any) -> Any:
    return value == "true" if isinstance(value, str) else value


def _from_flag(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


_FLAG = Shape(outward=_to_flag, inward=_from_flag)
_NAMES = {
    "name": "LaunchTemplateName",
    "vpcSecurityGroupIds": "SecurityGroupIds",
    "networkInterfaces[].securityGroups": "Groups",
    "instanceRequirements.vcpuCount": "VCpuCount",
    "instanceRequirements.memoryMib": "MemoryMiB",
    "instanceRequirements.acceleratorTotalMemoryMib": "AcceleratorTotalMemoryMiB",
    "instanceRequirements.memoryGibPerVcpu": "MemoryGiBPerVCpu",
    "instanceRequirements.totalLocalStorageGb": "TotalLocalStorageGB",
}


def _api(name: str) -> str:
    return _NAMES.get(name, name[0].upper() + name[1:])


# The tags of instances and volumes are the user's; ours would roll the nodes at every new generation.
_VERSION: dict[str, Template] = {_api(name): prop(name) for name in _DATA}


def _add_version(work: Work) -> None:
    """A new version; and, where asked for, the one that is used by default."""
    version = Call(
        operation="CreateLaunchTemplateVersion",
        params={"LaunchTemplateId": ID, "LaunchTemplateData": _VERSION, "VersionDescription": prop("description")},
    )
    number = work.perform(version)["LaunchTemplateVersion"]["VersionNumber"]
    if work.value("updateDefaultVersion"):
        work.call("ModifyLaunchTemplate", LaunchTemplateId=work.id, DefaultVersion=str(number))


def _with_latest(reader: Reader, item: Item) -> Item:
    """The content of the latest version; one listing has that of every template."""
    params = {"Versions": ["$Latest"], "MaxResults": 200}
    versions = reader.pages("ec2", "DescribeLaunchTemplateVersions", "LaunchTemplateVersions", params)
    latest = next((v for v in versions if v["LaunchTemplateId"] == item["LaunchTemplateId"]), None)
    if latest is None:  # made since the listing
        params = {"Versions": ["$Latest"], "LaunchTemplateId": item["LaunchTemplateId"]}
        latest = reader.one("ec2", "DescribeLaunchTemplateVersions", params)["LaunchTemplateVersions"][0]
    return {**latest["LaunchTemplateData"], "VersionDescription": latest.get("VersionDescription"), **item}


_ASKED = ("volumeType", "volumeSize", "iops", "throughput")


def _performance(properties: Properties) -> Iterator[tuple[Path, str]]:
    """What disks are asked for that their kind cannot have; where no kind is said, the image says it."""
    disks = properties.get("blockDeviceMappings")
    for index, disk in enumerate(disks if isinstance(disks, list) else []):
        ebs = disk.get("ebs") if isinstance(disk, dict) else None
        asked = {name: ebs.get(name) for name in _ASKED} if isinstance(ebs, dict) else {}
        if not is_known(asked) or not isinstance(kind := asked.get("volumeType"), str):
            continue
        _, size, iops, throughput = asked.values()
        for limit in impossible(kind, size, iops or 0, throughput or 0):
            said = f"is {asked[limit.field]}" if asked[limit.field] else "is missing"
            yield ("blockDeviceMappings", index, "ebs", limit.field), f"{said}: {limit.summary}"


_LAUNCH_TEMPLATE = AwsType(
    about=ResourceType(
        token=LAUNCH_TEMPLATE,
        inputs=block(
            {
                "name": text(rules=TEMPLATE_NAME, replace=Replace.CREATE_FIRST),
                "description": text(default=None),
                "updateDefaultVersion": boolean(write_only=True, default=False),
                **_DATA,
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=128),
        volatile={"latestVersion": (), "defaultVersion": ()},
    ),
    service="ec2",
    id="LaunchTemplateId",
    made="LaunchTemplate.LaunchTemplateId",
    names=_NAMES,
    shapes={
        "ebsOptimized": _FLAG,
        "blockDeviceMappings[].ebs.encrypted": _FLAG,
        "blockDeviceMappings[].ebs.deleteOnTermination": _FLAG,
        "networkInterfaces[].associatePublicIpAddress": _FLAG,
        "networkInterfaces[].deleteOnTermination": _FLAG,
        "tagSpecifications[].tags": Shape(
            outward=lambda tags: to_form("list", tags), inward=lambda tags: from_form("list", tags)
        ),
    },
    create=call("CreateLaunchTemplate", "name", LaunchTemplateData=_VERSION, VersionDescription=prop("description")),
    reading=Reading(
        listing=call("DescribeLaunchTemplates"),
        items="LaunchTemplates",
        one=call("DescribeLaunchTemplates", LaunchTemplateIds=[ID]),
        details=_with_latest,
        outputs={
            "description": "VersionDescription",
            "arn": "arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
            "latestVersion": "LatestVersionNumber",
            "defaultVersion": "DefaultVersionNumber",
        },
    ),
    tagging=ec2_tags("launch-template"),
    updates=(Update(("description", *_DATA), _add_version), Update(("updateDefaultVersion",), ())),
    delete=call("DeleteLaunchTemplate", LaunchTemplateId=ID),
    against=_performance,
)

TYPES = (_LAUNCH_TEMPLATE,)
