"""Tags: the forms in which AWS's services take and show them, and the calls of each family.

Declarations name a family; the machinery turns plain dicts into the family's form and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlinfra.providers.aws.aws_type import Tagging
from mlinfra.providers.aws.template import ID, NAMELESS_KEYS, TAG_KEYS, TAGS, call, prop

_KEYS = {"list": ("Key", "Value"), "lower-list": ("key", "value"), "kms": ("TagKey", "TagValue")}


def to_form(form: str, tags: Mapping[str, str]) -> Any:
    """`tags` as the service takes them."""
    if form == "map":
        return dict(tags)
    key, value = _KEYS[form]
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def from_form(form: str, shown: Any) -> dict[str, str]:
    """What the service shows, as a dict."""
    if form == "map":
        return dict(shown or {})
    key, value = _KEYS[form]
    return {tag[key]: tag.get(value, "") for tag in shown or []}


def ec2_tags(resource_type: str) -> Tagging:
    """EC2's: tag specifications at creation, one pair of calls for every type, tags in every listing."""
    return Tagging(
        form="list",
        creation={"TagSpecifications": [{"ResourceType": resource_type, "Tags": TAGS}]},
        add=call("CreateTags", Resources=[ID], Tags=TAGS),
        remove=call("DeleteTags", Resources=[ID], Tags=NAMELESS_KEYS),
    )


def eks_tags(arn: str = "", *, held: str = "arn") -> Tagging:
    """EKS's: by the ARN that stands in the output `held`, and shown by the describe calls alone."""
    return Tagging(
        form="map",
        creation={"tags": TAGS},
        add=call("TagResource", resourceArn=prop(held), tags=TAGS),
        remove=call("UntagResource", resourceArn=prop(held), tagKeys=TAG_KEYS),
        path="tags",
        arn=arn,
    )
