"""Facts read from AWS: zones, cluster versions, add-ons, machine types, images for nodes, where reservations are.

The session calls it at first use and on `--refresh-facts`, and pins what it answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from mlinfra.aws.calls import Calls
from mlinfra.aws.identity import Identity
from mlinfra.core.errors import AccessDenied
from mlinfra.core.facts import Facts, InstanceType, Wants

_TYPES_AT_ONCE = 100  # DescribeInstanceTypes takes no more names
_PARAMETERS_AT_ONCE = 10  # nor does GetParameters
# EKS user guide, "Retrieve recommended Amazon Linux AMI IDs" (November 2026).
_IMAGE = "/aws/service/eks/optimized-ami/{0}/amazon-linux-2023/{1}/{2}/recommended/image_id"

_NOTHING = Wants()


def read_facts(calls: Calls, identity: Identity, wants: Wants = _NOTHING) -> Facts:
    """The facts of the region of `calls`; of machine types and images, those wanted. Raises `ProviderError`."""
    caller = identity.caller()
    names = sorted(wants.instance_types | wants.images)
    facts = Facts(
        account=caller.account,
        region=calls.region,
        partition=caller.partition,
        zones=_zones(calls),
        cluster_versions=_cluster_versions(calls),
        instance_types=_instance_types(calls, names) if names else {},
        reservations=_reservations(calls, wants.reservations) if wants.reservations else {},
    )
    images, addons = _images(calls, wants.image_keys(facts)), _addons(calls, wants.addon_keys(facts))
    return msgspec.structs.replace(facts, images=images, addons=addons)


def _zones(calls: Calls) -> tuple[str, ...]:
    answer = calls.one("ec2", "DescribeAvailabilityZones", {"AllAvailabilityZones": False})
    return tuple(
        sorted(
            zone["ZoneName"]
            for zone in answer["AvailabilityZones"]
            if zone.get("ZoneType", "availability-zone") == "availability-zone" and zone.get("State") == "available"
        )
    )


def _cluster_versions(calls: Calls) -> tuple[str, ...]:
    pages = calls.pages("eks", "DescribeClusterVersions")
    found = {version["clusterVersion"] for page in pages for version in page["clusterVersions"]}
    return tuple(sorted(found, key=lambda version: [int(part) for part in version.split(".")]))


def _instance_types(calls: Calls, names: list[str]) -> dict[str, InstanceType]:
    # Asked by filter and not by name: one misspelt name must not hide the others. Whoever wants it says that it lacks.
    found = {
        about["InstanceType"]: _instance_type(about)
        for some in _batches(names)
        for page in calls.pages(
            "ec2", "DescribeInstanceTypes", {"Filters": [{"Name": "instance-type", "Values": some}]}
        )
        for about in page["InstanceTypes"]
    }
    return dict(sorted(found.items()))


def _instance_type(about: dict[str, Any]) -> InstanceType:
    gpus = about.get("GpuInfo", {}).get("Gpus", [])
    architectures = about.get("ProcessorInfo", {}).get("SupportedArchitectures", ["x86_64"])
    return InstanceType(
        name=about["InstanceType"],
        vcpus=about["VCpuInfo"]["DefaultVCpus"],
        memory_mib=about["MemoryInfo"]["SizeInMiB"],
        architecture=next((name for name in architectures if name in ("x86_64", "arm64")), architectures[0]),
        gpus=sum(gpu.get("Count", 0) for gpu in gpus),
        gpu_name=gpus[0].get("Name", "") if gpus else "",
        gpu_memory_mib=gpus[0].get("MemoryInfo", {}).get("SizeInMiB", 0) if gpus else 0,
        neuron_devices=sum(device.get("Count", 0) for device in about.get("NeuronInfo", {}).get("NeuronDevices", [])),
        efa_interfaces=about.get("NetworkInfo", {}).get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
    )


def _images(calls: Calls, keys: Iterable[str]) -> dict[str, str]:
    """The recommended images, as public parameters name them; what EKS has no image for is left out."""
    names = {_IMAGE.format(*key.split("/")): key for key in sorted(keys)}
    return {
        names[parameter["Name"]]: parameter["Value"]
        for some in _batches(names, _PARAMETERS_AT_ONCE)
        for parameter in calls.one("ssm", "GetParameters", {"Names": some})["Parameters"]
    }


def _addons(calls: Calls, keys: Iterable[str]) -> dict[str, str]:
    """The default version of each, or the first where none is called so; of a chosen one the nearest that is offered.

    What EKS does not offer is left out.
    """
    found = {key: _addon(calls, *key.split("/")) for key in sorted(keys)}
    return {key: version for key, version in found.items() if version}


def _addon(calls: Calls, kubernetes: str, name: str, chosen: str = "") -> str:
    asked = {"kubernetesVersion": kubernetes, "addonName": name}
    pages = calls.pages("eks", "DescribeAddonVersions", asked)
    offered = [one for page in pages for addon in page["addons"] for one in addon["addonVersions"]]
    if chosen:
        return _nearest(chosen, [str(one["addonVersion"]) for one in offered])
    default = (one for one in offered if any(_is_default(about, kubernetes) for about in one["compatibilities"]))
    given = next(default, None) or next(iter(offered), {"addonVersion": ""})
    return str(given["addonVersion"])


def _nearest(chosen: str, offered: list[str]) -> str:
    """That version where it is offered, else the one before it, else the one after it; empty where there is none."""
    if chosen in offered:
        return chosen
    before = [version for version in offered if _numbers(version) < _numbers(chosen)]
    return max(before, key=_numbers) if before else min(offered, key=_numbers, default="")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)]


def _is_default(compatibility: dict[str, Any], kubernetes: str) -> bool:
    return bool(compatibility.get("defaultVersion")) and compatibility.get("clusterVersion") == kubernetes


def _reservations(calls: Calls, names: frozenset[str]) -> dict[str, str]:
    """The zone of each, looked for among all: one misspelt id must not hide the others."""
    try:
        return {
            found["CapacityReservationId"]: found["AvailabilityZone"]
            for page in calls.pages("ec2", "DescribeCapacityReservations")
            for found in page["CapacityReservations"]
            if found["CapacityReservationId"] in names
        }
    except AccessDenied as error:
        # To guess the zone would put machines where the reservation is not.
        hint = "a group that names the zones of its reservation (zones: [...]) needs no answer; or allow the call"
        raise AccessDenied(str(error), hint=hint) from error


def _batches(names: Iterable[str], size: int = _TYPES_AT_ONCE) -> Iterator[list[str]]:
    rest = iter(names)
    while some := list(islice(rest, size)):
        yield some
