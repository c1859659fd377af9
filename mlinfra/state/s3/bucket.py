"""Making the bucket that states are kept in: versioned, encrypted, private, and reached by TLS only.

`mlinfra init` calls it on request. It may be run again after a failure; it never changes a bucket of someone else's.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from mlinfra.core.clock import Clock
from mlinfra.core.errors import StateError
from mlinfra.state.codes import Code
from mlinfra.state.s3.calls import Calls, Refused

_DAYS = 90  # how long replaced and removed versions can still be had


class BucketClient(Protocol):
    """What is used of boto3's S3 client to make a bucket."""

    def create_bucket(self, **parameters: Any) -> Any:
        """CreateBucket."""
        ...

    def head_bucket(self, **parameters: Any) -> Any:
        """HeadBucket."""
        ...

    def get_bucket_policy(self, **parameters: Any) -> Any:
        """GetBucketPolicy."""
        ...

    def list_objects_v2(self, **parameters: Any) -> Any:
        """ListObjectsV2."""
        ...

    def put_public_access_block(self, **parameters: Any) -> Any:
        """PutPublicAccessBlock."""
        ...

    def put_bucket_versioning(self, **parameters: Any) -> Any:
        """PutBucketVersioning."""
        ...

    def put_bucket_encryption(self, **parameters: Any) -> Any:
        """PutBucketEncryption."""
        ...

    def put_bucket_policy(self, **parameters: Any) -> Any:
        """PutBucketPolicy."""
        ...

    def put_bucket_lifecycle_configuration(self, **parameters: Any) -> Any:
        """PutBucketLifecycleConfiguration."""
        ...


def make_bucket(client: BucketClient, bucket: str, region: str, clock: Clock, partition: str = "aws") -> None:
    """Make `bucket` in `region` and harden it. Raises `StateError`.

    A bucket that is there already is finished if an earlier call made it, and otherwise refused as it is: its
    settings are somebody's.
    """
    calls = Calls(f"s3://{bucket}", clock)
    call = calls.call
    policy = _tls_only(bucket, partition)
    made = not _exists(calls, client, bucket) and _made(calls, client, bucket, region)
    if not made and not _was_begun(calls, client, bucket, policy):
        raise StateError(
            f"the bucket {bucket} exists already, and was not made for states",
            code=Code.BUCKET_TAKEN,
            hint="name another one; or use this one as it is, versioned and encrypted, by writing it into `state`",
        )
    call("protect", "", client.put_bucket_policy, Bucket=bucket, Policy=policy)
    call("close", "", client.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration=_CLOSED)
    call("version", "", client.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    call("encrypt", "", client.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=_ENCRYPTED)
    call("tidy", "", client.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=_TIDY)


def _place(region: str) -> dict[str, Any]:
    # us-east-1 is what CreateBucket means without a constraint, and cannot be named (S3 API reference, CreateBucket).
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def _exists(calls: Calls, client: BucketClient, bucket: str) -> bool:
    try:
        calls.call("look at", "", client.head_bucket, Bucket=bucket)
    except Refused:
        return False
    return True


def _made(calls: Calls, client: BucketClient, bucket: str, region: str) -> bool:
    """Make the bucket. Not where it turns out to be ours: when an answer was lost, it was made by the first attempt."""
    place = _place(region)
    try:
        calls.call("make", "", client.create_bucket, Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **place)
    except Refused:
        return False
    return True


def _was_begun(calls: Calls, client: BucketClient, bucket: str, policy: str) -> bool:
    """Whether the bucket has our policy, or none yet and nothing in it: we ended before setting one."""
    try:
        answer = calls.call("read the policy of", "", client.get_bucket_policy, Bucket=bucket)
    except Refused:
        return not calls.call("list", "", client.list_objects_v2, Bucket=bucket, MaxKeys=1).get("Contents")
    return bool(json.loads(answer["Policy"]) == json.loads(policy))


_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}
_TIDY = {
    "Rules": [
        {
            "ID": "replaced-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": _DAYS},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        }
    ]
}


def _tls_only(bucket: str, partition: str) -> str:
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
