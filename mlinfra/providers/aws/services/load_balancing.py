"""What the types of load balancing share: tags, which are read of twenty objects at a time, and attributes.

Calls and fields: Elastic Load Balancing API reference, 2015-12-01.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mlinfra.core.errors import NotFound
from mlinfra.providers.aws.aws_type import Item, Tagging
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.attribute_maps import AttributeMap
from mlinfra.providers.aws.tags import to_form
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call
from mlinfra.providers.aws.work import Work

SERVICE = "elbv2"
TAGGING = Tagging(
    form="list",
    creation={"Tags": TAGS},
    add=call("AddTags", ResourceArns=[ID], Tags=TAGS),
    remove=call("RemoveTags", ResourceArns=[ID], TagKeys=TAG_KEYS),
)
# What is listed of a whole account is asked by the tagging API whose it is; what hangs on our own balancers is not.
KNOWN_TAGGING = msgspec.structs.replace(TAGGING, arn="{id}")

_AT_ONCE = 20  # DescribeTags takes no more (November 2026)


def with_tags(reader: Reader, items: list[Item], arn: str) -> list[Item]:
    """The items, named by what they have at `arn`, with their tags at `Tags`; those without are gone meanwhile."""
    listed = {} if reader.thorough else reader.tags_by_arn()
    tags: dict[str, Any] = {item[arn]: to_form("list", listed[item[arn]]) for item in items if item[arn] in listed}
    names = [item[arn] for item in items if item[arn] not in tags]
    batches = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]
    tags.update(pair for batch in reader.each(lambda names: _tags(reader, names), batches) for pair in batch)
    return [{**item, "Tags": tags[item[arn]]} for item in items if item[arn] in tags]


def _tags(reader: Reader, names: list[str]) -> list[tuple[str, Any]]:
    try:
        answer = reader.one(SERVICE, "DescribeTags", {"ResourceArns": names}, names[0])
    except NotFound:  # one that is gone spoils the answer for all
        return [pair for name in names for pair in _tags(reader, [name])] if len(names) > 1 else []
    return [(found["ResourceArn"], found.get("Tags", [])) for found in answer["TagDescriptions"]]


def tags_of(reader: Reader, item: Item, arn: str) -> Item:
    """One item with its tags, where it has none yet."""
    return item if "Tags" in item else {**item, "Tags": dict(_tags(reader, [item[arn]])).get(item[arn], [])}


def with_attributes(reader: Reader, item: Item, kind: str, attributes: AttributeMap) -> Item:
    """One item with its attributes. kind: `LoadBalancer` or `TargetGroup`."""
    arn = item[f"{kind}Arn"]
    shown = reader.one(SERVICE, f"Describe{kind}Attributes", {f"{kind}Arn": arn}, arn)["Attributes"]
    return {**item, **attributes.shown({one["Key"]: one.get("Value", "") for one in shown})}


def set_attributes(work: Work, kind: str, attributes: AttributeMap) -> None:
    """Set those that changed, or, on a new object, those that differ from a new one's."""
    asked = [{"Key": key, "Value": value} for key, value in sorted(attributes.asked(work).items())]
    if asked:
        params: dict[str, Any] = {f"{kind}Arn": work.id, "Attributes": asked}
        work.call(f"Modify{kind}Attributes", **params)
