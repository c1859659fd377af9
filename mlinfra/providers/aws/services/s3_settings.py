"""What a bucket is set to: versioning, encryption, public access, ownership, policy, lifecycle of its objects.

Each is an object of its own below its bucket, read and put as a whole by a call of its own. Versioning and encryption
every bucket has by itself: in that state they are nobody's object, unless the stack asks for just that. Calls and
fields: S3 API reference, 2006-03-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mlinfra.core.property import Property, Replace, block, boolean, document, integer, list_of, map_of, text
from mlinfra.core.resource_type import Exclusive, OwnedBy, ResourceType
from mlinfra.core.value import Properties
from mlinfra.providers.aws.aws_type import AwsType, Item, Reading, Shape, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.services.canonical import moment, ordered_by
from mlinfra.providers.aws.services.iam_roles import same_policy
from mlinfra.providers.aws.services.s3 import BUCKET
from mlinfra.providers.aws.tags import from_form, to_form
from mlinfra.providers.aws.template import ID, Call, Template, call, prop
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

BUCKET_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_OWNERSHIP_CONTROLS = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

# S3 takes one change of a bucket at a time, and does not know a new principal at once.
_LAG = r"OperationAborted|MalformedPolicy.*[Ii]nvalid principal"


def _as_it_is(answer: Item) -> Item:
    return answer


def _setting(
    token: str,
    fields: Mapping[str, Property],
    get: str,
    put: str,
    params: Mapping[str, Template],
    delete: Call,
    *,
    shown: Callable[[Item], Item] = _as_it_is,
    plain: Callable[[Item], bool] | None = None,
    names: Mapping[str, str] | None = None,
    shapes: Mapping[str, Shape] | None = None,
    said: str = "",
    welcome: Callable[[Properties], bool] | None = None,
) -> AwsType:
    """One of them.

    get, put, params, delete: the calls. shown: where the properties stand in the answer. plain: whether it is what
    every bucket has by itself. said: what a bucket has by it, where nobody but its own stack is to give it that;
    welcome: unless it is such a one.
    """

    def below(bucket: str, wanted: Wanted) -> Item:
        return {"Bucket": bucket, "Asked": wanted.named(bucket)}

    def details(reader: Reader, item: Item) -> Item | None:
        if "Asked" not in item:
            return item
        answer = shown(reader.one("s3", get, {"Bucket": item["Bucket"]}, item["Bucket"]))
        if plain is not None and plain(answer) and not item["Asked"]:
            return None
        return {**answer, "Bucket": item["Bucket"]}

    def one(work: Work) -> Item | None:
        answer = shown(work.call(get, Bucket=work.id))
        if plain is not None and plain(answer) and not (work.properties and plain(_desired(work))):
            return None
        return {**answer, "Bucket": work.id}

    def _desired(work: Work) -> Item:
        return {name[0].upper() + name[1:]: work.api(name) for name in fields}

    writing = call(put, Bucket=prop("bucket"), lag=_LAG, **params)
    return AwsType(
        about=ResourceType(
            token=token,
            inputs=block({"bucket": text(required=True, replace=Replace.CREATE_FIRST, refers=BUCKET), **fields}),
            key=("bucket",),
            owned_by=OwnedBy.PARENT,
            parent="bucket",
            exclusive=Exclusive(of=BUCKET, by="{bucket}", said=lambda setting: said, welcome=welcome) if said else None,
        ),
        service="s3",
        id="{bucket}",
        names=names or {},
        shapes=shapes or {},
        create=writing,
        reading=Reading(below=below, details=details, one=one),
        updates=(Update(tuple(fields), (writing,)),),
        delete=delete,
    )


_VERSIONING = _setting(
    BUCKET_VERSIONING,
    {
        "versioningConfiguration": block({"status": text(required=True, enum=["Enabled", "Suspended"])}, required=True),
    },
    "GetBucketVersioning",
    "PutBucketVersioning",
    {"VersioningConfiguration": prop("versioningConfiguration")},
    # There is no way back to a bucket that never had versions.
    call("PutBucketVersioning", Bucket=ID, VersioningConfiguration={"Status": "Suspended"}, lag=_LAG),
    shown=lambda answer: {"VersioningConfiguration": {"Status": answer.get("Status")}},
    plain=lambda item: item["VersioningConfiguration"].get("Status") != "Enabled",
)


def _is_plainly_encrypted(item: Item) -> bool:
    """With S3's own keys, as all buckets are (Amazon S3 user guide, "Default encryption", November 2026)."""
    rules = item.get("Rules") or [{}]
    standard = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    return standard.get("SSEAlgorithm", "AES256") == "AES256" and not rules[0].get("BucketKeyEnabled")


