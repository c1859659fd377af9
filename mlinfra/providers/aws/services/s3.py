"""Buckets.

What Pulumi keeps in companion types (versioning, encryption, public access, ...) is not a bucket's. Calls and fields:
S3 API reference, 2006-03-01. Names and replacement: Pulumi's AWS schema 7.51.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.errors import NotFound
from mlinfra.core.property import Replace, block, boolean, text
from mlinfra.core.resource_type import NameRule, ResourceType
from mlinfra.providers.aws.aws_type import TAGS_PROPERTY, AwsType, Holding, Item, Leaving, Reading, Tagging, Update
from mlinfra.providers.aws.reader import Reader
from mlinfra.providers.aws.tags import from_form, to_form
from mlinfra.providers.aws.template import ID, TAGS, Computed, call
from mlinfra.providers.aws.wanted import Wanted
from mlinfra.providers.aws.work import Work

BUCKET = "aws:s3/bucket:Bucket"

_AT_ONCE = 1000  # DeleteObjects takes no more


def _tags_of(work: Work) -> dict[str, str]:
    try:
        return from_form("list", work.call("GetBucketTagging", Bucket=work.id)["TagSet"])
    except NotFound:
        return {}


def _put_tags(work: Work, tags: dict[str, str]) -> None:
    work.call("PutBucketTagging", Bucket=work.id, Tagging={"TagSet": to_form("list", tags)})


def _add_tags(work: Work) -> None:
    """S3 only sets all tags of a bucket at once."""
    _put_tags(work, {**_tags_of(work), **work.tags})


def _remove_tags(work: Work) -> None:
    _put_tags(work, {key: value for key, value in _tags_of(work).items() if key not in work.tags})


def _buckets(reader: Reader, wanted: Wanted) -> list[Item]:
    """Those of our region: a bucket's name is everybody's, the bucket is in one place."""
    return reader.pages("s3", "ListBuckets", "Buckets", {"BucketRegion": reader.site.region})


def _look(work: Work) -> Item | None:
    """By listing: HeadBucket says of a refusal nothing but its status."""
    found = work.pages("ListBuckets", "Buckets", BucketRegion=work.site.region, Prefix=work.id)
    return next((bucket for bucket in found if bucket["Name"] == work.id), None)


def _place(work: Work) -> str | None:
    """us-east-1 refuses to be named."""
    return None if work.site.region == "us-east-1" else work.site.region


def _tag_if_need_be(work: Work) -> None:
    """For servers other than AWS, which may pass over the tags of a creation."""
    desired = {**work.properties.get("tags", {}), **work.target.owner.tags()}
    if not desired.items() <= _tags_of(work).items():
        _put_tags(work, desired)


def _empty(work: Work) -> None:
    """Every version of everything in it."""
    while True:
        page = work.call("ListObjectVersions", Bucket=work.id, MaxKeys=_AT_ONCE)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            return
        objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        work.pause(0.0, f"deleting {len(objects)} objects")
        work.call("DeleteObjects", Bucket=work.id, Delete={"Objects": objects, "Quiet": True})


def _holders(work: Work) -> Iterator[str]:
    """What is in it, as far as one page of the listing shows."""
    page = work.call("ListObjectVersions", Bucket=work.id, MaxKeys=_AT_ONCE)
    versions, markers = page.get("Versions", []), page.get("DeleteMarkers", [])
    latest = sum(1 for version in versions if version["IsLatest"])
    least = "at least " if page.get("IsTruncated") else ""
    counts = ((latest, "object"), (len(versions) - latest, "older version"), (len(markers), "delete marker"))
    for count, what in counts:
        if count:
            yield f"{least}{count} {what}{'s' if count > 1 else ''}"


def _delete(work: Work) -> None:
    if work.value("forceDestroy"):
        _empty(work)
    work.call("DeleteBucket", Bucket=work.id)


_BUCKET = AwsType(
    about=ResourceType(
        token=BUCKET,
        irreplaceable="the objects in it",
        inputs=block(
            {
                # Amazon S3 user guide, "General purpose bucket naming rules" (November 2026).
                "bucket": text(
                    replace=Replace.CREATE_FIRST,
                    pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                    examples=["acme-recsys-scratch"],
                ),
                "objectLockEnabled": boolean(replace=Replace.CREATE_FIRST, write_only=True, default=False),
                "forceDestroy": boolean(write_only=True, default=False, description="Delete it with its objects."),
                "tags": TAGS_PROPERTY,
            }
        ),
        key=("bucket",),
        name=NameRule("bucket", longest=63, regional=False, lower=True),
    ),
    service="s3",
    id="{bucket}",
    names={"objectLockEnabled": "ObjectLockEnabledForBucket"},
    create=call("CreateBucket", "bucket", "objectLockEnabled"),
    reading=Reading(
        source=_buckets,
        one=_look,
        outputs={
            "bucket": "Name",
            "arn": "arn:{partition}:s3:::{id}",
            "region": "{region}",
            "bucketDomainName": "{id}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{id}.s3.{region}.amazonaws.com",
        },
    ),
    tagging=Tagging(
        form="list",
        creation={"CreateBucketConfiguration": {"Tags": TAGS, "LocationConstraint": Computed(_place)}},
        add=_add_tags,
        remove=_remove_tags,
        path="",
        read=call("GetBucketTagging", Bucket=ID),
        found="TagSet",
        arn="arn:{partition}:s3:::{id}",
    ),
    # Ours alone: it matters when the bucket is deleted.
    updates=(Update(("forceDestroy",), ()),),
    after=(_tag_if_need_be,),
    leaving=Leaving.SOON,
    delete=_delete,
    # A bucket with objects is not about to become empty.
    conflicts=r"OperationAborted",
    held=Holding(
        by=_holders,
        hint="save what is needed, empty it, all versions included, and run the same command again; or say "
        "forceDestroy: true of it (a section's goes with its objects where lifecycle.environment is ephemeral), "
        "`mlinfra apply STACK --target {address}`, and they go with it",
    ),
)

TYPES = (_BUCKET,)
