"""moto's EC2 backend without the twelve hundred images for ECS that it makes for every account, with launch templates
whose versions may be deleted, and with tags that are found by what they are on.

moto looks through all tags of the account for those of each object that it shows. The images take two thirds of the
time of a reset, and nothing here is about ECS. Those that remain are the ones that moto knows by itself, and Amazon's
own of the region. moto finds a version by its place, not by its number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from moto.core.parse import default_timestamp_parser
from moto.ec2.exceptions import InvalidLaunchTemplateNameAlreadyExistsError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import AMIS, Ami
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.utilities.utils import load_resource

_WILD = re.compile(r"[*?\[\\]")  # what makes a filter's value a pattern


class Template(LaunchTemplate):
    """A launch template that knows its versions by number. "You cannot replace the version number after you delete
    it": https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-launch-template-versions.html (2026)."""

    _given = 0

    def create_version(self, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
        """Make the next version."""
        self._given += 1
        version = LaunchTemplateVersion(self, self._given, data, description)
        self.versions.append(version)
        return version

    def get_version(self, num: Any) -> LaunchTemplateVersion:
        """A version by its number, `$Latest` or `$Default`."""
        wanted = {"$latest": self.latest_version_number, "$default": self.default_version_number}.get(
            str(num).lower(), num
        )
        found = next((version for version in self.versions if str(version.number) == str(wanted)), None)
        if found is None:
            raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)
        return found

    def default_version(self) -> LaunchTemplateVersion:
        """The default version."""
        return self.get_version(self.default_version_number)


class LeanEC2Backend(EC2Backend):
    """In place of moto's, within one account."""

    _disks: Mapping[tuple[str, Any], Mapping[str, Any]] = MappingProxyType({})  # of what is being run, by size and type

    def create_launch_template(
        self, name: str, description: str, template_data: dict[str, Any], tag_spec: dict[str, Any]
    ) -> LaunchTemplate:
        """Make a launch template."""
        if name in self.launch_template_name_to_ids:
            raise InvalidLaunchTemplateNameAlreadyExistsError()
        made = Template(self, name, template_data, description, tag_spec)  # type: ignore[abstract]  # as moto's
        self.launch_templates[made.id] = made
        self.launch_template_name_to_ids[name] = made.id
        self.launch_template_insert_order.append(made.id)
        return made

    def run_instances(self, *given: Any, **named: Any) -> Any:
        """Run instances. How fast their disks are said to be is kept for `create_volume`: moto drops it on the way."""
        asked = named.get("block_device_mappings")
        if asked is None and named.get("launch_template"):
            asked = self._get_template_from_args(named["launch_template"]).data.get("BlockDeviceMappings")
        disks = [device["Ebs"] for device in asked or () if "Ebs" in device]
        self._disks = {(str(disk.get("VolumeSize")), disk.get("VolumeType")): disk for disk in disks}
        try:
            return super().run_instances(*given, **named)
        finally:
            self._disks = {}

    def create_volume(self, size: int, zone_name: str, *given: Any, **about: Any) -> Volume:
        """Make a volume."""
        disk = self._disks.get((str(size), about.get("volume_type")), {})
        speed = {name.lower(): int(disk[name]) for name in ("Iops", "Throughput") if disk.get(name)}
        return super().create_volume(size, zone_name, *given, **{**speed, **about})

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """The tags that the filters describe."""
        ids = (filters or {}).get("resource-id", [])
        if filters is None or filters.keys() != {"resource-id"} or _WILD.search("".join(ids)):
            return super().describe_tags(filters)
        return [
            {
                "resource_id": one,
                "key": key,
                "value": value,
                "resource_type": EC2_PREFIX_TO_RESOURCE.get(get_prefix(one), ""),
            }
            for one in dict.fromkeys(ids)
            for key, value in list(self.tags.get(one, {}).items())
        ]

    def _load_amis(self) -> None:
        for about in [*AMIS, *_of_region(self.region_name)]:
            self.amis[about["ami_id"]] = Ami(self, **{**about, **_dated(about), "owner_alias": "amazon"})


def _of_region(region: str) -> list[dict[str, Any]]:
    try:
        images: list[dict[str, Any]] = load_resource(f"ec2/resources/latest_amis/{region}.json")
    except FileNotFoundError:  # a region that moto has no list for
        return []
    return images


def _dated(about: dict[str, Any]) -> dict[str, Any]:
    created = about.get("creation_date")
    return {"creation_date": default_timestamp_parser(created)} if isinstance(created, str) else {}