_ENCRYPTION = _setting(
    BUCKET_ENCRYPTION,
    {
        "rules": list_of(
            block(
                {
                    "applyServerSideEncryptionByDefault": block(
                        {
                            "sseAlgorithm": text(required=True, enum=["AES256", "aws:kms", "aws:kms:dsse"]),
                            "kmsMasterKeyId": text(default=None, refers="aws:kms/key:Key"),
                        }
                    ),
                    "bucketKeyEnabled": boolean(default=False),
                }
            ),
            required=True,
            minItems=1,
        )
    },
    "GetBucketEncryption",
    "PutBucketEncryption",
    {"ServerSideEncryptionConfiguration": {"Rules": prop("rules")}},
    call("DeleteBucketEncryption", Bucket=ID, lag=_LAG),
    shown=lambda answer: dict(answer["ServerSideEncryptionConfiguration"]),
    plain=_is_plainly_encrypted,
    names={
        "rules[].applyServerSideEncryptionByDefault.sseAlgorithm": "SSEAlgorithm",
        "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId": "KMSMasterKeyID",
    },
)

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_PUBLIC_ACCESS_BLOCK = _setting(
    BUCKET_PUBLIC_ACCESS_BLOCK,
    {name: boolean(default=False) for name in _BLOCKS},
    "GetPublicAccessBlock",
    "PutPublicAccessBlock",
    {"PublicAccessBlockConfiguration": {name[0].upper() + name[1:]: prop(name) for name in _BLOCKS}},
    call("DeletePublicAccessBlock", Bucket=ID, lag=_LAG),
    shown=lambda answer: dict(answer["PublicAccessBlockConfiguration"]),
)

_OWNERSHIP_CONTROLS = _setting(
    BUCKET_OWNERSHIP_CONTROLS,
    {"rule": block({"objectOwnership": text(required=True)}, required=True)},
    "GetBucketOwnershipControls",
    "PutBucketOwnershipControls",
    {"OwnershipControls": {"Rules": [prop("rule")]}},
    call("DeleteBucketOwnershipControls", Bucket=ID, lag=_LAG),
    shown=lambda answer: {"Rule": answer["OwnershipControls"]["Rules"][0]},
)


def _of_log_delivery(setting: Properties) -> bool:
    """Whether AWS wrote it, for flow logs (VPC user guide, "Publish flow logs to Amazon S3", November 2026)."""
    said = json.loads(setting["policy"]).get("Statement", [])
    statements = said if isinstance(said, list) else [said]
    return all(one.get("Principal") == {"Service": "delivery.logs.amazonaws.com"} for one in statements)


_POLICY = _setting(
    BUCKET_POLICY,
    {"policy": document(required=True, canonical=same_policy)},
    "GetBucketPolicy",
    "PutBucketPolicy",
    {"Policy": prop("policy")},
    call("DeleteBucketPolicy", Bucket=ID, lag=_LAG),
    said="has a bucket policy",
    welcome=_of_log_delivery,
)

_SIZES = {
    "objectSizeGreaterThan": integer(default=None),
    "objectSizeLessThan": integer(default=None),
    "prefix": text(default=""),
}
_RULE = block(
    {
        "id": text(maxLength=255, required=True),
        "status": text(required=True, enum=["Enabled", "Disabled"]),
        "filter": block(
            {
                **_SIZES,
                "tag": block({"key": text(required=True, default=None), "value": text(required=True, default=None)}),
                "and": block({**_SIZES, "tags": map_of(text(), default={})}),
            }
        ),
        "prefix": text(default=None),
        "expiration": block(
            {
                "date": text(default=None, canonical=moment, format="date-time"),
                "days": integer(minimum=1, default=None),
                "expiredObjectDeleteMarker": boolean(default=False),
            }
        ),
        "noncurrentVersionExpiration": block(
            {"noncurrentDays": integer(required=True, default=None), "newerNoncurrentVersions": integer(default=None)}
        ),
        "abortIncompleteMultipartUpload": block({"daysAfterInitiation": integer(default=None)}),
        "transitions": list_of(
            block(
                {
                    "storageClass": text(required=True),
                    "date": text(default=None, canonical=moment, format="date-time"),
                    "days": integer(minimum=1, default=None),
                }
            ),
            default=[],
            canonical=ordered_by("storageClass"),
        ),
        "noncurrentVersionTransitions": list_of(
            block(
                {
                    "storageClass": text(required=True),
                    "noncurrentDays": integer(required=True),
                    "newerNoncurrentVersions": integer(default=None),
                }
            ),
            default=[],
            canonical=ordered_by("storageClass"),
        ),
    }
)


def _with_filter(rule: Any) -> Any:
    """A rule must say for which objects it is; an empty filter is for all."""
    return rule if "Filter" in rule or "Prefix" in rule else {**rule, "Filter": {}}


_MOMENT = Shape(outward=moment, inward=moment)
_LIFECYCLE = _setting(
    BUCKET_LIFECYCLE,
    {
        "rules": list_of(_RULE, required=True, canonical=ordered_by("id")),
        "transitionDefaultMinimumObjectSize": text(default="all_storage_classes_128K"),
    },
    "GetBucketLifecycleConfiguration",
    "PutBucketLifecycleConfiguration",
    {
        "LifecycleConfiguration": {"Rules": prop("rules")},
        "TransitionDefaultMinimumObjectSize": prop("transitionDefaultMinimumObjectSize"),
    },
    call("DeleteBucketLifecycle", Bucket=ID, lag=_LAG),
    said="has a lifecycle configuration, by which objects may expire",
    names={"rules[].id": "ID"},
    shapes={
        "rules[]": Shape(outward=_with_filter, inward=lambda rule: rule),
        "rules[].filter.and.tags": Shape(
            outward=lambda tags: to_form("list", tags), inward=lambda shown: from_form("list", shown)
        ),
        "rules[].expiration.date": _MOMENT,
        "rules[].transitions[].date": _MOMENT,
    },
)

TYPES = (_VERSIONING, _ENCRYPTION, _PUBLIC_ACCESS_BLOCK, _OWNERSHIP_CONTROLS, _POLICY, _LIFECYCLE)
