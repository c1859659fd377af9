"""Parameters of Systems Manager.

`value` is read back of what is not encrypted, and never of a SecureString; `insecureValue` is no secret. Calls and
fields: SSM API reference, 2014-11-06. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mlinfra.core.property import Property, Replace, block, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.core.value import Path, Properties, is_secret
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.forms import PARAMETER_NAME
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, call, either
from mlinfra.providers.aws.work import Work

PARAMETER = "aws:ssm/parameter:Parameter"

_ENCRYPTED = "SecureString"


def _read_insecure(reader: Reader, item: Item) -> Item:
    """The value of what is not secret: GetParameter alone shows it."""
    if item["Type"] == _ENCRYPTED:
        return item
    found = reader.one("ssm", "GetParameter", {"Name": item["Name"]}, item["Name"])["Parameter"]
    return {**item, "InsecureValue": found["Value"]}


def _of(observed: Properties) -> Property:
    """The inputs of one parameter: what anybody may read is compared with what is there, like all else."""
    return _INPUTS if observed.get("type") == _ENCRYPTED else _OPEN_INPUTS


def _against(properties: Properties) -> Iterator[tuple[Path, str]]:
    """Terraform's AWS provider refuses the second likewise (its `insecure_value`, November 2026)."""
    kind = properties.get("type")
    if isinstance(kind, str) and kind != _ENCRYPTED and is_secret(properties.get("value")):
        yield ("type",), f"is {kind}, which anybody may read: a secret is kept in a {_ENCRYPTED}"
    if kind == _ENCRYPTED and properties.get("insecureValue") is not None:
        yield ("insecureValue",), f"is no value of a {_ENCRYPTED}: say value, which is not shown"


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


_INPUTS = block(
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
)
_OPEN_INPUTS = msgspec.structs.replace(_INPUTS, fields={**_INPUTS.fields, "value": text()})

_PARAMETER = AwsType(
    about=ResourceType(
        token=PARAMETER,
        inputs=_INPUTS,
        variant=_of,
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
        derived={"value": lambda item: item.get("InsecureValue")},
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
    against=_against,
)

TYPES = (_PARAMETER,)
