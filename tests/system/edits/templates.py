"""Launch templates: whoever edits one by hand makes a new version of it."""

from __future__ import annotations

import copy
from typing import Any

from mlinfra.providers.aws.template import dig

from ..things import Thing
from .table import IMMUTABLE, Deletes, Edit, Edits, Exceptions, edit

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def _latest(thing: Thing) -> dict[str, Any]:
    answer = thing.client("ec2").describe_launch_template_versions(LaunchTemplateId=thing.id, Versions=["$Latest"])
    latest: dict[str, Any] = answer["LaunchTemplateVersions"][0]
    return latest


def version(path: str, value: Any) -> Edit:
    """A new version in which another value stands at `path` of the template's data."""
    above, _, name = path.rpartition(".")

    def make(thing: Thing) -> None:
        latest = _latest(thing)
        data = copy.deepcopy(latest["LaunchTemplateData"])
        (dig(data, above) if above else data)[name] = value
        thing.client("ec2").create_launch_template_version(
            LaunchTemplateId=thing.id,
            LaunchTemplateData=data,
            VersionDescription=latest.get("VersionDescription", ""),
        )

    return make


def _describe(thing: Thing) -> None:
    thing.client("ec2").create_launch_template_version(
        LaunchTemplateId=thing.id,
        LaunchTemplateData=_latest(thing)["LaunchTemplateData"],
        VersionDescription="by hand",
    )


_DISK, _EBS, _CARD = "BlockDeviceMappings[0]", "BlockDeviceMappings[0].Ebs", "NetworkInterfaces[0]"
_NEEDS = "InstanceRequirements"

