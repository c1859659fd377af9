"""Log groups.

Calls and fields: CloudWatch Logs API reference, 2014-03-28. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from mlinfra.core.property import Replace, block, integer, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.template import TAG_KEYS, TAGS, call, prop
from mlinfra.providers.aws.work import Work

# "Possible values" of `retentionInDays` (API reference, PutRetentionPolicy, November 2026), which its model lacks.
_DAYS = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def _retain(work: Work) -> None:
    days = work.value("retentionInDays")
    if days:
        work.call("PutRetentionPolicy", logGroupName=work.id, retentionInDays=days)
    else:  # for ever
        work.call("DeleteRetentionPolicy", logGroupName=work.id)


def _encrypt(work: Work) -> None:
    key = work.api("kmsKeyId")
    if key:
        work.call("AssociateKmsKey", logGroupName=work.id, kmsKeyId=key)
    else:
        work.call("DisassociateKmsKey", logGroupName=work.id)


def _describe(work: Work) -> Item | None:
    """By prefix, since no call takes the name alone."""
    found = work.pages("DescribeLogGroups", "logGroups", logGroupNamePrefix=work.id)
    return next((group for group in found if group["logGroupName"] == work.id), None)


_LOG_GROUP = AwsType(
    about=ResourceType(
        token=LOG_GROUP,
        irreplaceable="the logs in it",
        inputs=block(
            {
                "name": text(replace=Replace.CREATE_FIRST),
                "retentionInDays": integer(default=0, description="0 keeps them for ever.", enum=_DAYS),
                "kmsKeyId": text(default=None, refers="aws:kms/key:Key"),
                "logGroupClass": text(replace=Replace.DELETE_FIRST, default="STANDARD"),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("name",),
        name=NameRule("name", longest=512),
    ),
    service="logs",
    upper=False,
    id="{name}",
    names={"name": "logGroupName"},
    create=call("CreateLogGroup", "name", "kmsKeyId", "logGroupClass"),
    reading=Reading(
        listing=call("DescribeLogGroups"),
        items="logGroups",
        one=_describe,
        # AWS's own field says `:*` behind it.
        outputs={"arn": "arn:{partition}:logs:{region}:{account}:log-group:{id}"},
    ),
    tagging=Tagging(
        form="map",
        creation={"tags": TAGS},
        add=call("TagResource", resourceArn=prop("arn"), tags=TAGS),
        remove=call("UntagResource", resourceArn=prop("arn"), tagKeys=TAG_KEYS),
        path="",
        read=call("ListTagsForResource", resourceArn=prop("arn")),
        found="tags",
        arn="arn:{partition}:logs:{region}:{account}:log-group:{id}",
    ),
    updates=(Update(("retentionInDays",), _retain), Update(("kmsKeyId",), _encrypt)),
    delete=call("DeleteLogGroup", "name"),
)

TYPES = (_LOG_GROUP,)
