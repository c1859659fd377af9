"""Parameters of Systems Manager.

`value` is secret and never read back; `insecureValue` is neither. Calls and fields: SSM API reference, 2014-11-06.
Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.forms import PARAMETER_NAME
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, either
from mlinfra.providers.aws.work import Work

PARAMETER = "aws:ssm/parameter:Parameter"


def _read_insecure(reader: Reader, item: Item) -> Item:
    """The value of what is not secret: GetParameter alone shows it."""
    if item["Type"] == "SecureString":
        return item
    found = reader.one("ssm", "GetParameter", {"Name": item["Name"]}, item["Name"])["Parameter"]
    return {**item, "InsecureValue": found["Value"]}


def _look(work: Work) -> Item | None:
    filters = [{"Key": "Name", "Option": "Equals", "Values": [work.id]}]
    found = work.pages("DescribeParameters", "Parameters", ParameterFilters=filters)
    return dict(found[0]) if found else None


def _put(work: Work) -> None:
    """The parameter as a whole, over what is there; a call with tags may not do so."""
    value = work.value("value")
    params = {
        "Name": work.id,
        "Type": work.value("type"),
        "Value": value if value is not None else work.value("insecureValue"),
        "Overwrite": True,
        "Description": work.value("description") or "",
        "Tier": work.value("tier"),
        "KeyId": work.value("keyId"),
        "AllowedPattern": work.value("allowedPattern"),
    }
    work.call("PutParameter", **{name: value for name, value in params.items() if value is not None})


_PARAMETER = AwsType(
    about=ResourceType(
        token=PARAMETER,
        inputs=block(
            {
                # Systems Manager user guide, "Parameter names" (November 2026).
                "name": text(rules=PARAMETER_NAME, replace=Replace.CREATE_FIRST),
                "type": text(required=True, replace=Replace.DELETE_FIRST),
                "value": text(write_only=True, witness="version"),
                "insecureValue": text(),
                "description": text(default=""),
                "tier": text(default="Standard", floating=True),  # the account has a default of its own
                "keyId": text(refers="aws:kms/key:Key"),
                "dataType": text(replace=Replace.DELETE_FIRST, default="text"),
                "allowedPattern": text(default=""),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=1011),
        volatile={"version": ()},
    ),
    service="ssm",
    id="{name}",
    create=call(
        "PutParameter",
        "name",
        "type",
        "description",
        "tier",
        "keyId",
        "dataType",
        "allowedPattern",
        Value=either("value", "insecureValue"),
    ),
    reading=Reading(
        listing=call("DescribeParameters"),
        items="Parameters",
        one=_look,
        details=_read_insecure,
        outputs={"arn": "ARN", "version": "Version"},
    ),
    tagging=Tagging(
        form="list",
        creation={"Tags": TAGS},
        add=call("AddTagsToResource", ResourceType="Parameter", ResourceId=ID, Tags=TAGS),
        remove=call("RemoveTagsFromResource", ResourceType="Parameter", ResourceId=ID, TagKeys=TAG_KEYS),
        path="",
        read=call("ListTagsForResource", ResourceType="Parameter", ResourceId=ID),
        found="TagList",
        arn="arn:{partition}:ssm:{region}:{account}:parameter/{id}",
    ),
    updates=(Update(("value", "insecureValue", "description", "tier", "keyId", "allowedPattern"), _put),),
    delete=call("DeleteParameter", "name"),
)

TYPES = (_PARAMETER,)
