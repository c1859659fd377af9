"""Keys and their aliases.

A key is never deleted at once: one that awaits its deletion counts as gone. Calls and fields: KMS API reference,
2014-11-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from typing import Any

from mlinfra.aws.errors import Failure
from mlinfra.core.errors import Conflict
from mlinfra.core.property import Replace, block, boolean, document, integer, text
from mlinfra.core.resource_type import OwnedBy, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Item, Reading, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.template import ID, TAG_KEYS, TAGS, Call, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"

_GOING = ("PendingDeletion", "PendingReplicaDeletion")


def _read_key(reader: Reader, item: Item) -> Item:
    """ListKeys says nothing but the id; rotation and policy are calls of their own."""
    about = {"KeyId": item["KeyId"]}
    found = item if "KeyState" in item else reader.one("kms", "DescribeKey", about, item["KeyId"])["KeyMetadata"]
    if found["KeyState"] in _GOING:
        return dict(found)
    policy = reader.one("kms", "GetKeyPolicy", {**about, "PolicyName": "default"}, item["KeyId"])
    rotation: dict[str, Any] = {}
    if found.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT" and found.get("Origin") == "AWS_KMS":
        rotation = reader.one("kms", "GetKeyRotationStatus", about, item["KeyId"])
    return {**found, **{name: rotation.get(name) for name in ("KeyRotationEnabled", "RotationPeriodInDays")}, **policy}


def _rotate(work: Work) -> None:
    if work.value("enableKeyRotation"):
        rotate = Call(
            operation="EnableKeyRotation",
            params={"KeyId": ID, "RotationPeriodInDays": prop("rotationPeriodInDays")},
        )
        work.perform(rotate)
    else:
        work.call("DisableKeyRotation", KeyId=work.id)


def _enable(work: Work) -> None:
    work.call("DisableKey" if work.value("isEnabled") is False else "EnableKey", KeyId=work.id)


_SCHEDULE = call("ScheduleKeyDeletion", KeyId=ID, PendingWindowInDays=prop("deletionWindowInDays"))


def _schedule_deletion(work: Work) -> None:
    try:
        work.perform(_SCHEDULE)
    except Conflict as error:
        if not Failure(error).matches("pending deletion"):
            raise


_KEY = AwsType(
    about=ResourceType(
        token=KEY,
        irreplaceable="all that is encrypted with it",
        inputs=block(
            {
                "description": text(maxLength=8192, default=""),
                "keyUsage": text(replace=Replace.CREATE_FIRST, default="ENCRYPT_DECRYPT"),
                "customerMasterKeySpec": text(replace=Replace.CREATE_FIRST, default="SYMMETRIC_DEFAULT"),
                "multiRegion": boolean(replace=Replace.CREATE_FIRST, default=False),
                "policy": document(canonical=same_policy),
                "enableKeyRotation": boolean(default=False),
                "rotationPeriodInDays": integer(minimum=90, maximum=2560),
                "isEnabled": boolean(default=True),
                "deletionWindowInDays": integer(write_only=True, default=30, minimum=7, maximum=30),
                "tags": TAGS_PROPERTY,
            }
        ),
    ),
    service="kms",
    id="KeyId",
    made="KeyMetadata.KeyId",
    names={"customerMasterKeySpec": "KeySpec", "enableKeyRotation": "KeyRotationEnabled", "isEnabled": "Enabled"},
    create=call(
        "CreateKey",
        "description",
        "keyUsage",
        "customerMasterKeySpec",
        "multiRegion",
        "policy",
        lag=r"MalformedPolicyDocument.*invalid principals",
    ),
    reading=Reading(
        listing=call("ListKeys"),
        items="Keys",
        one=call("DescribeKey", KeyId=ID),
        item="KeyMetadata",
        details=_read_key,
        outputs={"arn": "Arn", "keyId": "KeyId"},
        absent={"KeyState": _GOING},
    ),
    tagging=Tagging(
        form="kms",
        creation={"Tags": TAGS},
        add=call("TagResource", KeyId=ID, Tags=TAGS),
        remove=call("UntagResource", KeyId=ID, TagKeys=TAG_KEYS),
        path="",
        read=call("ListResourceTags", KeyId=ID),
        found="Tags",
        arn="arn:{partition}:kms:{region}:{account}:key/{id}",
    ),
    updates=(
        Update(("description",), (call("UpdateKeyDescription", "description", KeyId=ID),)),
        Update(("policy",), (call("PutKeyPolicy", "policy", KeyId=ID, PolicyName="default"),)),
        Update(("enableKeyRotation", "rotationPeriodInDays"), _rotate),
        Update(("isEnabled",), _enable),
        # Ours alone: it matters when the key is deleted.
        Update(("deletionWindowInDays",), ()),
    ),
    delete=_schedule_deletion,
)


def _key_id(value: Any) -> Any:
    """Aliases may be given a key's ARN, and show its id."""
    return str(value).rpartition("key/")[2] if value else value


def _aliases(reader: Reader, wanted: Wanted) -> list[Item]:
    listed = reader.pages("kms", "ListAliases", "Aliases")
    return [alias for alias in listed if alias.get("TargetKeyId") and not alias["AliasName"].startswith("alias/aws/")]


def _alias(work: Work) -> Item | None:
    return next((alias for alias in work.pages("ListAliases", "Aliases") if alias["AliasName"] == work.id), None)


_ALIAS = AwsType(
    about=ResourceType(
        token=ALIAS,
        inputs=block(
            {
                "name": text(replace=Replace.DELETE_FIRST, pattern="^alias/"),
                "targetKeyId": text(required=True, refers=KEY, canonical=_key_id),
            }
        ),
        key=("name",),
        owned_by=OwnedBy.PARENT,
        parent="targetKeyId",
        volatile={"targetKeyArn": ()},
    ),
    service="kms",
    id="{name}",
    names={"name": "AliasName"},
    create=call("CreateAlias", "name", "targetKeyId"),
    reading=Reading(
        source=_aliases,
        one=_alias,
        outputs={"arn": "AliasArn", "targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{targetKeyId}"},
    ),
    updates=(Update(("targetKeyId",), (call("UpdateAlias", "name", "targetKeyId"),)),),
    delete=call("DeleteAlias", "name"),
)

TYPES = (_KEY, _ALIAS)
