"""moto's EC2 backend without the twelve hundred images for ECS that it makes for every account.

They take two thirds of the time of a reset, and nothing here is about ECS. The images that remain are those that moto
knows by itself, and Amazon's own of the region.
"""

from __future__ import annotations

from typing import Any

from moto.core.parse import default_timestamp_parser
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import AMIS, Ami
from moto.utilities.utils import load_resource


class LeanEC2Backend(EC2Backend):
    """In place of moto's, within one account."""

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