EDITS: Edits = {
    TEMPLATE: {
        "description": _describe,
        "blockDeviceMappings[].deviceName": version(f"{_DISK}.DeviceName", "/dev/sda1"),
        "blockDeviceMappings[].noDevice": version("BlockDeviceMappings[3].NoDevice", "other"),
        "blockDeviceMappings[].virtualName": version("BlockDeviceMappings[2].VirtualName", "ephemeral9"),
        "blockDeviceMappings[].ebs.deleteOnTermination": version(f"{_EBS}.DeleteOnTermination", False),
        "blockDeviceMappings[].ebs.encrypted": version(f"{_EBS}.Encrypted", False),
        "blockDeviceMappings[].ebs.iops": version(f"{_EBS}.Iops", 9000),
        "blockDeviceMappings[].ebs.kmsKeyId": version(f"{_EBS}.KmsKeyId", "alias/aws/ebs"),
        "blockDeviceMappings[].ebs.snapshotId": version("BlockDeviceMappings[1].Ebs.SnapshotId", "snap-0edited"),
        "blockDeviceMappings[].ebs.throughput": version(f"{_EBS}.Throughput", 500),
        "blockDeviceMappings[].ebs.volumeSize": version(f"{_EBS}.VolumeSize", 900),
        "blockDeviceMappings[].ebs.volumeType": version(f"{_EBS}.VolumeType", "io2"),
        "capacityReservationSpecification.capacityReservationPreference": version(
            "CapacityReservationSpecification.CapacityReservationPreference", "none"
        ),
        "capacityReservationSpecification.capacityReservationTarget.capacityReservationId": version(
            "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId", "cr-0edited"
        ),
        "capacityReservationSpecification.capacityReservationTarget.capacityReservationResourceGroupArn": version(
            "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationResourceGroupArn",
            "arn:aws:resource-groups:us-east-1:123456789012:group/edited",
        ),
        "cpuOptions.coreCount": version("CpuOptions.CoreCount", 4),
        "cpuOptions.threadsPerCore": version("CpuOptions.ThreadsPerCore", 2),
        "creditSpecification.cpuCredits": version("CreditSpecification.CpuCredits", "unlimited"),
        "disableApiTermination": version("DisableApiTermination", False),
        "ebsOptimized": version("EbsOptimized", False),
        "iamInstanceProfile.arn": version(
            "IamInstanceProfile.Arn", "arn:aws:iam::123456789012:instance-profile/edited"
        ),
        "iamInstanceProfile.name": version("IamInstanceProfile.Name", "edited"),
        "imageId": version("ImageId", "ami-0edited"),
        "instanceInitiatedShutdownBehavior": version("InstanceInitiatedShutdownBehavior", "stop"),
        "instanceMarketOptions.marketType": version("InstanceMarketOptions.MarketType", "capacity-block"),
        "instanceMarketOptions.spotOptions.blockDurationMinutes": version(
            "InstanceMarketOptions.SpotOptions.BlockDurationMinutes", 120
        ),
        "instanceMarketOptions.spotOptions.instanceInterruptionBehavior": version(
            "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior", "hibernate"
        ),
        "instanceMarketOptions.spotOptions.maxPrice": version("InstanceMarketOptions.SpotOptions.MaxPrice", "9.99"),
        "instanceMarketOptions.spotOptions.spotInstanceType": version(
            "InstanceMarketOptions.SpotOptions.SpotInstanceType", "persistent"
        ),
        "instanceMarketOptions.spotOptions.validUntil": version(
            "InstanceMarketOptions.SpotOptions.ValidUntil", "2031-01-01T00:00:00Z"
        ),
        "instanceRequirements.vcpuCount.min": version(f"{_NEEDS}.VCpuCount.Min", 1),
        "instanceRequirements.vcpuCount.max": version(f"{_NEEDS}.VCpuCount.Max", 96),
        "instanceRequirements.memoryMib.min": version(f"{_NEEDS}.MemoryMiB.Min", 1024),
        "instanceRequirements.memoryMib.max": version(f"{_NEEDS}.MemoryMiB.Max", 999424),
        "instanceRequirements.acceleratorCount.min": version(f"{_NEEDS}.AcceleratorCount.Min", 2),
        "instanceRequirements.acceleratorCount.max": version(f"{_NEEDS}.AcceleratorCount.Max", 9),
        "instanceRequirements.acceleratorManufacturers": version(f"{_NEEDS}.AcceleratorManufacturers", ["amd"]),
        "instanceRequirements.acceleratorNames": version(f"{_NEEDS}.AcceleratorNames", ["v100"]),
        "instanceRequirements.acceleratorTotalMemoryMib.min": version(f"{_NEEDS}.AcceleratorTotalMemoryMiB.Min", 1),
        "instanceRequirements.acceleratorTotalMemoryMib.max": version(f"{_NEEDS}.AcceleratorTotalMemoryMiB.Max", 99),
        "instanceRequirements.acceleratorTypes": version(f"{_NEEDS}.AcceleratorTypes", ["inference"]),
        "instanceRequirements.allowedInstanceTypes": version(f"{_NEEDS}.AllowedInstanceTypes", ["c5.*"]),
        "instanceRequirements.bareMetal": version(f"{_NEEDS}.BareMetal", "required"),
        "instanceRequirements.burstablePerformance": version(f"{_NEEDS}.BurstablePerformance", "required"),
        "instanceRequirements.cpuManufacturers": version(f"{_NEEDS}.CpuManufacturers", ["amazon-web-services"]),
        "instanceRequirements.excludedInstanceTypes": version(f"{_NEEDS}.ExcludedInstanceTypes", ["c5.*"]),
        "instanceRequirements.instanceGenerations": version(f"{_NEEDS}.InstanceGenerations", ["previous"]),
        "instanceRequirements.localStorage": version(f"{_NEEDS}.LocalStorage", "excluded"),
        "instanceRequirements.localStorageTypes": version(f"{_NEEDS}.LocalStorageTypes", ["hdd"]),
        "instanceRequirements.memoryGibPerVcpu.min": version(f"{_NEEDS}.MemoryGiBPerVCpu.Min", 0.5),
        "instanceRequirements.memoryGibPerVcpu.max": version(f"{_NEEDS}.MemoryGiBPerVCpu.Max", 99.5),
        "instanceRequirements.networkInterfaceCount.min": version(f"{_NEEDS}.NetworkInterfaceCount.Min", 2),
        "instanceRequirements.networkInterfaceCount.max": version(f"{_NEEDS}.NetworkInterfaceCount.Max", 15),
        "instanceRequirements.spotMaxPricePercentageOverLowestPrice": version(
            f"{_NEEDS}.SpotMaxPricePercentageOverLowestPrice", 999
        ),
        "instanceRequirements.onDemandMaxPricePercentageOverLowestPrice": version(
            f"{_NEEDS}.OnDemandMaxPricePercentageOverLowestPrice", 999
        ),
        "instanceRequirements.totalLocalStorageGb.min": version(f"{_NEEDS}.TotalLocalStorageGB.Min", 1.5),
        "instanceRequirements.totalLocalStorageGb.max": version(f"{_NEEDS}.TotalLocalStorageGB.Max", 9999.5),
        "instanceType": version("InstanceType", "m5.large"),
        "keyName": version("KeyName", "edited"),
        "metadataOptions.httpEndpoint": version("MetadataOptions.HttpEndpoint", "disabled"),
        "metadataOptions.httpProtocolIpv6": version("MetadataOptions.HttpProtocolIpv6", "enabled"),
        "metadataOptions.httpPutResponseHopLimit": version("MetadataOptions.HttpPutResponseHopLimit", 64),
        "metadataOptions.httpTokens": version("MetadataOptions.HttpTokens", "optional"),
        "metadataOptions.instanceMetadataTags": version("MetadataOptions.InstanceMetadataTags", "enabled"),
        "monitoring.enabled": version("Monitoring.Enabled", False),
        "networkInterfaces[].associatePublicIpAddress": version(f"{_CARD}.AssociatePublicIpAddress", True),
        "networkInterfaces[].deleteOnTermination": version(f"{_CARD}.DeleteOnTermination", False),
        "networkInterfaces[].description": version(f"{_CARD}.Description", "by hand"),
        "networkInterfaces[].deviceIndex": version(f"{_CARD}.DeviceIndex", 3),
        "networkInterfaces[].interfaceType": version(f"{_CARD}.InterfaceType", "efa"),
        "networkInterfaces[].networkCardIndex": version(f"{_CARD}.NetworkCardIndex", 2),
        "networkInterfaces[].networkInterfaceId": version("NetworkInterfaces[1].NetworkInterfaceId", "eni-0edited"),
        "networkInterfaces[].privateIpAddress": version(f"{_CARD}.PrivateIpAddress", "10.9.9.9"),
        "networkInterfaces[].securityGroups": version(f"{_CARD}.Groups", ["sg-0edited"]),
        "networkInterfaces[].subnetId": version(f"{_CARD}.SubnetId", "subnet-0edited"),
        "placement.affinity": version("Placement.Affinity", "default"),
        "placement.availabilityZone": version("Placement.AvailabilityZone", "us-east-1f"),
        "placement.groupName": version("Placement.GroupName", "edited"),
        "placement.groupId": version("Placement.GroupId", "pg-0edited"),
        "placement.hostId": version("Placement.HostId", "h-0edited"),
        "placement.partitionNumber": version("Placement.PartitionNumber", 7),
        "placement.tenancy": version("Placement.Tenancy", "default"),
        "tagSpecifications[].resourceType": version("TagSpecifications[0].ResourceType", "network-interface"),
        "tagSpecifications[].tags": version("TagSpecifications[0].Tags", [{"Key": "job", "Value": "edited"}]),
        "userData": version("UserData", "ZWRpdGVk"),
        "vpcSecurityGroupIds": version("SecurityGroupIds", ["sg-0edited"]),
        "tags": edit("ec2", "create_tags", Resources=lambda t: [t.id], Tags=[{"Key": "team", "Value": "edited"}]),
    },
}

EXCEPTIONS: Exceptions = {TEMPLATE: {"name": IMMUTABLE}}

DELETES: Deletes = {TEMPLATE: edit("ec2", "delete_launch_template", "LaunchTemplateId")}
